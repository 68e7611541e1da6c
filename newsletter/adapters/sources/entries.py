"""One entry of arXiv's API or of its daily feeds → a paper, or why it is none."""

import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from email.utils import parsedate_to_datetime

from lxml import etree

from newsletter.adapters.sources import reading
from newsletter.adapters.sources.markup import NAMESPACES, inside, text_at
from newsletter.core.papers import Paper
from newsletter.core.tex import readable
from newsletter.core.works import arxiv_id, doi, work_id

ARXIV = "arxiv"
# Of the daily feed's types only these announce; "replace" and "replace-cross" are new versions.
ANNOUNCED = frozenset({"new", "cross"})

# As in: arXiv:2508.13167v1 Announce Type: new, and on the next line: Abstract: …
_HEAD = re.compile(r"\s*arXiv:\S+\s+Announce Type:\s*(\S+)\s+(?:Abstract:\s*)?", re.IGNORECASE)
_SUFFIX = re.compile(r"(?:Jr|Sr)\.?|I{2,3}|IV")


class NoPaper(Exception):
    """An entry that is no paper; the text says why."""


def api_paper(entry: etree._Element, day: date | None) -> Paper:
    """day: as in `parse_atom_api`. Raises NoPaper, as the others here do."""
    published_at = reading.instant(text_at(entry, "a:published", "a:updated"))
    featured_on = day or (published_at.date() if published_at else None)
    if featured_on is None:
        raise NoPaper("no date")
    primary = [
        node.get("term", "") for node in entry.iterfind("arxiv:primary_category", NAMESPACES)
    ]
    authors = (text_at(author, "a:name") for author in entry.iterfind("a:author", NAMESPACES))
    return _paper(
        entry,
        identifier=text_at(entry, "a:id"),
        abstract=text_at(entry, "a:summary"),
        authors=authors,
        categories=[*primary, *_terms(entry)],
        published_at=published_at,
        featured_on=featured_on,
    )


def atom_paper(entry: etree._Element, day: date | None) -> Paper | None:
    """An entry of a daily Atom feed. day: the feed's. None for a new version of an old paper."""
    return _announced(
        entry,
        day,
        identifier=text_at(entry, "a:id"),
        summary=text_at(entry, "a:summary"),
        categories=_terms(entry),
        published=text_at(entry, "a:published"),
    )


def rss_paper(entry: etree._Element, day: date | None) -> Paper | None:
    """The same of an RSS feed."""
    return _announced(
        entry,
        day,
        identifier=text_at(entry, "guid", "link"),
        summary=text_at(entry, "description"),
        categories=[inside(node) for node in entry.iterfind("category")],
        published=text_at(entry, "pubDate"),
    )


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
    kind = text_at(entry, "arxiv:announce_type") or (head[1] if head else "")
    if kind and kind.lower() not in ANNOUNCED:
        return None
    announced_on = date_in(published) or day
    if announced_on is None:
        raise NoPaper("no date")
    at = _instant(published)
    return _paper(
        entry,
        identifier=identifier,
        abstract=summary[head.end() :] if head else summary,
        authors=_parted(text_at(entry, "dc:creator")),
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
    title = reading.text(text_at(entry, "a:title", "title"), reading.MAX_TITLE)
    if not title:
        raise NoPaper("no title")
    doi_text = text_at(entry, "arxiv:doi", "arxiv:DOI")
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
        comment=reading.text(text_at(entry, "arxiv:comment"), 1_000),
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


def _instant(text: str) -> datetime | None:
    """An instant as Atom writes it (ISO 8601) or as RSS does (RFC 822), in UTC."""
    return reading.instant(text) or reading.in_utc(_mail_date(text))


def date_in(text: str) -> date | None:
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
