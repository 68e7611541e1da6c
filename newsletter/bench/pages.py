"""A crowd of visitors on a real `newsletter serve`: how long the landing page and previews take.

Each visitor keeps one connection, as browsers do, and looks at what came before they ask again:
they open the landing page, type a filter that they see a preview of, and change it. So many
visitors ask for as many pages in a second as there are of them, in the mean, if each looks for a
second. The crowd runs in this process, and takes its part of the machine.
"""

import asyncio
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from newsletter.app import Newsletter
from newsletter.bench.crowd import SEED, filters_of
from newsletter.bench.papers import made_papers
from newsletter.core.papers import Fetched, Paper
from newsletter.core.ports import Validators
from newsletter.errors import Refused, Unavailable
from newsletter.settings import as_environment, is_loopback, read_settings

DAYS, PAPERS_A_DAY = 30, 40
PREVIEWS = 4  # that a visitor asks for, for each landing page
START_SECONDS = 60.0
ANSWER_SECONDS = 10.0
READY_ANSWERS = 20  # in a row: then each of some processes has given one
LANDING, PREVIEW = "/", "/preview"
_PORT = re.compile(rb"port (\d+)\.")

Show = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Visited:
    """What it came to. Milliseconds from asking until the whole page was there.

    errors: answers that were not 200, and connections that broke. server_cpu_ms: of the server's
    processes, for each answer; None for a server that was there already.
    """

    visitors: int
    seconds: float
    answers: int
    errors: int
    answers_per_second: float
    landing_p50_ms: float
    landing_p95_ms: float
    landing_max_ms: float
    preview_p50_ms: float
    preview_p95_ms: float
    preview_max_ms: float
    server_cpu_ms: float | None


@dataclass(slots=True)
class _Tally:
    took: dict[str, list[float]] = field(default_factory=lambda: {LANDING: [], PREVIEW: []})
    errors: int = 0


def measure(
    *, visitors: int, seconds: int, pause_seconds: float, processes: int, url: str = "", show: Show
) -> Visited:
    """Let so many visitors look around for so long.

    processes: that the server has. url: pages that are served already, on this machine. Raises
    Refused for those of another, Unavailable when the server does not start.
    """
    filters = filters_of(20 * visitors, made_papers(200, _today()))
    if url:
        _check_place(url)
        return _visit(url, visitors, seconds, pause_seconds, filters, show, pid=None)
    with tempfile.TemporaryDirectory(prefix="newsletter-bench-") as folder:
        environment = _filled(Path(folder), show)
        with _served(environment, processes) as (own_url, pid):
            return _visit(own_url, visitors, seconds, pause_seconds, filters, show, pid=pid)


def _visit(
    url: str,
    visitors: int,
    seconds: int,
    pause_seconds: float,
    filters: Sequence[str],
    show: Show,
    *,
    pid: int | None,
) -> Visited:
    asyncio.run(_ready(url, filters[0]))
    before = _cpu_seconds(pid)
    began = time.monotonic()
    tally = asyncio.run(_crowd(url, visitors, float(seconds), pause_seconds, filters, show))
    took = time.monotonic() - began
    after = _cpu_seconds(pid)
    answers = sum(len(times) for times in tally.took.values())
    cpu = None if before is None or after is None else (after - before) / max(answers, 1) * 1000
    landing, preview = (sorted(tally.took[page]) for page in (LANDING, PREVIEW))
    return Visited(
        visitors=visitors,
        seconds=round(took, 2),
        answers=answers,
        errors=tally.errors,
        answers_per_second=round(answers / took, 1),
        landing_p50_ms=_share(landing, 0.5),
        landing_p95_ms=_share(landing, 0.95),
        landing_max_ms=_share(landing, 1.0),
        preview_p50_ms=_share(preview, 0.5),
        preview_p95_ms=_share(preview, 0.95),
        preview_max_ms=_share(preview, 1.0),
        server_cpu_ms=None if cpu is None else round(cpu, 2),
    )  # fmt: skip


async def _ready(url: str, wanted: str) -> None:
    """When each process of the server has its papers ready. Raises Unavailable."""
    give_up, ready = time.monotonic() + START_SECONDS, 0
    while time.monotonic() < give_up:
        connection, query = _Connection(url), urlencode({"filter": f"({wanted}) {'a' * ready}"})
        with suppress(OSError, EOFError):
            ready = ready + 1 if await connection.get(f"{PREVIEW}?{query}") == 200 else 0
        connection.close()
        if ready == READY_ANSWERS:
            return
        await asyncio.sleep(0.02 if ready else 0.2)
    raise Unavailable(f"{url} does not answer: see what it says.")


