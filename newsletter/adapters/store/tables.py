"""The tables. Rows stay below the services; values of `core` go up.

Instants are aware UTC on both databases (`Instant`). Long texts live with papers only; the ledger's
rows are small, since there is one for each message ever sent.
"""

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    DateTime,
    Index,
    LargeBinary,
    MetaData,
    Text,
    UniqueConstraint,
    literal_column,
    text,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, Integer, SQLModel

# SQLite counts up by itself only in a column declared INTEGER, which holds 64 bits there.
BIG = BigInteger().with_variant(Integer(), "sqlite")


# The id of a removed row is never given to another: it stands in signed links and return paths.
NEVER_AGAIN = {"sqlite_autoincrement": True}


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant. SQLite would give naive ones back; a naive one is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone: instants are aware UTC")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Row(SQLModel):
    """The base of every table, with names for keys that migrations can rely on."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


def _domain_of(context: Any) -> str:
    """The part of the address that says whose server takes the mail, for whoever inserts a row."""
    given = context.get_current_parameters(isolate_multiinsert_groups=True)
    return str(given["address_key"]).rpartition("@")[2]


class SubscriberRow(Row, table=True):
    """A person's address with their wishes.

    address_key: the normalised address, one row each. address_hash: its keyed hash, as in
    suppressions. domain: of the address, lower-case and in ASCII; it stands here and not in each
    delivery, since those are inserted by the million. status: pending → active → ended.
    next_due_at: when the next digest is planned; None while pending or ended. cap: most papers in
    one digest. paused_at: when the pause began that no digest has followed yet. language: in which
    dates are written.
    """

    __tablename__ = "subscribers"
    __table_args__ = (
        Index("ix_subscribers_domain", "domain", "id"),
        Index("ix_subscribers_due", "next_due_at", sqlite_where=text("status = 'active'"),
              postgresql_where=text("status = 'active'")),
        NEVER_AGAIN,
    )  # fmt: skip

    id: int | None = Field(default=None, primary_key=True, sa_type=BIG)
    address: str = Field(sa_type=Text)
    address_key: str = Field(sa_type=Text, unique=True)
    address_hash: str = Field(sa_type=Text, index=True)
    domain: str | None = Field(
        default=None,
        sa_type=Text,
        nullable=False,
        sa_column_kwargs={"default": _domain_of, "server_default": ""},
    )
    status: str = Field(default="pending", max_length=16)
    time_zone: str = Field(default="UTC", max_length=64)
    cadence: str = Field(default="weekdays", max_length=16)
    weekday: int = Field(default=0)
    hour: int = Field(default=7)
    cap: int = Field(default=10)
    thumbnails: bool = Field(default=False)
    language: str = Field(
        default="en", max_length=16, nullable=False, sa_column_kwargs={"server_default": "en"}
    )
    paused_until: datetime | None = Field(default=None, sa_type=Instant)
    paused_at: datetime | None = Field(default=None, sa_type=Instant)
    next_due_at: datetime | None = Field(default=None, sa_type=Instant)
    created_at: datetime = Field(sa_type=Instant)
    confirmed_at: datetime | None = Field(default=None, sa_type=Instant)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
    ended_because: str = Field(default="", max_length=200)


class TopicRow(Row, table=True):
    """A subscriber's named filter, in their order; `filter` is the canonical text."""

    __tablename__ = "topics"
    __table_args__ = (UniqueConstraint("subscriber_id", "position"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BIG)
    subscriber_id: int = Field(sa_type=BIG, foreign_key="subscribers.id", ondelete="CASCADE")
    position: int
    name: str = Field(max_length=100)
    filter: str = Field(sa_type=Text)
    cap: int | None = None
    is_on: bool = True


class MuteRow(Row, table=True):
    """A reader's filter that keeps papers out, whatever else matched."""

    __tablename__ = "mutes"

    id: int | None = Field(default=None, primary_key=True, sa_type=BIG)
    subscriber_id: int = Field(
        sa_type=BIG, foreign_key="subscribers.id", ondelete="CASCADE", index=True
    )
    filter: str = Field(sa_type=Text)


class PaperRow(Row, table=True):
    """One work; `record` holds the whole Paper, so that a new field needs no migration.

    featured_on: the last day it was announced, within 30 days of the first (the dedup cache
    remembers for longer than any window can then reach). changed_at: last change of the record.
    """

    __tablename__ = "papers"

    id: str = Field(primary_key=True, max_length=200)
    title: str = Field(sa_type=Text)
    featured_on: date = Field(index=True)
    first_featured_on: date
    record: dict[str, Any] = Field(sa_type=JSON)
    added_at: datetime = Field(sa_type=Instant)
    changed_at: datetime = Field(sa_type=Instant)


class PullRow(Row, table=True):
    """The last look at one source for one day, and what a conditional request wants to know.

    next_at: do not ask again before (the source's own Retry-After, or our interval).
    """

    __tablename__ = "pulls"
    __table_args__ = (UniqueConstraint("source", "day"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BIG)
    source: str = Field(max_length=200)
    day: date
    tried_at: datetime = Field(sa_type=Instant)
    succeeded_at: datetime | None = Field(default=None, sa_type=Instant)
    next_at: datetime | None = Field(default=None, sa_type=Instant)
    papers: int = 0
    added: int = 0
    skipped: int = 0
    problem: str = Field(default="", sa_type=Text)
    validators: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)


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
    """

    __tablename__ = "deliveries"
    __table_args__ = (
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
    edition_id: int = Field(sa_type=BIG, foreign_key="editions.id", ondelete="CASCADE")
    subscriber_id: int = Field(
        sa_type=BIG, foreign_key="subscribers.id", ondelete="CASCADE", index=True
    )
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


class RangeRow(Row, table=True):
    """A range of subscribers: its row is the lock for planning them.

    version: counts the changes of who has seen what; the dedup cache is told again when it holds
    another one.
    """

    __tablename__ = "ranges"

    range_no: int = Field(primary_key=True, sa_type=BIG, sa_column_kwargs={"autoincrement": False})
    version: int = 0


class SuppressionRow(Row, table=True):
    """An address we must not mail, as a keyed hash: it outlives the subscriber's row."""

    __tablename__ = "suppressions"

    address_hash: str = Field(primary_key=True, max_length=64)
    reason: str = Field(max_length=200)
    since_at: datetime = Field(sa_type=Instant)


class ReportRow(Row, table=True):
    """A report that came in, or a provider's event: what it says of one delivery.

    key: says whether it was seen before. fate: see `core.feedback.arriving`. delivery_id: whom a
    signed path of ours names; None also after the reader was forgotten. address_hash: of that
    reader, as in suppressions: their history outlives their row. sent_at: when the message it
    speaks of was sent.
    kind, status, cause, code, reply: of the record that decided. raw: kept only of what acted on
    nobody, for a person; the oldest are let go.
    """

    __tablename__ = "reports"
    __table_args__ = (
        Index("ix_reports_kept", "id", sqlite_where=text("raw IS NOT NULL"),
              postgresql_where=text("raw IS NOT NULL")),
    )  # fmt: skip

    id: int | None = Field(default=None, primary_key=True, sa_type=BIG)
    key: str = Field(max_length=100, unique=True)
    came_by: str = Field(max_length=16)
    arrived_at: datetime = Field(sa_type=Instant, index=True)
    nature: str = Field(max_length=16)
    fate: str = Field(max_length=16)
    delivery_id: int | None = Field(
        default=None, sa_type=BIG, foreign_key="deliveries.id", ondelete="SET NULL", index=True
    )
    address_hash: str = Field(default="", max_length=64, index=True)
    sent_at: datetime | None = Field(default=None, sa_type=Instant)
    kind: str = Field(default="", max_length=16)
    status: str = Field(default="", max_length=16)
    cause: str = Field(default="", max_length=100)
    code: int = 0
    reply: str = Field(default="", sa_type=Text)
    is_delay: bool = False
    raw: bytes | None = Field(default=None, sa_type=LargeBinary)


class MailboxRow(Row, table=True):
    """A mailbox that reports come to; its row is the lock for emptying it.

    name: its address without a login. lease_until: somebody empties it until then. taken: all that
    ever came out of it. problem: why the last look failed, "" when it went well.
    """

    __tablename__ = "mailboxes"

    name: str = Field(primary_key=True, max_length=300)
    lease_until: datetime | None = Field(default=None, sa_type=Instant)
    looked_at: datetime | None = Field(default=None, sa_type=Instant)
    taken: int = Field(default=0, sa_type=BIG)
    problem: str = Field(default="", sa_type=Text)


class AuditRow(Row, table=True):
    """What an admin did, to whom and why."""

    __tablename__ = "audit"

    id: int | None = Field(default=None, primary_key=True, sa_type=BIG)
    at: datetime = Field(sa_type=Instant)
    actor: str = Field(max_length=200)
    action: str = Field(max_length=64)
    subject: str = Field(sa_type=Text)
    because: str = Field(default="", sa_type=Text)
    details: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
