"""Values and services for tests; they fill in what a test does not say."""

import contextlib
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path

from newsletter.adapters.seen import MemorySeen
from newsletter.adapters.smtp import MemoryTransport
from newsletter.adapters.spacing import MemorySpacing
from newsletter.adapters.store import Store
from newsletter.adapters.templates import template_loader
from newsletter.app import Newsletter
from newsletter.core.mail.rendering import Renderer
from newsletter.core.papers import Fetched, Paper
from newsletter.core.subscribers import Subscriber, TopicText, Wishes
from newsletter.errors import SourceUnavailable
from newsletter.settings import Settings

KEY = "a-key-for-tests-only"
MONDAY = datetime(2026, 6, 15, 12, tzinfo=UTC)


def a_paper(number: int = 1, **values) -> Paper:
    """A paper of Monday; the number makes its id, so that two of them differ."""
    given = {
        "id": f"2606.{number:05d}",
        "title": f"Paper {number} about agents",
        "abstract": "We build agents that plan. They use retrieval to remember what they did.",
        "authors": ("Ada Lovelace", "Grace Hopper"),
        "author_count": 2,
        "upvotes": 10,
        "featured_on": MONDAY.date(),
        "published_at": MONDAY - timedelta(days=2),
        "sources": ("memory",),
    }
    return Paper(**(given | values))


def wishes(*filters: str, **values) -> Wishes:
    """One topic for each filter, named by it; daily at seven in UTC."""
    topics = tuple(TopicText(name=text, filter=text) for text in filters or ("agents",))
    return Wishes(**({"topics": topics, "cadence": "daily"} | values))


class MemorySource:
    """A source whose days are set by hand; a day that holds an error raises it."""

    def __init__(self, days: Mapping[date, Sequence[Paper] | Exception], name: str = "memory"):
        self.days, self.name, self.asked = dict(days), name, []

    def fetch(self, day: date, *, validators) -> Fetched:
        self.asked.append(day)
        papers = self.days.get(day, ())
        if isinstance(papers, SourceUnavailable):
            raise papers
        return Fetched(papers=tuple(papers))


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self, now: datetime = MONDAY) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def move(self, **span) -> datetime:
        self.now += timedelta(**span)
        return self.now


def settings_for(folder: Path, **values) -> Settings:
    given = {
        "database_url": f"sqlite:///{folder / 'newsletter.db'}",
        "data_dir": folder,
        "secret_keys": (KEY,),
        "sender": "Daily Papers <papers@example.org>",
        "base_url": "https://papers.example.org",
        "smtp_url": "smtp://127.0.0.1:1?tls=none",
        "form_seconds": 0.0,  # no test fills in a form as slowly as people do
    }
    return Settings(**(given | values))


def a_newsletter(
    folder: Path,
    *,
    papers: Sequence[Paper] = (),
    clock: Callable[[], datetime] | None = None,
    settings: Settings | None = None,
    **parts,
) -> Newsletter:
    """A service with upgraded tables, memory twins where nothing else is given, and a fixed clock.

    papers: what its source announces on Monday.
    """
    clock = clock or Clock()
    settings = settings or settings_for(folder)
    given = {
        "store": open_store(settings.database_url, clock=clock),
        "seen": MemorySeen(),
        "spacing": MemorySpacing(),
        "transport": MemoryTransport(),
        "sources": (MemorySource({MONDAY.date(): papers}),),
    }
    if settings.templates_dir is None:
        given["renderer"] = a_renderer()
    return Newsletter(settings, clock=clock, **(given | parts))


def open_store(url: str, **options) -> Store:
    """A store with the tables of this version.

    A new file of SQLite gets a copy of theirs: to make them takes the time of a whole test.
    """
    store = Store(url, **options)
    if store.is_sqlite and not Path(store.url.database).exists():
        Path(store.url.database).write_bytes(_empty_tables())
    else:
        store.upgrade()
    return store


@cache
def _empty_tables() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "empty.db"
        store = Store(f"sqlite:///{path}")
        store.upgrade()
        store.close()  # the last to leave brings what is in the log into the file
        return path.read_bytes()


@cache
def a_renderer() -> Renderer:
    """One for all tests of a process: half the time of a test that sends a mail is its making."""
    return Renderer(template_loader(None))


def add_reader(newsletter: Newsletter, name: str, *filters: str, **values) -> Subscriber:
    """An active subscriber NAME@example.org."""
    return newsletter.add_subscriber(
        f"{name}@example.org", wishes(*filters, **values), is_confirmed=True
    )


def wait_until(is_done: Callable[[], bool], *, seconds: float = 120) -> None:
    """Return as soon as the condition holds; fail when it does not in time."""
    give_up = time.monotonic() + seconds
    while not is_done():
        assert time.monotonic() < give_up, f"not within {seconds} seconds"
        time.sleep(0.05)


def children_of(pid: int) -> list[int]:
    """Its child processes, by the parent that each process tells: few kernels list them."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it has just ended
            # proc(5): number, (name), state, parent; the name may hold anything
            if int(path.read_text(errors="replace").rpartition(")")[2].split()[1]) == pid:
                found.append(int(path.parent.name))
    return found


ENDED = ("Z", "")  # states of a process: not looked after yet, and gone


def state_of(pid: int) -> str:
    """What a process does, as proc(5) tells it: T is stopped; see ENDED."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[0]
    except OSError:
        return ""


class Hand:
    """A clock of seconds that moves when it is told to."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now
