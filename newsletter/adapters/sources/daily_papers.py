"""The records of Hugging Face's Daily Papers, in every shape they had: bytes in, papers out.

A missing key is normal. A record without a title cannot be a paper; it is named and left out.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from functools import partial

from newsletter.adapters.sources import reading
from newsletter.core.papers import Fetched, Organization, Paper
from newsletter.core.works import arxiv_id, doi, merge, work_id
from newsletter.errors import SourceUnavailable

HUGGINGFACE = "huggingface"

Record = dict[str, object]


class _Broken(Exception):
    """A record that is no paper; the text says why."""


def parse_daily_papers(
    body: bytes | str, day: date, *, source: str = HUGGINGFACE, flat_source: str = HUGGINGFACE
) -> Fetched:
    """The papers in the answer of `/api/daily_papers`, one for each work, in its order.

    Takes all shapes since 2024 and flat hand-made records (title, summary, author_count,
    organization, published_date, num_comments). day: when a record does not say on which day it
    was featured. source: the name in errors; flat_source: where flat records say they are from.
    Raises SourceUnavailable when the body is not a JSON array as a whole.
    """
    papers, skipped = [], []
    for place, entry in enumerate(parse_entries(body, source), start=1):
        try:
            papers.append(_parse_entry(entry, day, flat_source))
        except _Broken as problem:
            name = entry_id(entry)
            skipped.append(f"entry {place}{f' ({name})' if name else ''}: {problem}")
    return Fetched(papers=merge(papers), skipped=tuple(skipped))


def parse_entries(body: bytes | str, source: str = HUGGINGFACE) -> list[object]:
    """The records as they are. Raises SourceUnavailable when the body is not a JSON array."""
    content = reading.parse_json(body, source)
    if isinstance(content, list):
        return content
    reason = reading.text(reading.mapping(content).get("error"))
    found = f"says {reason!r}" if reason else f"is {_kind(content)}"
    raise SourceUnavailable(source, f"the answer {found} where a list of papers belongs")


def entry_id(entry: object) -> str:
    """What the record calls itself, cut for a log line; "" when it does not."""
    record = reading.mapping(entry)
    return reading.text(reading.mapping(record.get("paper")).get("id") or record.get("id"), 40)


def _parse_entry(entry: object, day: date, flat_source: str) -> Paper:
    """One record: an entry holds a `paper`, and repeats some of it outside; flat ones do not."""
    if not isinstance(entry, dict):
        raise _Broken(f"it is {_kind(entry)}, not an object")
    inner = reading.mapping(entry.get("paper"))
    # The inner values come first: the outer publishedAt is shifted by hours, the outer summary
    # was missing until 2025.
    either = partial(_values, inner, entry)
    title = reading.first(reading.text(v, reading.MAX_TITLE) for v in either("title"))
    if not title:
        raise _Broken("no title")
    authors = _authors(next(either("authors"), None))
    identifier = reading.first(reading.text(v) for v in either("id"))
    doi_text = reading.first(reading.text(v) for v in either("doi"))
    stated = next((n for n in map(reading.number, either("author_count")) if n is not None), 0)
    return Paper(
        id=work_id(title, identifier=identifier, doi_text=doi_text),
        title=title,
        abstract=reading.first(map(reading.long_text, either("summary"))),
        featured_on=_featured_on(inner, day),
        authors=authors,
        author_count=max(len(authors), stated),
        organization=_organization(either("organization", "submitterOrganization")),
        upvotes=_number(either("upvotes")),
        comments=_number(either("numComments", "num_comments")),
        published_at=next(
            filter(None, map(reading.instant, either("publishedAt", "published_date"))), None
        ),
        keywords=_keywords(next(either("ai_keywords", "keywords"), None)),
        short_summary=reading.first(reading.text(v, 1_000) for v in either("ai_summary")),
        code_url=_url(either("githubRepo")),
        code_stars=_number(either("githubStars")),
        project_url=_url(either("projectPage")),
        thumbnail_url=_url(either("thumbnail", "mediaUrl")),  # mediaUrl: until June 2024
        media_urls=_urls(next(either("mediaUrls"), None)),
        submitter=_submitter(either("submittedBy", "submittedOnDailyBy")),
        sources=(HUGGINGFACE if inner else flat_source,),
        doi="" if arxiv_id(doi_text) else doi(doi_text),
    )


def _values(inner: Record, outer: Record, *names: str) -> Iterator[object]:
    """What stands under these names, name by name, inside before outside; nulls are absent."""
    for name in names:
        for record in (inner, outer):
            if record.get(name) is not None:
                yield record[name]


def _featured_on(inner: Record, day: date) -> date:
    """The day it was put on the list. A clock that is off by over a month is not believed."""
    stated = reading.day_in(inner.get("submittedOnDailyAt"))
    return stated if stated and abs(stated - day) <= timedelta(days=31) else day


def _authors(value: object) -> tuple[str, ...]:
    """Names in order; an author marked hidden was found not to be one."""
    return reading.kept(map(_author, reading.items(value)), reading.MAX_AUTHORS)


def _author(value: object) -> str:
    record = reading.mapping(value)
    if record.get("hidden") in (True, "true", 1):
        return ""
    return reading.person(
        value, record.get("name"), reading.mapping(record.get("user")).get("fullname")
    )


def _organization(values: Iterator[object]) -> Organization | None:
    for value in values:
        record = reading.mapping(value)
        name = reading.text(record.get("name")) or reading.text(value)
        full_name = reading.text(record.get("fullname")) or name
        if full_name:
            return Organization(name=name or full_name, full_name=full_name)
    return None


def _submitter(values: Iterator[object]) -> str:
    """The name for people, else the account. Some accounts have an e-mail address as a name."""
    for value in values:
        record = reading.mapping(value)
        name = reading.person(record.get("fullname"), record.get("name"), record.get("user"))
        if name:
            return name
    return ""


def _keywords(value: object) -> tuple[str, ...]:
    words = value.split(",") if isinstance(value, str) else reading.items(value)
    return reading.once((reading.text(word, 100) for word in words), reading.MAX_KEYWORDS)


def _urls(value: object) -> tuple[str, ...]:
    addresses = [value] if isinstance(value, str) else reading.items(value)
    return reading.once(map(reading.url, addresses), reading.MAX_MEDIA)


def _url(values: Iterator[object]) -> str:
    return reading.first(map(reading.url, values))


def _number(values: Iterator[object]) -> int | None:
    return next((n for n in map(reading.number, values) if n is not None), None)


def _kind(value: object) -> str:
    """What a JSON value is, in words."""
    kinds = {dict: "an object", list: "a list", str: "a text", bool: "true or false"}
    return kinds.get(type(value), "nothing" if value is None else "a number")
