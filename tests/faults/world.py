"""Everything a newsletter runs on, as processes of its own that a test may harm."""

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Collection
from datetime import date, timedelta
from pathlib import Path

from builders import MemorySource, a_paper, children_of, settings_for, wait_until, wishes
from hasty import BEGAN, JUMP, SPEED, Hasty
from judge import Verdict, assert_holds, judge, oldest_claim
from own_postgres import PostgresServer
from own_redis import OwnRedis
from proxy import Proxy
from relay import Relay

from newsletter.adapters.embedded.redis import end_with_parent
from newsletter.adapters.smtp.batch import NOTES_AT_ONCE
from newsletter.core.delivery.states import LEASE, State
from newsletter.core.ports import RANGE_SIZE
from newsletter.errors import StoreUnavailable
from newsletter.settings import as_environment

EDITION = date(2026, 6, 15)
ROOT = Path(__file__).parents[2]
PROCESSES = 3  # of a worker that hand over: two children, and the sweeper in their parent
ALLOWED = 8  # connections to the relay, of all processes together
CONNECTIONS = PROCESSES * ALLOWED  # until each process knows of the others
# What a killed worker may have handed over unnoted: in each process what it collects for a note,
# and on each connection a message whose reply it has not read.
IN_HAND = PROCESSES * NOTES_AT_ONCE + CONNECTIONS
# Sweeps come twice a minute; the batch that a sweeper may be handing over then is not hurried.
RECOVERY = LEASE + timedelta(seconds=60 + 3 * SPEED)
SEED = "FAULT_SEED"


def dice() -> random.Random:
    """Chance that can be had again: its seed is printed, and taken from SEED where that is set."""
    seed = int(os.environ.get(SEED) or random.randrange(1_000_000))
    print(f"{SEED}={seed}")
    return random.Random(seed)


