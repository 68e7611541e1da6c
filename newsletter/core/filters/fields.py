"""The fields of a filter: a table. A new field is a row here and a line in `core.matching`."""

from difflib import get_close_matches
from enum import StrEnum


class Kind(StrEnum):
    """How the value after `field:` is read."""

    WORDS = "words"
    NAME = "name"
    VALUE = "value"
    NUMBER = "number"
    DAY = "day"
    HAS = "has"


FIELDS = {
    "title": Kind.WORDS,
    "abstract": Kind.WORDS,
    "keyword": Kind.WORDS,
    "org": Kind.WORDS,
    "author": Kind.NAME,
    "cat": Kind.VALUE,
    "id": Kind.VALUE,
    "source": Kind.VALUE,
    "upvotes": Kind.NUMBER,
    "comments": Kind.NUMBER,
    "stars": Kind.NUMBER,
    "authors": Kind.NUMBER,
    "published": Kind.DAY,
    "has": Kind.HAS,
}
SHORT = {"ti": "title", "abs": "abstract", "kw": "keyword", "au": "author"}
HAS = ("code", "project", "media", "org")

# What people write instead, where the letters alone would not show it.
_MEANT = {
    "affiliation": "org", "arxiv": "id", "category": "cat", "date": "published", "doi": "id",
    "github": "stars", "institution": "org", "likes": "upvotes", "name": "author",
    "organisation": "org", "organization": "org", "summary": "abstract", "tag": "keyword",
    "topic": "keyword", "votes": "upvotes", "year": "published",
}  # fmt: skip


def find_field(name: str) -> str | None:
    """The field of this name, long or short, in any case; None when there is none."""
    name = name.lower()
    name = SHORT.get(name, name)
    return name if name in FIELDS else None


def unknown_field(name: str) -> str:
    """The problem in words, with the field that was meant where one is near."""
    shown = name if len(name) <= 30 else name[:30] + "…"
    known = [*FIELDS, *SHORT, *_MEANT]
    near = get_close_matches(name.lower()[:30], known, n=1, cutoff=0.6)
    if near:
        meant = _MEANT.get(near[0], near[0])
        return f"unknown field `{shown}:`: did you mean `{meant}:`?"
    return (
        f"unknown field `{shown}:`: the fields are {', '.join(FIELDS)}; "
        f'a word with a colon goes in quotes, as in "{shown}: …"'
    )


def unknown_has(value: str) -> str:
    """The same for the value after `has:`."""
    near = get_close_matches(value.lower()[:30], HAS, n=1, cutoff=0.5)
    hint = f"did you mean `has:{near[0]}`?" if near else f"it takes {', '.join(HAS)}"
    return f"a paper cannot have `{value[:30]}`: {hint}"
