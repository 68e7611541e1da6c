"""arXiv's XML: the answers of its API and its daily feeds (Atom and RSS 2.0), bytes in, papers out.

Nothing outside a document is ever read for it: no entities, no document type, no network.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from email.utils import parsedate_to_datetime

from lxml import etree

from newsletter.adapters.sources import reading
from newsletter.core.papers import Paper
from newsletter.core.tex import readable
from newsletter.core.works import arxiv_id, doi, merge, work_id
from newsletter.errors import SourceUnavailable

ARXIV = "arxiv"
NAMESPACES = {
    "a": "http://www.w3.org/2005/Atom",
    "arxiv": "http://arxiv.org/schemas/atom",
    "dc": "http://purl.org/dc/elements/1.1/",
    "search": "http://a9.com/-/spec/opensearch/1.1/",
}
# Of the daily feed's types only these announce; "replace" and "replace-cross" are new versions.
ANNOUNCED = frozenset({"new", "cross"})

# As in: arXiv:2508.13167v1 Announce Type: new, and on the next line: Abstract: …
_HEAD = re.compile(r"\s*arXiv:\S+\s+Announce Type:\s*(\S+)\s+(?:Abstract:\s*)?", re.IGNORECASE)
# XML 1.0 section 2.2 has no place for these, neither as they are nor as a reference.
_NOT_XML = re.compile(
    rb"[\x00-\x08\x0b\x0c\x0e-\x1f]"
    rb"|&#x0*(?:[0-8bcef]|1[0-9a-f]|d[89a-f]..|fff[ef]);"
    rb"|&#0*(?:[0-8]|1[124-9]|2[0-9]|3[01]);",
    re.IGNORECASE,
)
_SUFFIX = re.compile(r"(?:Jr|Sr)\.?|I{2,3}|IV")


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


class _Broken(Exception):
    """An entry that is no paper; the text says why."""


def parse_atom_api(body: bytes, day: date | None = None, *, source: str = ARXIV) -> Page:
    """The papers in an answer of `/api/query`, in its order.

    day: the day they count as announced on; None for the date of each one's first version.
    Raises SourceUnavailable when the body is no such answer, or reports an error.
    """
    root = _root(body, source)
    if root.tag != _name("a:feed"):
        raise SourceUnavailable(source, f"the answer is {_shown(root)}, not an Atom feed")
    entries = root.findall("a:entry", NAMESPACES)
    for entry in entries:
        if "/api/errors" in _text(entry, "a:id"):
            raise SourceUnavailable(source, f"the query was refused: {_text(entry, 'a:summary')}")
    papers, skipped = _each(entries, lambda entry: _api_paper(entry, day))
    total = reading.number(_text(root, "search:totalResults"))
    return Page(papers=papers, skipped=skipped, entries=len(entries), total=total)


def parse_feed(body: bytes, *, source: str = ARXIV) -> Page:
    """The papers that a daily feed announces, Atom or RSS 2.0; replacements are left out.

    Raises SourceUnavailable when the body is no such feed.
    """
    root = _root(body, source)
    reader, path = _FEEDS.get(str(root.tag), (None, ""))
    if reader is None:
        raise SourceUnavailable(source, f"the answer is {_shown(root)}, neither Atom nor RSS 2.0")
    day = _date(_text(root, "a:updated", "channel/pubDate", "channel/lastBuildDate"))
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


def _root(body: bytes, source: str) -> etree._Element:
    """The document's root. Control characters, which XML forbids and some abstracts have, go."""
    try:
        root = _parse(body)
    except etree.XMLSyntaxError as error:
        try:
            root = _parse(_NOT_XML.sub(b"", body))
        except etree.XMLSyntaxError:
            reason = f"the answer is not well-formed XML, or is cut off: {reading.text(error.msg)}"
            raise SourceUnavailable(source, reason) from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise SourceUnavailable(source, "the answer has a document type, which no feed has")
    return root


def _parse(body: bytes) -> etree._Element:
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    return etree.fromstring(body, parser)


def _each(
    entries: Iterable[etree._Element], read: Callable[[etree._Element], Paper | None]
) -> tuple[tuple[Paper, ...], tuple[str, ...]]:
    """The papers among the entries, one for each work, and a sentence for each broken one."""
    papers, skipped = [], []
    for place, entry in enumerate(entries, start=1):
        try:
            paper = read(entry)
        except _Broken as problem:
            name = reading.text(_text(entry, "a:id", "guid", "link"), 60)
            skipped.append(f"entry {place}{f' ({name})' if name else ''}: {problem}")
            continue
        if paper is not None:
            papers.append(paper)
    return merge(papers), tuple(skipped)


def _api_paper(entry: etree._Element, day: date | None) -> Paper:
    published_at = reading.instant(_text(entry, "a:published", "a:updated"))
    featured_on = day or (published_at.date() if published_at else None)
    if featured_on is None:
        raise _Broken("no date")
    primary = [
        node.get("term", "") for node in entry.iterfind("arxiv:primary_category", NAMESPACES)
    ]
    authors = (_text(author, "a:name") for author in entry.iterfind("a:author", NAMESPACES))
    return _paper(
        entry,
        identifier=_text(entry, "a:id"),
        abstract=_text(entry, "a:summary"),
        authors=authors,
        categories=[*primary, *_terms(entry)],
        published_at=published_at,
        featured_on=featured_on,
    )


