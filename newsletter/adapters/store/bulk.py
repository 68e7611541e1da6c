"""Many rows in one statement: what a day's deliveries are written with.

SQLite takes rows one after the other (about 2 µs each); PostgreSQL takes whole columns as arrays,
since there each statement costs a round trip.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
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
    rows = zip(*columns.values(), *map(repeat, same.values()), strict=False)
    connection.exec_driver_sql(_by_number(sqlite, (*columns, *same)), [*rows])


@lru_cache(maxsize=64)
def _by_number(statement: str, names: tuple[str, ...]) -> str:
    """The statement with ?1 for its first value: to find each by its name takes 2 us a row."""
    numbers = {name: number for number, name in enumerate(names, start=1)}
    return re.sub(r":(\w+)", lambda found: f"?{numbers[found[1]]}", statement)


def _stored(instant: datetime) -> str:
    """An instant as SQLAlchemy keeps it on SQLite."""
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"
