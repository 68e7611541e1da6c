"""Engines and sessions: transactions that behave alike on SQLite and PostgreSQL."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, func, make_url, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    NoSuchModuleError,
    OperationalError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlmodel import Session

from newsletter.adapters.store.versions import current_version, newest_version
from newsletter.errors import SettingsError, StoreUnavailable

UPGRADE_LOCK = 4_920_001  # any number that nothing else in the database locks
BUSY_TIMEOUT_SECONDS = 20.0  # SQLite's writers queue; longer than any of our transactions
TURN_SECONDS = 0.001  # between two looks whether another writer is done
CONNECT_TIMEOUT_SECONDS = 5
LEAST_CONNECT_SECONDS = 2  # libpq takes no less
_OTHER_TABLES = "tables are not those of this version: run `newsletter db upgrade`"


class Store:
    """One database. `write` and `read` give sessions; a write commits when its block ends.

    url: SQLAlchemy's form, `sqlite:///PATH` or `postgresql+psycopg://…`.
    clock: stands in for the database's own clock, in tests. patience_seconds: how long one waits
    for others' locks, and in PostgreSQL for any statement; None for as long as work may take.
    Raises SettingsError for an address that cannot be read, StoreUnavailable when it is away.
    """

    def __init__(
        self,
        url: str,
        *,
        clock: Callable[[], datetime] | None = None,
        patience_seconds: float | None = None,
    ) -> None:
        self._clock = clock
        try:
            self.url = make_url(url)
        except ArgumentError:
            raise SettingsError(
                "NEWSLETTER_DATABASE_URL cannot be read: it must be sqlite:///PATH or "
                "postgresql://USER:PASSWORD@HOST/NAME."
            ) from None
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        if self.is_sqlite:
            _make_folder(self.url.database)
            busy_seconds = patience_seconds or BUSY_TIMEOUT_SECONDS
            self._writer = _sqlite(url, "IMMEDIATE", busy_seconds)
            self._reader = _sqlite(url, "DEFERRED", busy_seconds)
        else:
            self._writer = _postgres(url, patience_seconds)
            # A reader sees one moment, as on SQLite: rows that move between two of its queries
            # would be counted twice or not at all.
            self._reader = self._writer.execution_options(isolation_level="REPEATABLE READ")

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A transaction that is committed when the block ends and undone when it raises.

        On SQLite it holds the write lock from its start, so that reading and then writing in it
        is safe.
        """
        with _clear(self), Session(self._writer, expire_on_commit=False) as session:
            yield session
            session.commit()

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A transaction for reading: it waits for no writer, and sees the store at one moment."""
        with _clear(self), Session(self._reader, expire_on_commit=False) as session:
            yield session

    def now(self, session: Session) -> datetime:
        """The database's clock: the only one that decides about leases and waits."""
        if self._clock is not None:
            return self._clock()
        if self.is_sqlite:
            iso = session.connection().scalar(text("SELECT strftime('%Y-%m-%dT%H:%M:%f', 'now')"))
            return datetime.fromisoformat(str(iso)).replace(tzinfo=UTC)
        now: datetime = session.connection().scalar(text("SELECT clock_timestamp()"))
        return now.astimezone(UTC)

    def upgrade(self) -> list[str]:
        """Bring the tables to this version; the names of the migrations that ran."""
        with _clear(self), self._writer.begin() as connection:
            if not self.is_sqlite:  # there the write lock already lets in one at a time
                connection.execute(select(func.pg_advisory_xact_lock(UPGRADE_LOCK)))
            from newsletter.adapters.store.upgrading import upgrade  # Alembic: 0.07 s

            return upgrade(connection)

    def check_tables(self) -> None:
        """Raise StoreUnavailable unless the tables are those of this version."""
        with _clear(self), self._reader.connect() as connection:
            found = current_version(connection)
        wanted = newest_version()
        if found != wanted:
            raise StoreUnavailable(
                f"The database has the tables of version {found or 'none'}, this program needs "
                f"{wanted}: run `newsletter db upgrade`."
            )

    def close(self) -> None:
        self._writer.dispose()
        self._reader.dispose()