class World:
    """A database, Redis, a relay and workers around one service, by the fast clock or the true.

    postgres: its server, and the name of an empty database there; None: SQLite. keeps: whether
    Redis has a file. proxied: which of "relay", "redis" and "postgres" stand behind a proxy.
    tls, login: as our settings have them; offers, wanted_login: as the relay has them, where that
    is something else. pace: see Relay.
    """

    def __init__(
        self,
        folder: Path,
        *,
        postgres: tuple[PostgresServer, str] | None = None,
        keeps: bool = True,
        proxied: Collection[str] = (),
        tls: str = "none",
        login: str = "",
        wanted_login: str = "",
        offers: str = "",
        pace: float = 0.02,
        is_hasty: bool = True,
        **values,
    ) -> None:
        self.folder = folder
        self.recovery = 0.0  # the most seconds, of the service, that a claim stood; see _look
        self.proxies: dict[str, Proxy] = {}
        self._proxied = proxied
        self._workers: list[tuple[subprocess.Popen, Path]] = []
        self._ready_at: dict[subprocess.Popen, float] = {}
        self._present_since = 0.0  # the database
        self._short = Path(tempfile.mkdtemp(prefix="world-", dir="/tmp"))  # for sockets
        self._application = "hasty_workers" if is_hasty else "workers"
        (folder / "jump").write_text("0")
        os.environ |= {JUMP: str(folder / "jump")} | ({BEGAN: str(time.time())} if is_hasty else {})
        self.postgres = postgres[0] if postgres else None
        self.redis = OwnRedis(self._short / "redis", keeps=keeps)
        self.redis.start()
        relay = {name: values.pop(name) for name in ("certificate", "rates") if name in values}
        users = (wanted_login or login).split(":") if login else []
        self.relay = Relay(folder / "relay", tls=offers or tls, login=users, pace=pace, **relay)
        self.relay.start()
        addresses = {
            "smtp_url": self._smtp_url(tls, login),
            "redis_url": self._redis_url(),
            "sources": f"folder:{folder}",
        }
        if postgres:
            addresses["database_url"] = self._postgres_url(*postgres)
        self.settings = settings_for(folder, **(addresses | values))
        self.source = MemorySource({EDITION: [a_paper(number) for number in range(1, 9)]})
        self.newsletter = Hasty(self.settings, sources=(self.source,))
        self.newsletter.upgrade()

    def _smtp_url(self, tls: str, login: str) -> str:
        port = self._behind("relay", self.relay.port) or self.relay.port
        place = f"{login}@localhost" if login else "127.0.0.1"  # the certificate has names
        return f"smtp://{place}:{port}?tls={tls}&connections={ALLOWED}"

    def _redis_url(self) -> str:
        port = self._behind("redis", self.redis.socket)
        return f"redis://127.0.0.1:{port}/0" if port else self.redis.url

    def _postgres_url(self, server: PostgresServer, name: str) -> str:
        port = self._behind("postgres", server.folder / ".s.PGSQL.5432")
        if not port:
            return server.url(name)
        return f"postgresql+psycopg://postgres@127.0.0.1:{port}/{name}"

    def _behind(self, name: str, target: int | Path) -> int:
        """The port of a proxy before it, 0 where none is wanted."""
        if name not in self._proxied:
            return 0
        self.proxies[name] = Proxy(target)
        self.proxies[name].start()
        return self.proxies[name].port

    def close(self) -> None:
        for worker, log in self._workers:
            self.kill(worker)
            print(log.read_text(errors="replace")[-3000:])
        self.newsletter.close()
        for proxy in self.proxies.values():
            proxy.stop()
        self.relay.kill()
        self.redis.kill()
        shutil.rmtree(self._short, ignore_errors=True)
        for name in (BEGAN, JUMP):
            os.environ.pop(name, None)

    # Its day

    def add_readers(self, *addresses: str) -> None:
        self.newsletter.import_subscribers((address, wishes()) for address in addresses)

    def plan(self, readers: int = 0, *, edition: date = EDITION) -> None:
        """Digests for all: for so many new readers, and for those that were added before."""
        self.add_readers(*(f"reader{number}@example.org" for number in range(readers)))
        self.newsletter.pull(edition)
        with self.newsletter.store.read() as session:
            last = session.connection().exec_driver_sql("SELECT max(id) FROM subscribers").scalar()
        for range_no in range(last // RANGE_SIZE + 1):
            self.newsletter.plan_range(range_no, edition, everyone=True)

    def counts(self, edition: date = EDITION) -> dict[State, int]:
        return self.newsletter.counts(edition)

    def wait_for(self, taken: int, *, seconds: float = 240) -> None:
        """Until the relay has so many messages."""
        self.wait(lambda: self.relay.count("taken") >= taken, seconds=seconds)

    def settle(self, *, edition: date = EDITION, seconds: float = 300) -> None:
        """Until every delivery has come to its end."""
        under_way = {State.PENDING, State.SENDING}
        self.wait(lambda: not under_way & set(self.counts(edition)), seconds=seconds)

    def wait(self, is_done: Callable[[], bool], *, seconds: float = 240) -> None:
        """Until it is so; meanwhile look how long claims stand. A database may be away."""

        def look() -> bool:
            try:
                self._look()
                return is_done()
            except StoreUnavailable:
                self._present_since = time.monotonic()
                return False

        wait_until(look, seconds=seconds)

    def _look(self) -> None:
        """How long a claim stands, but for the time without any worker that could sweep it."""
        for worker, _ in self._workers:
            if worker not in self._ready_at and self.is_ready(worker):
                self._ready_at[worker] = time.monotonic()
        ready = [at for one, at in self._ready_at.items() if is_alive(one)]
        if not ready:
            return
        able = (time.monotonic() - max(min(ready), self._present_since)) * SPEED
        late = oldest_claim(self.newsletter.store) - LEASE.total_seconds()
        self.recovery = max(self.recovery, LEASE.total_seconds() + min(late, able))

    def verdict(self, **values) -> Verdict:
        return judge(self.newsletter.store, self.relay, **values)

    def assert_holds(self, *, readers: int, copies: int = 0) -> None:
        """All have their digest, so many at most twice, and no claim stood for too long."""
        verdict = self.verdict()
        print(f"doubled {verdict.doubled} of {copies}, recovery {self.recovery:.0f} s")
        assert_holds(verdict, readers=readers, copies=copies)
        assert self.recovery <= RECOVERY.total_seconds()

    # Its workers

    def start(self, name: str = "w", *words: str, **environment: str) -> subprocess.Popen:
        """A Celery worker with two children, or what the words say; in a group of its own."""
        words = words or ("worker", "-c", "2", "-n", f"{name}@%h", "--without-mingle")
        log = self.folder / f"{name}-{len(self._workers)}.log"
        paths = os.pathsep.join([str(Path(__file__).parent), str(ROOT)])
        environment["PYTHONPATH"] = paths
        with log.open("wb") as out:
            worker = subprocess.Popen(
                [sys.executable, "-m", "celery", "-A", self._application, *words, "-l", "INFO"],
                cwd=self.folder,
                env=os.environ
                | as_environment(self.settings)
                | {"PYTHONPATH": paths}
                | environment,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=end_with_parent(signal.SIGKILL),  # noqa: PLW1509
            )
        self._workers.append((worker, log))
        return worker

    def log(self, worker: subprocess.Popen) -> str:
        return next(log for one, log in self._workers if one is worker).read_text(errors="replace")

    def is_ready(self, worker: subprocess.Popen) -> bool:
        return " ready." in self.log(worker)

    def kill(self, worker: subprocess.Popen) -> None:
        """The whole group, at once. One whose end was waited for is left alone: its number may be
        another's by now.
        """
        if worker.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(worker.pid, signal.SIGKILL)
            worker.wait(10)

    def jump(self, span: timedelta) -> None:
        """The service's clock goes so far, or back."""
        path = self.folder / "jump"
        part = path.with_suffix(".part")
        part.write_text(str(float(path.read_text()) + span.total_seconds()))
        part.replace(path)


def is_alive(worker: subprocess.Popen) -> bool:
    """Without taking notice of its end: until then nobody else gets its number."""
    if worker.returncode is not None:
        return False
    return os.waitid(os.P_PID, worker.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None


def children(worker: subprocess.Popen) -> list[int]:
    return children_of(worker.pid) if is_alive(worker) else []
