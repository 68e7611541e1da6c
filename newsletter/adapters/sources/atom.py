"""arXiv's API and daily feeds (Atom and RSS 2.0): bytes of a whole document in, papers out."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from lxml import etree

from newsletter.adapters.sources import reading
from newsletter.adapters.sources.entries import (
    ARXIV,
    NoPaper,
    api_paper,
    atom_paper,
    date_in,
    rss_paper,
)
from newsletter.adapters.sources.markup import NAMESPACES, root_of, shown, tag_of, text_at
from newsletter.core.papers import Paper
from newsletter.core.works import merge
from newsletter.errors import SourceUnavailable


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What one document holds.

    papers, skipped: as in `Fetched`. entries: how many there were, whatever became of them.
    total: of the whole query, None when the document does not say. announced_on: the day of a
    daily feed, None when it does not say.
    """

    papers: tuple[Paper, ...]
    skipped: tuple[str, ...]
    entries: int
    total: int | None = None
    announced_on: date | None = None


_FEEDS = {
    f"{{{NAMESPACES['a']}}}feed": (atom_paper, "a:entry"),
    "rss": (rss_paper, "channel/item"),
}


def parse_atom_api(body: bytes, day: date | None = None, *, source: str = ARXIV) -> Page:
    """The papers in an answer of `/api/query`, in its order.

    day: the day they count as announced on; None for the date of each one's first version.
    Raises SourceUnavailable when the body is no such answer, or reports an error.
    """
    root = root_of(body, source)
    if root.tag != tag_of("a:feed"):
        raise SourceUnavailable(source, f"the answer is {shown(root)}, not an Atom feed")
    entries = root.findall("a:entry", NAMESPACES)
    for entry in entries:
        if "/api/errors" in text_at(entry, "a:id"):
            raise SourceUnavailable(source, f"the query was refused: {text_at(entry, 'a:summary')}")
    papers, skipped = _each(entries, lambda entry: api_paper(entry, day))
    total = reading.number(text_at(root, "search:totalResults"))
    return Page(papers=papers, skipped=skipped, entries=len(entries), total=total)


def parse_feed(body: bytes, *, source: str = ARXIV) -> Page:
    """The papers that a daily feed announces, Atom or RSS 2.0; replacements are left out.

    Raises SourceUnavailable when the body is no such feed.
    """
    root = root_of(body, source)
    reader, path = _FEEDS.get(str(root.tag), (None, ""))
    if reader is None:
        raise SourceUnavailable(source, f"the answer is {shown(root)}, neither Atom nor RSS 2.0")
    day = date_in(text_at(root, "a:updated", "channel/pubDate", "channel/lastBuildDate"))
    entries = root.findall(path, NAMESPACES)
    papers, skipped = _each(entries, lambda entry: reader(entry, day))
    return Page(papers=papers, skipped=skipped, entries=len(entries), announced_on=day)


def parse_any(body: bytes, day: date | None = None, *, source: str = ARXIV) -> Page:
    """The papers in any of these documents: feeds and API answers are told apart by themselves."""
    is_feed = b"announce_type" in body or b"<rss" in body[:2_000]
    return parse_feed(body, source=source) if is_feed else parse_atom_api(body, day, source=source)


def error_in_atom(body: bytes) -> str:
    """The reason in the Atom answer that the API gives with a status of 400; "" without one."""
    try:
        parse_atom_api(body)
    except SourceUnavailable as error:
        return error.reason if "refused" in error.reason else ""
    return ""


def is_whole(body: bytes) -> bool:
    """Whether the body ends as a feed ends, before anybody reads it."""
    return body.rstrip()[-12:].endswith((b"</feed>", b"</rss>", b":feed>"))


def _each(
    entries: Iterable[etree._Element], read: Callable[[etree._Element], Paper | None]
) -> tuple[tuple[Paper, ...], tuple[str, ...]]:
    """The papers among the entries, one for each work, and a sentence for each broken one."""
    papers, skipped = [], []
    for place, entry in enumerate(entries, start=1):
        try:
            paper = read(entry)
        except NoPaper as problem:
            name = reading.text(text_at(entry, "a:id", "guid", "link"), 60)
            skipped.append(f"entry {place}{f' ({name})' if name else ''}: {problem}")
            continue
        if paper is not None:
            papers.append(paper)
    return merge(papers), tuple(skipped)
