"""Many rows in one statement: what a day's deliveries are written with.

SQLite takes rows one after the other (about 2 µs each); PostgreSQL takes whole columns as arrays,
since there each statement costs a round trip.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import repeat
from typing import Any

from sqlalchemy import text
from sqlmodel import Session


def run_many(
    session: Session,
    *,
    sqlite: str,
    postgresql: str,
    columns: Mapping[str, Sequence[Any]],
    shared: Mapping[str, Any] | None = None,
) -> None:
    """Run a statement for every row of these columns, which are of one length, above 0.

    sqlite: one row, its values as :name; postgresql: all rows, the columns as arrays :name, such as
    FROM unnest(CAST(:ids AS bigint[])). shared: values that are the same for all rows.
    """
    same = dict(shared or {})
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        arrays = {name: list(values) for name, values in columns.items()}
        connection.execute(text(postgresql), {**arrays, **same})
        return
    for name, value in same.items():
        same[name] = _stored(value) if isinstance(value, datetime) else value
    names = (*columns, *same)
    rows = zip(*columns.values(), *map(repeat, same.values()), strict=False)
    connection.exec_driver_sql(sqlite, [dict(zip(names, row, strict=True)) for row in rows])


def _stored(instant: datetime) -> str:
    """An instant as SQLAlchemy keeps it on SQLite."""
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"
