"""A database of its own for a measurement, beside the operator's and never in it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, create_engine, make_url, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from newsletter.errors import Refused, SettingsError, StoreUnavailable


@contextmanager
def scratch_database(url: str) -> Iterator[str]:
    """The address of a new and empty database, gone when the block ends.

    url: sqlite:///PATH of a file that is not there yet, or a PostgreSQL database next to which
    this account may make another one. Raises Refused, SettingsError, StoreUnavailable.
    """
    try:
        given = make_url(url)
    except ArgumentError:
        raise SettingsError(f"{url!r} is no address of a database.") from None
    if given.get_backend_name() == "sqlite":
        with _new_file(Path(given.database or "")):
            yield url
        return
    name = f"newsletter_bench_{os.getpid()}"
    server = create_engine(given, isolation_level="AUTOCOMMIT")
    try:
        _run(server, f'CREATE DATABASE "{name}"')
        try:
            yield given.set(database=name).render_as_string(hide_password=False)
        finally:
            _run(server, f'DROP DATABASE "{name}" WITH (FORCE)')
    finally:
        server.dispose()


@contextmanager
def _new_file(path: Path) -> Iterator[None]:
    if path.exists():
        raise Refused(f"{path} is there already: name a file that is not.")
    try:
        yield
    finally:
        for ending in ("", "-wal", "-shm"):
            path.with_name(path.name + ending).unlink(missing_ok=True)


def _run(server: Engine, statement: str) -> None:
    try:
        with server.connect() as connection:
            connection.execute(text(statement))
    except SQLAlchemyError as problem:
        words = str(getattr(problem, "orig", problem)).strip().partition("\n")[0]
        raise StoreUnavailable(
            f"The database {server.url.render_as_string(hide_password=True)} does not let this "
            f"account make another one: {words}."
        ) from problem
