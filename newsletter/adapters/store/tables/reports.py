"""The tables of the reports, the mailboxes they come to, and the suppressions they lead to."""

from datetime import datetime

from sqlalchemy import Index, LargeBinary, Text, text
from sqlmodel import Field

from newsletter.adapters.store.tables.base import BIG, Instant, Row


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
