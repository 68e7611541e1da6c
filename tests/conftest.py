"""Real parts for every test: a Redis-protocol server, PostgreSQL, an SMTP server.

Servers are started once a worker process and by the first test that asks; each test gets them
empty. Sockets lie in short folders, since their paths are limited to about 100 bytes.
"""

import contextlib
import gc
import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
from hypothesis import HealthCheck, settings
from own_postgres import PostgresServer, new_postgres
from smtp_sink import SmtpSink
from sqlalchemy import Connection, Dialect, Engine, event

from newsletter.adapters.embedded.redis import EmbeddedRedis
from newsletter.adapters.store import Store
from newsletter.settings import as_environment

# What the machine has set for other programs must not change what a test says: services of its
# own, proxies between us and our own servers, colours and widths. The seeds of tests stay.
FOREIGN = re.compile(
    r"(NEWSLETTER_(?!TEST_)|CELERY_|PG|SSL_CERT_|_?TYPER_|CLICOLOR|GITHUB_|TTY_).*"
    r"|(HTTP|HTTPS|ALL|NO|FTP)_PROXY|FORCE_COLOR|NO_COLOR|PY_COLORS|COLUMNS|LINES|TERM|COLORTERM",
    re.IGNORECASE,
)
for name in [name for name in os.environ if FOREIGN.fullmatch(name)]:
    del os.environ[name]

JUDGES = "tests/judges/"

# How long an example takes says how busy the machine is, not whether a promise is kept.
settings.register_profile(
    "patient", settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("patient")

# --- Memory ----------------------------------------------------------------------------------


@pytest.hookimpl(wrapper=True)
def pytest_collection(session):
    """What is collected stays to the end: to look through it for garbage took a tenth of a run."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


# --- Workers ---------------------------------------------------------------------------------


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """A file is for one worker process, and so is the folder of judges: they share their mails."""
    if config.getoption("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    class Whole(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return JUDGES if nodeid.startswith(JUDGES) else super()._split_scope(nodeid)

    return Whole(config, log)


# --- SQL -------------------------------------------------------------------------------------

# Each engine compiles its statements anew, which takes half the time of a test that has a store
# of its own. By kind of database: (dialect, its compiled statements).
COMPILED: dict[str, tuple[Dialect, dict]] = {}


@event.listens_for(Engine, "engine_connect")
def share_compiled(connection: Connection) -> None:
    """Give all engines of a kind one dialect, which SQLAlchemy's keys name, and one cache."""
    kind = connection.dialect.name
    connection.dialect, compiled = COMPILED.setdefault(kind, (connection.dialect, {}))
    connection.execution_options(compiled_cache=compiled)


# --- Redis -----------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory) -> Iterator[EmbeddedRedis]:
    with EmbeddedRedis(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def redis_url(redis_server) -> str:
    """Address of database 0 of a server that is empty; database 1 is for the cache."""
    with redis.Redis.from_url(redis_server.url()) as client:
        client.flushall()
    return redis_server.url()


@pytest.fixture
def redis_client(redis_url, redis_server) -> Iterator[redis.Redis]:
    """A client of the empty cache database, 1."""
    with redis.Redis.from_url(redis_server.url(1)) as client:
        yield client


# --- PostgreSQL ------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    with new_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_tables(postgres_server) -> str:
    """The name of a database with this version's tables."""
    database = postgres_server.create()
    store = Store(postgres_server.url(database))
    store.upgrade()
    store.close()
    return database


@pytest.fixture
def postgres_url(postgres_server, postgres_tables) -> str:
    """Address of a database with this version's tables, all of them empty."""
    postgres_server.empty(postgres_tables)
    return postgres_server.url(postgres_tables)


@pytest.fixture
def bare_postgres_url(postgres_server) -> Iterator[str]:
    """Address of a database without tables."""
    database = postgres_server.create()
    yield postgres_server.url(database)
    postgres_server.drop(database)


# --- SMTP ------------------------------------------------------------------------------------


@pytest.fixture
def make_smtp_sink() -> Iterator[Callable[..., SmtpSink]]:
    """Start sinks with other abilities: make_smtp_sink(pipelining=False, users={...})."""
    sinks: list[SmtpSink] = []

    def make(**abilities) -> SmtpSink:
        sinks.append(SmtpSink(**abilities))
        sinks[-1].start()
        return sinks[-1]

    yield make
    for sink in sinks:
        sink.stop()


@pytest.fixture
def smtp_sink(make_smtp_sink) -> SmtpSink:
    """A sink that offers PIPELINING, 8BITMIME and SMTPUTF8, without TLS and login."""
    return make_smtp_sink()


# --- Celery ----------------------------------------------------------------------------------


@pytest.fixture
def start_celery(tmp_path) -> Iterator[Callable[..., subprocess.Popen]]:
    """Starts real Celery processes in groups of their own; their logs end in the test's output."""
    running = []

    def start(settings, name: str, *words: str) -> subprocess.Popen:
        words = words or ("worker", "-c", "2", "-n", f"{name}@%h", "--without-mingle")
        log = tmp_path / f"{name}.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "celery", "-A", "workers", *words, "-l", "INFO"],
                cwd=Path(__file__).parents[1],
                env={**os.environ, **as_environment(settings)},
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        running.append((process, log))
        return process

    yield start
    for process, log in running:
        if process.returncode is None:  # later its number may be another's
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)
        print(log.read_text(errors="replace")[-3000:])


@pytest.fixture(scope="session")
def browser() -> Iterator:
    """A real Chromium; one for all tests, since Playwright can only be started once at a time."""
    api = pytest.importorskip("playwright.sync_api", reason="the browser tests need playwright")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("no Chromium is installed: `.ci/run` installs it")
    asked = subprocess.run([chromium, "--version"], capture_output=True, text=True, check=False)
    if asked.returncode:  # Ubuntu's package is a script that asks for another packager
        pytest.skip(f"{chromium} does not run here: {asked.stderr.strip()[-200:]}")
    with api.sync_playwright() as playwright:
        arguments = ["--disable-dev-shm-usage"]  # containers have a small one
        arguments += ["--no-sandbox"] if os.geteuid() == 0 else []
        with playwright.chromium.launch(executable_path=chromium, args=arguments) as launched:
            yield launched


@pytest.fixture(scope="session")
def axe() -> str:
    """The script that finds barriers in a page."""
    found = importlib.util.find_spec("axe_playwright_python")
    if found is None:
        pytest.skip("axe needs the package axe-playwright-python: extra `test`")
    return (Path(found.origin).parent / "axe.min.js").read_text("utf-8")
