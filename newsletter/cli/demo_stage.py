"""The demo's stage: one recorded day, six readers, and servers in a folder of its own."""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import newsletter
from newsletter.core.subscribers import TopicText, Wishes
from newsletter.errors import NotFound, Refused
from newsletter.settings import PREFIX, Settings, read_settings

if TYPE_CHECKING:
    from newsletter.adapters.embedded.processes import Children
    from newsletter.app import Newsletter
    from newsletter.cli.local import Place

BUNDLED = Path(newsletter.__file__).with_name("demo_day")
NO_PAGES_URL = "http://127.0.0.1:8000"  # what links begin with when nothing is served
DAYS_NAMED = 6  # of each end, where a list of days is long


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """All that runs for the demo. place: None when no pages are served."""

    newsletter: "Newsletter"
    children: "Children"
    day: date
    place: "Place | None"
    inbox: Path
    worker_log: Path


def find_day(folder: Path | None, day: date | None) -> tuple[date, list[Path]]:
    """The recorded day to use and its files; the newest when none is named. Raises NotFound."""
    from newsletter.adapters.sources.folder import FolderSource

    place = folder or BUNDLED
    if not place.is_dir():
        raise NotFound(f"There is no folder {str(place)!r}: name one of recorded days with --data.")
    days = sorted(FolderSource(place).days())
    if not days:
        raise NotFound(
            f"{place} holds no recorded day: its files must be named like 2026-06-16.json."
        )
    day = day or days[-1]
    if day not in days:
        where = f"{place} holds" if folder else "The demo brings along"
        raise NotFound(f"There is no paper of {day}: {where} {_named(days)}.")
    return day, sorted(path for path in place.iterdir() if day.isoformat() in path.name)


def _named(days: list[date]) -> str:
    if len(days) <= 2 * DAYS_NAMED + 1:
        return ", ".join(map(str, days))
    ends = [*map(str, days[:DAYS_NAMED]), "…", *map(str, days[-DAYS_NAMED:])]
    return f"{len(days)} days: {', '.join(ends)}"


def forget_environment() -> None:
    """The demo is the same for everybody: no setting of this account reaches it."""
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        del os.environ[name]


@contextmanager
def workspace(out: Path | None) -> Iterator[tuple[Path, Path]]:
    """(a folder for everything, the inbox); in the end only the inbox stays, if it has mails.

    Raises Refused where `out` holds something already.
    """
    if out is not None and out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise Refused(f"{out} is not empty: name a new folder with --out.")
    base = Path(tempfile.mkdtemp(prefix="newsletter-demo-")).resolve()
    data, inbox = base / "data", (out or base / "inbox").absolute()
    try:
        data.mkdir()
        inbox.mkdir(parents=True, exist_ok=True)
        yield data, inbox
    finally:
        shutil.rmtree(data, ignore_errors=True)
        for folder in (base,) if out else (inbox, base):
            with suppress(OSError):  # not empty: the mails are meant to stay
                folder.rmdir()


def set_the_stage(
    stack: ExitStack,
    *,
    day: date,
    files: list[Path],
    data: Path,
    inbox: Path,
    place: "Place | None",
) -> Stage:
    """Start queue, inbox, database and worker; all stop when the stack is left."""
    from newsletter.adapters.embedded.inbox import LocalInbox
    from newsletter.adapters.embedded.processes import Children
    from newsletter.adapters.embedded.redis import EmbeddedRedis
    from newsletter.cli.local import worker_job
    from newsletter.cli.opening import opened
    from newsletter.cli.words import say

    papers = data / "papers"
    papers.mkdir()
    for file in files:
        shutil.copyfile(file, papers / file.name)
    redis_url = stack.enter_context(EmbeddedRedis(data / "redis")).url()
    smtp_url = stack.enter_context(LocalInbox(inbox)).url
    settings = _settings(data, papers, place.url if place else NO_PAGES_URL)
    settings = replace(settings, redis_url=redis_url, smtp_url=smtp_url)
    children = stack.enter_context(Children(say))
    log = data / "logs" / "worker.log"
    # One process that does one thing after the other: a whole Celery worker, quick to start.
    children.start(worker_job(settings, folder=data, log=log, pool=("--pool", "solo")))
    service = stack.enter_context(opened(settings))  # meanwhile the worker starts
    return Stage(
        newsletter=service, children=children, day=day, place=place, inbox=inbox, worker_log=log
    )


def _settings(data: Path, papers: Path, base_url: str) -> Settings:
    from newsletter.cli.opening import folder_source

    values = {"DATA_DIR": str(data), "SOURCES": folder_source(papers), "BASE_URL": base_url}
    return read_settings({PREFIX + name: value for name, value in values.items()})


def add_readers(service: "Newsletter") -> list[tuple[str, Wishes]]:
    """The six readers of the demo, confirmed; their addresses and wishes in order."""
    readers = [_reader(one) for one in json.loads((BUNDLED / "readers.json").read_text("utf-8"))]
    for address, wishes in readers:
        service.add_subscriber(address, wishes, is_confirmed=True)
    return readers


def _reader(told: dict[str, Any]) -> tuple[str, Wishes]:
    names = ("cadence", "weekday", "hour", "time_zone", "cap")
    wishes = Wishes(
        topics=tuple(TopicText(name=one["name"], filter=one["filter"]) for one in told["topics"]),
        mutes=tuple(told.get("mutes", ())),
        **{name: told[name] for name in names if name in told},
    )
    return told["address"], wishes