async def _crowd(
    url: str,
    visitors: int,
    seconds: float,
    pause_seconds: float,
    filters: Sequence[str],
    show: Show,
) -> _Tally:
    tally, until = _Tally(), time.monotonic() + seconds
    everyone = [
        asyncio.create_task(_visitor(url, number, until, pause_seconds, filters, tally))
        for number in range(visitors)
    ]
    while time.monotonic() < until:
        show("Visitors", int(seconds - (until - time.monotonic())), int(seconds))
        await asyncio.sleep(0.5)
    await asyncio.gather(*everyone)
    return tally  # fmt: skip


async def _visitor(
    url: str, number: int, until: float, pause_seconds: float, filters: Sequence[str], tally: _Tally
) -> None:
    """One person: each comes at another moment, looks around, and goes when the time is over."""
    chance = random.Random(SEED + number)
    connection = _Connection(url)
    await asyncio.sleep(chance.uniform(0, pause_seconds))
    looked = 0
    while time.monotonic() < until:
        page, query = LANDING, ""
        if looked % (PREVIEWS + 1):
            typed = {"of": "topics-0", "topics-0-filter": chance.choice(filters)}
            page, query = PREVIEW, "?" + urlencode(typed)
        began = time.monotonic()
        try:
            status = await asyncio.wait_for(connection.get(page + query), ANSWER_SECONDS)
        except (OSError, EOFError, ValueError, TimeoutError):
            status = 0
            connection.close()
        tally.took[page].append(time.monotonic() - began)
        tally.errors += status != 200
        looked += 1
        await asyncio.sleep(chance.uniform(0.5, 1.5) * pause_seconds)
    connection.close()


class _Connection:
    """One that is kept between requests (HTTP/1.1), and opened anew where it was closed."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port or 80
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def get(self, path: str) -> int:
        """The status, when the whole page has come."""
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._host, self._port)
        reader, writer = self._streams
        head = f"GET {path} HTTP/1.1\r\nHost: {self._host}\r\nAccept-Encoding: gzip\r\n\r\n"
        writer.write(head.encode("ascii"))
        answer = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", answer)
        await reader.readexactly(int(length[1]) if length else 0)
        return int(answer.split(b" ", 2)[1])

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


@dataclass(frozen=True, slots=True)
class _Made:
    """A source of made papers, by day."""

    days: dict[date, tuple[Paper, ...]]
    name: str = "made"

    def fetch(self, day: date, *, validators: Validators) -> Fetched:
        return Fetched(papers=self.days.get(day, ()))


def _filled(folder: Path, show: Show) -> dict[str, str]:
    """The environment of a server whose database holds DAYS days of papers."""
    settings = read_settings({"NEWSLETTER_DATA_DIR": str(folder)})
    today, papers = _today(), made_papers(DAYS * PAPERS_A_DAY, _today())
    days = {}
    for ago in range(DAYS):
        day = today - timedelta(days=ago)
        some = papers[ago * PAPERS_A_DAY : (ago + 1) * PAPERS_A_DAY]
        days[day] = tuple(replace(paper, featured_on=day) for paper in some)
    with Newsletter(settings, sources=(_Made(days),)) as service:
        service.upgrade()
        for number, day in enumerate(days):
            show("Papers", number, DAYS)
            service.pull(day)
    return {**os.environ, **as_environment(settings)}


@contextmanager
def _served(environment: dict[str, str], processes: int) -> Iterator[tuple[str, int]]:
    """Address and process of a `newsletter serve` that runs meanwhile."""
    server = subprocess.Popen(
        [sys.executable, "-m", "newsletter", "serve", "--port", "0", "--processes", str(processes)],
        env=environment,
        stderr=subprocess.PIPE,
    )
    try:
        assert server.stderr is not None  # it was asked for
        said = server.stderr.readline()
        port = _PORT.search(said)
        if port is None:
            raise Unavailable(f"The pages do not start: {said.decode(errors='replace').strip()}")
        yield f"http://127.0.0.1:{int(port[1])}", server.pid
    finally:
        server.terminate()
        server.communicate(timeout=START_SECONDS)


def _check_place(url: str) -> None:
    if urlsplit(url).scheme != "http" or not is_loopback(url):
        raise Refused(f"{url} is not on this machine: name pages such as http://127.0.0.1:8000.")


def _cpu_seconds(pid: int | None) -> float | None:
    """Of this process and its children's; None where the system does not tell."""
    if pid is None or not Path("/proc").is_dir():
        return None
    ticks, processes = 0, [str(pid)]
    for process in processes:
        try:
            fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
            processes += Path(f"/proc/{process}/task/{process}/children").read_text().split()
        except OSError:
            continue
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _share(times: Sequence[float], share: float) -> float:
    """The time in which this share of them came, in milliseconds; 0 of none."""
    if not times:
        return 0.0
    return round(times[min(int(len(times) * share), len(times) - 1)] * 1000, 1)


def _today() -> date:
    return datetime.now(UTC).date()
