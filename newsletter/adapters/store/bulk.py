"""Many rows in one statement: what a day's deliveries are written with, and imported readers.

SQLite takes rows one after the other (about 2 µs each); PostgreSQL takes whole columns as arrays,
since there each statement costs a round trip.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache, partial
from itertools import repeat
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Table,
    Text,
    cast,
    func,
    literal,
    text,
)
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

_POSTGRESQL = PGDialect()  # type: ignore[no-untyped-call]
_APART = "\x1f"  # in no text that we keep, but for what a stranger's server may say


def is_one_of(session: Session, column: Any, ids: Collection[int]) -> ColumnElement[bool]:
    """Whether a column of ids holds one of these, of which there may be thousands.

    As values of their own they would take 8 us each on PostgreSQL, and 2 as an array.
    """
    if session.get_bind().dialect.name != "postgresql":
        return column.in_(ids)  # type: ignore[no-any-return]
    array = literal("{" + ",".join(map(str, ids)) + "}", Text)
    return column == func.any(cast(array, ARRAY(BigInteger)))  # type: ignore[no-any-return]


def insert_many(
    session: Session,
    table: type[Any],
    columns: Mapping[str, Sequence[Any]],
    *,
    shared: Mapping[str, Any] | None = None,
    is_once: bool = False,
) -> None:
    """Insert a row for each of these values; the columns are of one length, above 0.

    JSON is given as text. shared: values that are the same for all rows. is_once: a row that a
    unique key knows already is left out, which is rare; otherwise it is an error.
    """
    insert = partial(_insert, session, table.__table__, columns, shared or {})
    if is_once and session.get_bind().dialect.name == "postgresql":
        try:  # to look before each row takes PostgreSQL 4 us
            with session.connection().begin_nested():
                insert("")
            return
        except IntegrityError:
            pass
    insert(" ON CONFLICT DO NOTHING" if is_once else "")


def _insert(
    session: Session,
    table: Table,
    columns: Mapping[str, Sequence[Any]],
    shared: Mapping[str, Any],
    ending: str,
) -> None:
    names = (tuple(columns), tuple(shared))
    run_many(
        session,
        sqlite=_insert_one(table, *names) + ending,
        postgresql=_insert_all(table, *names) + ending,
        columns=columns,
        shared=shared,
    )


@lru_cache(maxsize=64)
def _insert_one(table: Table, columns: tuple[str, ...], shared: tuple[str, ...]) -> str:
    names = columns + shared
    values = ", ".join(f":{name}" for name in names)
    return f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({values})"  # noqa: S608


@lru_cache(maxsize=64)
def _insert_all(table: Table, columns: tuple[str, ...], shared: tuple[str, ...]) -> str:
    arrays = ", ".join(_given(name, _plain_type(table, name)) for name in columns)
    values = [f"CAST(one.{name} AS {_type(table, name)})" for name in columns]
    values += [f"CAST(:{name} AS {_type(table, name)})" for name in shared]
    return (
        f"INSERT INTO {table.name} ({', '.join(columns + shared)}) "  # noqa: S608
        f"SELECT {', '.join(values)} FROM unnest({arrays}) AS one({', '.join(columns)})"
    )


def _given(name: str, kind: str) -> str:
    return f"CAST(:{name} AS {kind}[])"


def _type(table: Table, name: str) -> str:
    found = str(table.c[name].type.compile(_POSTGRESQL))
    # A cast to varchar(16) would cut off what is longer, where an insert refuses it.
    return "text" if found.startswith(("TEXT", "VARCHAR")) else found


def _plain_type(table: Table, name: str) -> str:
    found = _type(table, name)
    return "text" if found == "JSON" else found


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
    FROM unnest(CAST(:ids AS bigint[]), CAST(:words AS text[])). shared: values that are the same
    for all rows.
    """
    same = dict(shared or {})
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        arrays: dict[str, object] = {}
        for name, values in columns.items():
            given, joined = _given(name, "text"), _joined(values)
            if joined is None or given not in postgresql:
                arrays[name] = _array(values)
            else:
                arrays[name] = joined
                postgresql = postgresql.replace(given, f"string_to_array(:{name}, chr(31))")
        connection.execute(text(postgresql), {**arrays, **same})
        return
    stored = [_stored_column(values) for values in columns.values()]
    stored += [repeat(_stored(value)) for value in same.values()]
    rows = [*zip(*stored, strict=False)]
    connection.exec_driver_sql(_by_number(sqlite, (*columns, *same)), rows)


@lru_cache(maxsize=64)
def _by_number(statement: str, names: tuple[str, ...]) -> str:
    """The statement with ?1 for its first value: to find each by its name takes 2 us a row."""
    numbers = {name: number for number, name in enumerate(names, start=1)}
    return re.sub(r":(\w+)", lambda found: f"?{numbers[found[1]]}", statement)


def _stored_column(values: Sequence[Any]) -> Any:
    return map(_stored, values) if datetime in {*map(type, values)} else values


def _stored(value: Any) -> Any:
    """An instant as SQLAlchemy keeps it on SQLite; anything else as it is."""
    if not isinstance(value, datetime):
        return value
    return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"


def _array(values: Sequence[Any]) -> object:
    """These values as the driver takes an array, or better as PostgreSQL writes one."""
    if {*map(type, values)} == {int}:
        return "{" + ",".join(map(str, values)) + "}"
    return list(values)


def _joined(values: Sequence[Any]) -> str | None:
    """Texts as one, which the server takes apart: the driver would quote each, for 70 us a digest
    (psycopg 3.3), and to quote all at once still takes both sides 6. None where one holds _APART.
    """
    if {*map(type, values)} != {str}:
        return None
    joined = _APART.join(values)
    # What is empty would be taken for no text at all.
    return joined if joined and joined.count(_APART) == len(values) - 1 else None
