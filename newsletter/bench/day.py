"""The whole day at volume: real Celery workers, personal digests, every row in the ledger.

Everything lies in a folder that is removed afterwards. Beside a database of the operator's another
is made and dropped again; a Redis of theirs is used only when it is empty, and emptied again.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

from newsletter.adapters.embedded.processes import Children, Job, last_lines
from newsletter.adapters.embedded.redis import EmbeddedRedis
from newsletter.adapters.queue import Task
from newsletter.adapters.redis_urls import borrowed_redis
from newsletter.adapters.store.scratch import scratch_database
from newsletter.app import Newsletter
from newsletter.bench.crowd import DAY, filters_of
from newsletter.bench.papers import made_papers
from newsletter.core.delivery.states import State
from newsletter.core.papers import Fetched, Paper
from newsletter.core.ports import RANGE_SIZE, Validators
from newsletter.core.subscribers import TopicText, Wishes
from newsletter.errors import Refused, Unavailable
from newsletter.settings import PREFIX, Settings, as_environment, is_loopback, read_settings

LOOK_SECONDS = 0.2
MOST_LOOK_SECONDS = 1.0
REST = 10  # times as long as a look took: at a million rows it would be a third of a core
START_SECONDS = 60.0
PATIENCE_SECONDS = 60.0  # without any progress
UNDER_WAY = (State.PENDING, State.SENDING)
READY = " ready."  # what Celery's worker logs when it takes tasks

Show = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """What a day came to. Figures that only our own sink knows are None with another relay.

    plan_seconds: until the last digest stood in the ledger; send_seconds: from then on, though the
    first were sent before; per_second is over both together. worker_peak_mb: of the largest worker
    process. lost: planned, and not at the sink; doubled: copies beyond one.
    """

    subscribers: int
    papers: int
    workers: int
    messages: int
    message_bytes: int | None
    plan_seconds: float
    send_seconds: float
    total_seconds: float
    per_second: float
    worker_peak_mb: int | None
    sink_messages: int | None
    ledger_sent: int
    doubled: int | None
    lost: int


def measure(
    *,
    subscribers: int,
    papers: int,
    workers: int,
    smtp_url: str = "",
    database_url: str = "",
    redis_url: str = "",
    delay_ms: int = 0,
    show: Show,
) -> Day:
    """Play one edition for so many readers and hold the ledger against the sink.

    delay_ms: how late our own sink answers, as a relay far away does. Raises Refused for a server
    that is not on this machine or not empty, Unavailable when the workers do not get on.
    """
    _check_place(smtp_url)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="newsletter-bench-")))
        sink = None if smtp_url else stack.enter_context(Sink(delay_ms))
        settings = _settings(folder, database_url, redis_url, sink.url if sink else smtp_url)
        settings = replace(
            settings,
            database_url=stack.enter_context(scratch_database(settings.database_url)),
            redis_url=stack.enter_context(_redis(redis_url, folder)),
        )
        source = _Made(made_papers(papers, DAY))
        service = stack.enter_context(Newsletter(settings, sources=(source,)))
        service.upgrade()
        service.pull(DAY)
        _add_readers(service, source.papers, subscribers, show)
        children = stack.enter_context(Children(lambda _: None))
        log = folder / "worker.log"
        children.start(_worker(settings, folder, log, workers))
        _wait(lambda: READY in _text(log), log, START_SECONDS)
        return _play(service, children, sink, log, subscribers, papers, workers, show)


def _play(
    service: Newsletter,
    children: Children,
    sink: "Sink | None",
    log: Path,
    subscribers: int,
    papers: int,
    workers: int,
    show: Show,
) -> Day:
    started = time.monotonic()
    for range_no in range(subscribers // RANGE_SIZE + 1):
        service.queue.ring(Task.PLAN, range_no=range_no, edition=DAY.isoformat(), everyone=1)
    planned_after = 0.0
    for counts in _progress(service, log):
        total, waiting = sum(counts.values()), sum(counts.get(state, 0) for state in UNDER_WAY)
        if total >= subscribers and not planned_after:
            planned_after = time.monotonic() - started
        show("Day", total - waiting, subscribers)
        if planned_after and not waiting:
            break
    seconds = time.monotonic() - started
    peak = _peak_mb(os.getpid())
    children.stop()
    sent = counts.get(State.SENT, 0)
    taken = sink.stop() if sink else {}
    return Day(
        subscribers=subscribers,
        papers=papers,
        workers=workers,
        messages=sum(counts.values()),
        message_bytes=taken["bytes"] // max(1, taken["messages"]) if taken else None,
        plan_seconds=round(planned_after, 2),
        send_seconds=round(seconds - planned_after, 2),
        total_seconds=round(seconds, 2),
        per_second=round(sent / seconds, 1),
        worker_peak_mb=peak,
        sink_messages=taken.get("messages"),
        ledger_sent=sent,
        doubled=taken["messages"] - taken["distinct"] if taken else None,
        lost=subscribers - (taken["distinct"] if taken else sent),
    )


def _progress(service: Newsletter, log: Path) -> Iterator[Mapping[State, int]]:
    """The edition's counts, again and again. Raises Unavailable when they stand still."""
    before: Mapping[State, int] = {}
    moved = time.monotonic()
    while True:
        looked_at = time.monotonic()
        counts = service.counts(DAY)
        took = time.monotonic() - looked_at
        yield counts
        if counts != before:
            before, moved = counts, time.monotonic()
        if time.monotonic() - moved > PATIENCE_SECONDS:
            raise Unavailable(
                f"Nothing has moved for {PATIENCE_SECONDS:.0f} seconds. The worker's last lines:\n"
                f"{last_lines(log)}"
            )
        time.sleep(min(max(LOOK_SECONDS, REST * took), MOST_LOOK_SECONDS))


