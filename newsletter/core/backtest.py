"""What a filter would have brought lately, and what is odd about it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import islice

from newsletter.core.filters import Filter, parse_filter
from newsletter.core.filters.tree import Leaf, Name, Node, Not, Number, Value, Words
from newsletter.core.lint import MOST_HINTS, Hint, lint
from newsletter.core.marking import Span, mark
from newsletter.core.matching import PaperIndex
from newsletter.core.matching.index import positions
from newsletter.core.papers import Paper
from newsletter.core.spelling import Vocabulary, misspelt, together, vocabulary_of

MAX_DAYS = 90  # that are looked at: a word that none of their papers holds is told
BROAD = 0.4  # of all papers; a digest takes ten of them
ENOUGH = 20  # papers, for a share of them to say anything


@dataclass(frozen=True, slots=True, kw_only=True)
class DayCount:
    """One day's papers and how many of them the filter selects."""

    date: date
    papers: int
    matches: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A term that brought the paper, as the mail writes it. place: "title", "keywords",
    "abstract", "authors", "organisation", or "" for a fact or an exclusion.
    """

    words: str
    place: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A paper that the filter selects. spans: where the words stand in its title, as (from, up to)
    offsets in order, none over another.
    """

    paper: Paper
    found: tuple[Found, ...] = ()
    spans: tuple[Span, ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        return tuple(one.words for one in self.found)


@dataclass(frozen=True, slots=True, kw_only=True)
class BackTest:
    """What a filter would have brought in the last days.

    filter: canonical. span: how many days were looked at, the last one that has papers included.
    days: those of them that have papers, oldest first. matches: the newest day first, then most
    upvoted; of many perhaps only the first. warnings: what its reader may want to change.
    """

    filter: str
    span: int
    days: tuple[DayCount, ...] = ()
    matches: tuple[Match, ...] = ()
    warnings: tuple[Hint, ...] = ()

    @property
    def papers(self) -> int:
        return sum(day.papers for day in self.days)

    @property
    def total(self) -> int:
        """How many papers match."""
        return sum(day.matches for day in self.days)

    @property
    def per_day(self) -> float:
        """Matches on a day that has papers; 0.0 where no day has any."""
        return self.total / len(self.days) if self.days else 0.0


@dataclass(frozen=True, slots=True)
class PaperDay:
    """One day's papers made ready for any number of filters."""

    on: date
    index: PaperIndex
    vocabulary: Vocabulary

    @classmethod
    def of(cls, on: date, papers: Sequence[Paper]) -> "PaperDay":
        return cls(on, PaperIndex(papers), vocabulary_of(papers))


@dataclass(frozen=True, slots=True)
class Past:
    """The days that filters are tried on, oldest first, at most MAX_DAYS apart; each has papers."""

    days: tuple[PaperDay, ...]
    vocabulary: Vocabulary

    @classmethod
    def of(cls, days: Sequence[PaperDay]) -> "Past":
        return cls(tuple(days), together([day.vocabulary for day in days]))

    def has(self, text: str) -> bool:
        """Whether any paper of these days passes this filter."""
        wanted = parse_filter(text)
        return any(day.index.match(wanted) for day in self.days)


def back_test(wanted: Filter, past: Past, *, days: int, most: int | None = None) -> BackTest:
    """What this filter would have brought in the last `days` days, from 1 to MAX_DAYS.

    The last of them is the last day that has papers. most: so many matches are told in full, which
    takes longer than finding them all.
    """
    first = past.days[-1].on - timedelta(days=days - 1) if past.days else date.max
    recent = [day for day in past.days if day.on >= first]
    selected = [day.index.match(wanted) for day in recent]
    counts = tuple(
        DayCount(date=day.on, papers=len(day.index.papers), matches=bits.bit_count())
        for day, bits in zip(recent, selected, strict=True)
    )
    part = _part(wanted.tree)
    every = (
        match
        for day, bits in zip(reversed(recent), reversed(selected), strict=True)
        for match in _matches(day.index, wanted, part, bits)
    )
    matches = tuple(every if most is None else islice(every, most))
    shown = BackTest(filter=wanted.text, span=days, days=counts, matches=matches)
    return replace(shown, warnings=_warnings(shown, wanted, past))


# --- Matches ---


def matches_of(index: PaperIndex, wanted: Filter) -> tuple[Match, ...]:
    """The papers of one day that the filter selects, best first."""
    return tuple(_matches(index, wanted, _part(wanted.tree), index.match(wanted)))


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a filter as a filter of its own, with the parts below it."""

    filter: Filter
    below: tuple["_Part", ...] = ()


def _part(node: Node) -> _Part:
    below = () if isinstance(node, Leaf | Not) else tuple(map(_part, node.children))
    return _Part(Filter.of(node), below)


def _matches(index: PaperIndex, wanted: Filter, part: _Part, bits: int) -> Iterator[Match]:
    """The matches of one day, best first."""
    titled: dict[int, list[Words]] = {k: [] for k in positions(bits)}
    places: dict[int, dict[str, str]] = {k: {} for k in titled}
    for leaf, passed in _brought(index, part, bits):
        left = passed
        for place, narrowed in _places(leaf):
            there = index.match(narrowed) & left if narrowed else left
            left &= ~there
            for k in positions(there):
                places[k].setdefault(leaf.label, place)
                if place == "title" and isinstance(leaf, Words):
                    titled[k].append(leaf)
    for k, terms in titled.items():
        paper = index.papers[k]
        words = index.reasons(wanted, k)
        yield Match(
            paper=paper,
            found=tuple(Found(words=one, place=places[k].get(one, "")) for one in words),
            spans=mark(paper.title, terms) if terms else (),
        )


def _brought(index: PaperIndex, part: _Part, bits: int) -> Iterator[tuple[Leaf, int]]:
    """The terms outside of any NOT, each with those of the papers that it helped to bring."""
    bits &= index.match(part.filter)
    tree = part.filter.tree
    if bits and isinstance(tree, Leaf):
        yield tree, bits
    elif bits:
        for below in part.below:
            yield from _brought(index, below, bits)


def _places(leaf: Leaf) -> Iterator[tuple[str, Filter | None]]:
    """The places where a term may be found, best first, each with the term for only there."""
    if isinstance(leaf, Words) and not leaf.field:
        for field in ("title", "keyword", "abstract"):
            there = replace(leaf, field=field, text=f"{field}:{leaf.value}")
            yield _PLACES[field], Filter.of(there)
    else:
        yield _PLACES.get(leaf.field, ""), None


_PLACES = {
    "title": "title",
    "keyword": "keywords",
    "abstract": "abstract",
    "author": "authors",
    "org": "organisation",
}


# --- Warnings ---


def _warnings(shown: BackTest, wanted: Filter, past: Past) -> tuple[Hint, ...]:
    hints = lint(wanted.tree)
    if not past.days:
        return hints
    return (*_measured(shown, wanted, past, hints), *_unknown(wanted.tree, past), *hints)


def _measured(shown: BackTest, wanted: Filter, past: Past, hints: Sequence[Hint]) -> Iterator[Hint]:
    """Too many papers or none; not where it is meant so or explained by a contradiction."""
    count = shown.total
    if count > BROAD * shown.papers and shown.papers >= ENOUGH and wanted.text != "*":
        share = f"{count / shown.papers:.0%}".replace("%", " %")
        yield Hint(kind="broad", text=f"matches {share} of all papers: narrow it, or write `*`")
    is_clear = any(hint.kind == "contradiction" for hint in hints)
    if not count and not is_clear and not past.has(wanted.text):
        days, papers = len(past.days), past.vocabulary.papers
        looked = (
            f"{papers} paper{'' if papers == 1 else 's'} on {days} day{'' if days == 1 else 's'}"
        )
        text = f"never matched in the last {MAX_DAYS} days ({looked})"
        yield Hint(kind="never", text=text)


def _unknown(tree: Node, past: Past) -> Iterator[Hint]:
    """Words that no paper holds, and kinds of facts that no source tells."""
    told: set[str] = set()
    for leaf in _leaves(tree):
        if past.has(leaf.text):
            continue
        for word, meant in misspelt(leaf, past.vocabulary):
            if not _is_written(word, leaf, past):
                told.add(f"`{word}`: did you mean `{meant}`?")
    yield from (Hint(kind="spelling", text=text) for text in sorted(told)[:MOST_HINTS])
    fields = {leaf.field for leaf in _leaves(tree) if _is_told_nowhere(leaf, past)}
    for field in sorted(fields):
        text = f"no stored paper tells its {_TOLD[field]}, so `{field}:` matches none"
        yield Hint(kind="unknown", text=text)


def _is_written(word: str, leaf: Leaf, past: Past) -> bool:
    """Whether papers write this word with another ending."""
    field = "org:" if leaf.field == "org" else ""
    return isinstance(leaf, Words) and past.has(f'{field}"{word}"')


def _leaves(node: Node) -> Iterator[Leaf]:
    if isinstance(node, Leaf):
        yield node
    elif isinstance(node, Not):
        yield from _leaves(node.child)
    else:
        for child in node.children:
            yield from _leaves(child)


_TOLD = {
    "cat": "categories",
    "org": "organisation",
    "author": "authors",
    "upvotes": "upvotes",
    "comments": "comments",
    "stars": "stars",
}


def _is_told_nowhere(leaf: Leaf, past: Past) -> bool:
    match leaf:
        case Value(field="cat"):
            return not past.vocabulary.categories
        case Words(field="org"):
            return not past.vocabulary.organizations
        case Name():
            return not past.vocabulary.names
        case Number(field=field) if field in _TOLD:
            return not past.has(f"{field}:>=0")
        case _:
            return False
