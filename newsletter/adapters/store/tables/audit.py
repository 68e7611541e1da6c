"""The table of what admins did."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Text
from sqlmodel import Field

from newsletter.adapters.store.tables.base import BIG, Instant, Row


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