@dataclass(frozen=True, slots=True)
class _Made:
    """A source of the papers that were made up."""

    papers: tuple[Paper, ...]
    name: str = "made-up"

    def fetch(self, day: date, *, validators: Validators) -> Fetched:
        return Fetched(papers=self.papers if day == DAY else ())


class Sink:
    """The discarding mail server, as a process of its own; see bench/sink.py."""

    def __init__(self, delay_ms: int = 0) -> None:
        command = [sys.executable, "-m", "newsletter.bench.sink", "--delay", str(delay_ms)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        self.url = f"smtp://127.0.0.1:{int(self._process.stdout.readline())}?tls=none"

    def __enter__(self) -> "Sink":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()

    def stop(self) -> dict[str, int]:
        """What came in: messages, distinct ones, bytes."""
        told: dict[str, int] = json.loads(self._process.communicate()[0])
        return told


def _add_readers(service: Newsletter, papers: tuple[Paper, ...], count: int, show: Show) -> None:
    """Readers with a topic as in life, and one that fills their digest up to ten papers."""
    popular = TopicText(name="Popular", filter="upvotes:>=0")
    texts = filters_of(count, papers)
    service.import_subscribers(
        (
            (
                f"reader{number}@host{number % 50}.example",
                Wishes(topics=(TopicText(name="Mine", filter=text), popular)),
            )
            for number, text in enumerate(texts)
        ),
        progress=lambda done: show("Readers", done, count),
    )


@contextmanager
def _redis(redis_url: str, folder: Path) -> Iterator[str]:
    """The address of the operator's Redis, or of one of our own."""
    if redis_url:
        with borrowed_redis(redis_url):
            yield redis_url
    else:
        with EmbeddedRedis(folder / "redis") as embedded:
            yield embedded.url()


def _worker(settings: Settings, folder: Path, log: Path, workers: int) -> Job:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    return Job(
        name="worker",
        command=(sys.executable, "-m", "celery", "--quiet", "-A", "workers", "worker",
                 "--loglevel", "INFO", "--without-mingle", "--without-gossip",
                 "--concurrency", str(workers)),
        environment=kept | as_environment(settings),
        folder=folder,
        log=log,
    )  # fmt: skip


def _settings(folder: Path, database_url: str, redis_url: str, smtp_url: str) -> Settings:
    values = {
        "DATA_DIR": str(folder),
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "SMTP_URL": smtp_url,
        "BASE_URL": "https://papers.example.org",
        "FROM": "Daily Papers <papers@example.org>",
        "SECRET_KEYS": "measured-and-thrown-away",
        "SOURCES": "folder:nowhere",  # so that a worker which looks around asks nobody
    }
    return read_settings({PREFIX + name: value for name, value in values.items()})


def _check_place(smtp_url: str) -> None:
    host = urlsplit(smtp_url).hostname or ""
    if smtp_url and not is_loopback(host):
        raise Refused(
            f"{host} is not this machine: a measurement sends to 127.0.0.1 only, since its readers "
            "do not exist."
        )


def _wait(is_done: Callable[[], bool], log: Path, seconds: float) -> None:
    give_up = time.monotonic() + seconds
    while not is_done():
        if time.monotonic() > give_up:
            raise Unavailable(
                f"The worker did not start in {seconds:.0f} seconds. Its last lines:\n"
                f"{last_lines(log)}"
            )
        time.sleep(LOOK_SECONDS)


def _text(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""


def _peak_mb(ancestor: int) -> int | None:
    """The most memory that any Celery process below this one ever held; None but on Linux."""
    peaks = [0]
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes()
            status = (entry / "status").read_text()
        except OSError:  # it has ended meanwhile
            continue
        if b"celery" in command and _descends(int(entry.name), ancestor):
            fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
            peaks.append(int(fields.get("VmHWM", "0 kB").split()[0]) // 1024)
    return max(peaks) or None


def _descends(process: int, ancestor: int) -> bool:
    while process > 1:
        if process == ancestor:
            return True
        try:
            fields = Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2].split()
        except OSError:
            return False
        process = int(fields[1])
    return False
