"""The tables of the papers, and of the looks at their sources."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Text, UniqueConstraint
from sqlmodel import Field

from newsletter.adapters.store.tables.base import BIG, Instant, Row


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