def _atom_paper(entry: etree._Element, day: date | None) -> Paper | None:
    return _announced(
        entry,
        day,
        identifier=_text(entry, "a:id"),
        summary=_text(entry, "a:summary"),
        categories=_terms(entry),
        published=_text(entry, "a:published"),
    )


def _rss_paper(entry: etree._Element, day: date | None) -> Paper | None:
    return _announced(
        entry,
        day,
        identifier=_text(entry, "guid", "link"),
        summary=_text(entry, "description"),
        categories=[_inside(node) for node in entry.iterfind("category")],
        published=_text(entry, "pubDate"),
    )


_FEEDS = {
    f"{{{NAMESPACES['a']}}}feed": (_atom_paper, "a:entry"),
    "rss": (_rss_paper, "channel/item"),
}


def _announced(
    entry: etree._Element,
    day: date | None,
    *,
    identifier: str,
    summary: str,
    categories: list[str],
    published: str,
) -> Paper | None:
    """An entry of a daily feed as a paper; None for a new version of an old one."""
    head = _HEAD.match(summary)
    kind = _text(entry, "arxiv:announce_type") or (head[1] if head else "")
    if kind and kind.lower() not in ANNOUNCED:
        return None
    announced_on = _date(published) or day
    if announced_on is None:
        raise _Broken("no date")
    at = _instant(published)
    return _paper(
        entry,
        identifier=identifier,
        abstract=summary[head.end() :] if head else summary,
        authors=_parted(_text(entry, "dc:creator")),
        categories=categories,
        # The feed tells when it announced. For a paper that was listed elsewhere before, that is
        # not when it was published.
        published_at=at if kind.lower() == "new" or _is_recent(identifier, announced_on) else None,
        featured_on=announced_on,
    )


def _paper(
    entry: etree._Element,
    *,
    identifier: str,
    abstract: str,
    authors: Iterable[str],
    categories: Iterable[str],
    published_at: datetime | None,
    featured_on: date,
) -> Paper:
    """The paper that all three kinds of entries come to."""
    title = reading.text(_text(entry, "a:title", "title"), reading.MAX_TITLE)
    if not title:
        raise _Broken("no title")
    doi_text = _text(entry, "arxiv:doi", "arxiv:DOI")
    names = reading.kept(map(_author, authors), reading.MAX_AUTHORS)
    return Paper(
        id=work_id(title, identifier=identifier, doi_text=doi_text),
        title=title,
        abstract=reading.long_text(abstract),
        authors=names,
        author_count=len(names),
        published_at=published_at,
        featured_on=featured_on,
        categories=reading.once(map(reading.text, categories), 30),
        sources=(ARXIV,),
        doi="" if arxiv_id(doi_text) else doi(doi_text),
        comment=reading.text(_text(entry, "arxiv:comment"), 1_000),
    )


def _author(name: str) -> str:
    r"""A name with its accents (`M\"uller` is Müller); "" for what is no name, such as ":"."""
    shown = readable(name).replace("{", "").replace("}", "") if "\\" in name else name
    shown = reading.person(shown)
    return shown if any(map(str.isalpha, shown)) else ""


def _parted(creators: str) -> Iterator[str]:
    """The names in "Ada Lovelace, Mary Boole, Jr., Emmy Noether", without splitting off "Jr."."""
    name = ""
    for part in re.split(r",\s+", creators):
        if name and _SUFFIX.fullmatch(part.strip()):
            name = f"{name}, {part.strip()}"
            continue
        yield name
        name = part
    yield name


def _is_recent(identifier: str, announced_on: date) -> bool:
    """Whether an id's month ("2508.13167") is that of the announcement or the one before it."""
    found = re.match(r"(\d\d)(\d\d)\.", arxiv_id(identifier))
    if found is None:
        return False
    months = (announced_on.year - 2000) * 12 + announced_on.month
    return months - (int(found[1]) * 12 + int(found[2])) in (0, 1)


def _terms(entry: etree._Element) -> list[str]:
    return [node.get("term", "") for node in entry.iterfind("a:category", NAMESPACES)]


def _text(node: etree._Element, *paths: str) -> str:
    """The text at the first of these paths that has any."""
    return reading.first(
        _inside(found) for path in paths for found in node.iterfind(path, NAMESPACES)
    )


def _inside(node: etree._Element) -> str:
    return "".join(str(part) for part in node.itertext()).strip()


def _instant(text: str) -> datetime | None:
    """An instant as Atom writes it (ISO 8601) or as RSS does (RFC 822), in UTC."""
    return reading.instant(text) or reading.in_utc(_mail_date(text))


def _date(text: str) -> date | None:
    """The date as it is written, in its own zone: midnight at -04:00 is that day."""
    at = _mail_date(text)
    if at is None:
        try:
            at = datetime.fromisoformat(text)
        except ValueError:
            return None
    return at.date() if reading.in_utc(at) else None


def _mail_date(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _name(short: str) -> str:
    prefix, _, name = short.partition(":")
    return f"{{{NAMESPACES[prefix]}}}{name}"


def _shown(root: etree._Element) -> str:
    return f"<{reading.text(etree.QName(root).localname, 40)}>"
