"""The tables of the ledger: the editions, their deliveries, and what became of these.

One row of `deliveries` for each message ever sent: a long text in it is paid for by the million.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    ColumnElement,
    ForeignKeyConstraint,
    Index,
    Text,
    UniqueConstraint,
    literal_column,
    text,
)
from sqlmodel import Field

from newsletter.adapters.store.tables.base import BIG, NEVER_AGAIN, Instant, Row


class EditionRow(Row, table=True):
    """One day's run. `kind` is `digest`, or that of the single mails of the day (confirm, …).

    state: open → closed, or held and cancelled by hand. expires_at: nothing is sent after it.
    """

    __tablename__ = "editions"
    __table_args__ = (UniqueConstraint("kind", "edition_on"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BIG)
    kind: str = Field(max_length=16)
    edition_on: date = Field(index=True)
    state: str = Field(default="open", max_length=16)
    held_because: str = Field(default="", sa_type=Text)
    created_at: datetime = Field(sa_type=Instant)
    expires_at: datetime = Field(sa_type=Instant)


# Written out and not bound: only so can either database tell that a partial index holds these rows.
PENDING: ColumnElement[str] = literal_column("'pending'")
SENDING: ColumnElement[str] = literal_column("'sending'")
UNSENT = "state IN ('failed', 'skipped', 'expired', 'review')"


class DeliveryRow(Row, table=True):
    """The ledger: sending one message to one subscriber.

    digest: what the message holds ({"sections": [[topic, [[paper id, [words]], …]], …],
    "left_out": […]}), {} for other kinds. epoch: how often it was claimed. lease_until: claimed
    until then. recovered: leases that ran out. uncertain: replies lost after the final dot.
    because: an admin's reason for a resend.

    Its edition and its reader are there for as long as the row is. PostgreSQL looks each of them up
    by a statement of its own, which would be a third of what a plan costs it: there a trigger takes
    the rows away with them, and who adds one holds its reader, see `store.deliveries`.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        ForeignKeyConstraint(["edition_id"], ["editions.id"], ondelete="CASCADE").ddl_if("sqlite"),
        ForeignKeyConstraint(["subscriber_id"], ["subscribers.id"], ondelete="CASCADE").ddl_if(
            "sqlite"
        ),
        UniqueConstraint("edition_id", "subscriber_id", "resend_no"),
        # Beside the order of their turn it holds what counting those that wait asks for.
        Index("ix_deliveries_waiting", "edition_id", "next_at", "subscriber_id",
              sqlite_where=text("state = 'pending'"), postgresql_where=text("state = 'pending'")),
        Index("ix_deliveries_leased", "lease_until", sqlite_where=text("state = 'sending'"),
              postgresql_where=text("state = 'sending'")),
        # What went wrong is found at once; what goes well, nearly all, never enters it.
        Index("ix_deliveries_unsent", "state", "edition_id", "subscriber_id",
              sqlite_where=text(UNSENT), postgresql_where=text(UNSENT)),
        NEVER_AGAIN,
    )  # fmt: skip

    id: int | None = Field(default=None, primary_key=True, sa_type=BIG)
    edition_id: int = Field(sa_type=BIG)
    subscriber_id: int = Field(sa_type=BIG, index=True)
    resend_no: int = 0
    message_id: str = Field(max_length=300)
    state: str = Field(default="pending", max_length=16)
    epoch: int = 0
    lease_until: datetime | None = Field(default=None, sa_type=Instant)
    attempts: int = 0
    recovered: int = 0
    uncertain: int = 0
    next_at: datetime = Field(sa_type=Instant)
    last_code: int = 0
    last_status: str = Field(default="", max_length=16)
    last_text: str = Field(default="", sa_type=Text)
    planned_at: datetime = Field(sa_type=Instant)
    sent_at: datetime | None = Field(default=None, sa_type=Instant)
    digest: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    because: str = Field(default="", sa_type=Text)


class RecipientRow(Row, table=True):
    """Where a message went, or goes, that is not the address of its subscriber's row today.

    That is the new address of one who wants to move, until they confirm it; and the old one of who
    moved, for the messages that had gone there: a report on them is not about the new one. Kept
    for some weeks, see `store.recipients`.
    """

    __tablename__ = "recipients"

    delivery_id: int = Field(
        primary_key=True,
        sa_type=BIG,
        foreign_key="deliveries.id",
        ondelete="CASCADE",
        sa_column_kwargs={"autoincrement": False},
    )
    address: str = Field(sa_type=Text)
    address_key: str = Field(sa_type=Text)
    address_hash: str = Field(max_length=64, index=True)
    added_at: datetime = Field(sa_type=Instant, index=True)


class AttemptRow(Row, table=True):
    """One try of a delivery that did not end in `sent`, or that was set right by hand.

    What is sent at the first go leaves no row: its delivery says it all. state: where the delivery
    went. code, status, text: the relay's reply, or what happened.
    """

    __tablename__ = "attempts"

    id: int | None = Field(default=None, primary_key=True, sa_type=BIG)
    delivery_id: int = Field(
        sa_type=BIG, foreign_key="deliveries.id", ondelete="CASCADE", index=True
    )
    at: datetime = Field(sa_type=Instant)
    epoch: int
    state: str = Field(max_length=16)
    code: int = 0
    status: str = Field(default="", max_length=16)
    text: str = Field(default="", sa_type=Text)
