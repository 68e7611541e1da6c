"""The tables. Rows stay below the services; values of `core` go up.

Instants are aware UTC on both databases (`Instant`). Long texts live with papers only; the ledger's
rows are small, since there is one for each digest ever sent.
"""

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, Index, Text, UniqueConstraint, false, text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, MetaData, SQLModel

from newsletter.core.delivery import Kind, State

RANGE_SIZE = 1024  # subscribers planned in one transaction; the dedup cache is kept in these ranges

# SQLite only counts up by itself in a column that is declared INTEGER.
Id = BigInteger().with_variant(JSON().with_variant(BigInteger(), "postgresql"), "postgresql")


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
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