def insert_once(session: Session, table: Any) -> Any:
    """An INSERT that does nothing where a unique key says the row is there already."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    return dialect.insert(table).on_conflict_do_nothing()


@contextmanager
def _clear(store: Store) -> Iterator[None]:
    """Turn a driver's failure into one sentence without the address's password."""
    try:
        yield
    except NoSuchModuleError:
        raise SettingsError(
            f"NEWSLETTER_DATABASE_URL names {store.url.drivername!r}, which is not supported."
        ) from None
    except PoolTimeout:
        raise StoreUnavailable(
            f"The database {_shown(store)} cannot be used: all our connections are taken."
        ) from None
    except OperationalError as problem:
        words = str(problem.orig).strip().partition("\n")[0]
        if "no such table" in words:
            words = "it has no tables yet: run `newsletter db upgrade`"
        elif "no such column" in words:
            words = f"its {_OTHER_TABLES} ({words})"
        raise StoreUnavailable(f"The database {_shown(store)} cannot be used: {words}.") from None
    except DBAPIError as problem:
        raise _explained(store, problem.orig) or problem from None


def _explained(store: Store, error: BaseException | None) -> StoreUnavailable | None:
    """What can be said of a driver's error that is not ours; None for what only we can mend."""
    if type(error).__name__ == "UndefinedTable":
        words = "has no tables yet: run `newsletter db upgrade`"
    elif type(error).__name__ == "UndefinedColumn":
        words = f"cannot be used: its {_OTHER_TABLES}"
    elif "file is not a database" in str(error):
        words = "is a file of another kind: move it away, or name another one"
    elif "disk image is malformed" in str(error):
        words = "is damaged: restore a copy of it"
    else:
        return None
    return StoreUnavailable(f"The database {_shown(store)} {words}.")


def _shown(store: Store) -> str:
    return store.url.render_as_string(hide_password=True)


def _make_folder(database: str | None) -> None:
    if database and database != ":memory:":
        try:
            Path(database).parent.mkdir(parents=True, exist_ok=True)
        except OSError as problem:
            raise StoreUnavailable(
                f"The database's folder {str(Path(database).parent)!r} cannot be made "
                f"({problem.strerror}): name another one in NEWSLETTER_DATABASE_URL."
            ) from None


def _sqlite(url: str, mode: str, busy_seconds: float) -> Engine:
    engine = create_engine(
        url,
        hide_parameters=True,
        pool_timeout=busy_seconds,
        connect_args={"timeout": busy_seconds, "check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def set_up(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # the driver must not begin by itself: see `begin`
        _use_wal(connection, busy_seconds)
        for pragma in (
            "synchronous=NORMAL",
            "foreign_keys=ON",
            # A writer waits in `_await_turn`, and then there is no other.
            f"busy_timeout={0 if mode == 'IMMEDIATE' else int(busy_seconds * 1000)}",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # The default begins at the first write: two readers that then write lose an update.
        if mode == "IMMEDIATE":
            _await_turn(connection, busy_seconds)
        else:
            connection.exec_driver_sql(f"BEGIN {mode}")

    return engine


def _await_turn(connection: Connection, busy_seconds: float) -> None:
    """Begin to write as soon as no other process does.

    SQLite itself sleeps longer each time, up to a tenth of a second: of two workers that write in
    turn each slept for a sixth of its time.
    """
    driver: sqlite3.Connection = connection.connection.dbapi_connection  # type: ignore[assignment]
    give_up = time.monotonic() + busy_seconds
    while time.monotonic() < give_up:
        try:
            driver.execute("BEGIN IMMEDIATE")
            return
        except sqlite3.OperationalError as problem:
            if problem.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                break
            time.sleep(TURN_SECONDS)
    connection.exec_driver_sql("BEGIN IMMEDIATE")  # what it raises here is told in our words


def _use_wal(connection: sqlite3.Connection, busy_seconds: float) -> None:
    """Readers beside a writer. SQLite waits for no lock here, so two first starts would clash."""
    give_up = time.monotonic() + busy_seconds
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError:
            if time.monotonic() > give_up:
                raise
            time.sleep(0.05)


def _postgres(url: str, patience_seconds: float | None) -> Engine:
    connecting: dict[str, Any] = {"connect_timeout": CONNECT_TIMEOUT_SECONDS}
    pool_seconds = 30.0
    if patience_seconds is not None:
        milliseconds = int(patience_seconds * 1000)
        limits = f"-c lock_timeout={milliseconds} -c statement_timeout={milliseconds}"
        connecting = {"connect_timeout": LEAST_CONNECT_SECONDS, "options": limits}
        pool_seconds = patience_seconds
    try:
        return create_engine(
            url,
            hide_parameters=True,  # they hold addresses, which belong in no log
            pool_pre_ping=True,
            pool_size=5,
            pool_timeout=pool_seconds,
            connect_args=connecting,
        )
    except ModuleNotFoundError:
        raise SettingsError(
            "NEWSLETTER_DATABASE_URL names PostgreSQL, whose driver is not installed: "
            "install the program with its extra `postgres`."
        ) from None
