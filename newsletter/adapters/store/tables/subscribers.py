"""The tables of the subscribers: their topics, their mutes, and the ranges they are planned in."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, Text, UniqueConstraint, text
from sqlmodel import Field

from newsletter.adapters.store.tables.base import BIG, NEVER_AGAIN, Instant, Row


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


class RangeRow(Row, table=True):
    """A range of subscribers: its row is the lock for planning them.

    version: counts the changes of who has seen what; the dedup cache is told again when it holds
    another one.
    """

    __tablename__ = "ranges"

    range_no: int = Field(primary_key=True, sa_type=BIG, sa_column_kwargs={"autoincrement": False})
    version: int = 0
