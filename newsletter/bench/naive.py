"""The obvious way to find a reader's papers: each of the reader's terms in each of the papers.

It finds the same papers in the same order as the index does, where words stand as readers write
them: it knows word forms, but not all the ways to write a compound or a name. The papers' texts are
made ready beforehand; all else is done for each reader, as somebody would write it who has a few.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time

from newsletter.core.filters import Filter
from newsletter.core.filters.tree import And, Leaf, Name, Node, Not, Number, Or, Value, Words
from newsletter.core.filters.words import folded, stems
from newsletter.core.matching.facts import HAVING, NUMBERS
from newsletter.core.matching.ranking import ABSTRACT, KEYWORD, TITLE
from newsletter.core.papers import Paper

_WORD = re.compile(r"\w+")

Spelling = Callable[[str], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Readable:
    """A paper with its texts, a blank around each word: by word stems, and as written but for case.

    Both by field, "" for all three in one.
    """

    paper: Paper
    stems: dict[str, str]
    folded: dict[str, str]
    authors: str


Test = Callable[[Readable], bool]
Score = Callable[[Readable], int]


def readable(paper: Paper) -> Readable:
    fields = {"title": (paper.title,), "keyword": paper.keywords, "abstract": (paper.abstract,)}
    fields[""] = tuple(text for texts in fields.values() for text in texts)
    return Readable(
        paper,
        stems={field: _spaced(texts, stems) for field, texts in fields.items()},
        folded={field: _spaced(texts, folded) for field, texts in fields.items()},
        authors=_spaced(paper.authors, folded),
    )


def _spaced(texts: Sequence[str], spelling: Spelling) -> str:
    lines = (" ".join(spelling(word)[0] for word in _WORD.findall(text)) for text in texts)
    return " | ".join(["", *lines, ""])


def best(filter: Filter, papers: Sequence[Readable], *, most: int) -> list[Readable]:
    """The papers that pass: those with the most upvotes first, then those that fit best."""
    test, score = _test_of(filter.tree), _score_of(filter.tree)
    found = [paper for paper in papers if test(paper)]
    found.sort(key=lambda one: (*_upvotes_and_fit(one, score), *_age_and_id(one.paper)))
    return found[:most]


def _upvotes_and_fit(one: Readable, score: Score) -> tuple[int, int]:
    upvotes = -1 if one.paper.upvotes is None else one.paper.upvotes
    return -upvotes, -score(one)


def _age_and_id(paper: Paper) -> tuple[float, str]:
    at = paper.published_at or datetime.combine(paper.featured_on, time(), UTC)
    return -at.timestamp(), paper.id


def _test_of(node: Node) -> Test:
    """The condition as a function."""
    if isinstance(node, And | Or):
        tests = [_test_of(child) for child in node.children]
        if isinstance(node, And):
            return lambda paper: all(test(paper) for test in tests)
        return lambda paper: any(test(paper) for test in tests)
    if isinstance(node, Not):
        kept_out = _test_of(node.child)
        return lambda paper: not kept_out(paper)
    match node:
        case Words():
            return _words_test(node, node.field)
        case Name():
            name = f" {' '.join((*node.rest, *node.family)).lower()} "
            return lambda paper: name in paper.authors
        case Number():
            number_of, low = NUMBERS[node.field], node.low or 0
            return lambda paper: (number_of(paper.paper) or 0) >= low
        case Value(field="has"):
            return lambda paper: HAVING[node.wanted](paper.paper)
        case _:
            return lambda paper: node.value in paper.paper.categories


def _words_test(words: Words, field: str) -> Test:
    is_prefix = words.units[-1].is_prefix
    spelling = folded if is_prefix else stems
    written = " ".join(spelling(piece)[0] for unit in words.units for piece in unit.pieces)
    if is_prefix:
        start = f" {written}"
        return lambda paper: start in paper.folded[field]
    wanted = f" {written} "
    return lambda paper: wanted in paper.stems[field]


def _score_of(node: Node) -> Score:
    """How well a paper fits that passes: each term counts at its best place."""
    if isinstance(node, Not):
        return lambda _: 0
    if isinstance(node, Leaf):
        return _leaf_score(node)
    scores = [_score_of(child) for child in node.children]
    if isinstance(node, Or):
        return lambda paper: sum(score(paper) for score in scores)
    test = _test_of(node)  # all of them have to hold before one of them counts
    return lambda paper: sum(score(paper) for score in scores) if test(paper) else 0


def _leaf_score(leaf: Leaf) -> Score:
    if isinstance(leaf, Name):
        found = _test_of(leaf)
        return lambda paper: TITLE if found(paper) else 0
    if not isinstance(leaf, Words):
        return lambda _: 0
    values = {"title": TITLE, "keyword": KEYWORD, "abstract": ABSTRACT}
    fields = [leaf.field] if leaf.field else list(values)
    places = [(_words_test(leaf, field), values.get(field, 0)) for field in fields]
    return lambda paper: next((value for test, value in places if test(paper)), 0)
