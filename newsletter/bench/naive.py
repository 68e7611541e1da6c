"""The obvious way to find a reader's papers: each of the reader's terms in each of the papers.

It is kind to itself: the papers' texts and the filters are made ready beforehand, and it knows no
word forms and no accents. It only has to show what a loop costs.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from newsletter.core.filters.tree import And, Name, Node, Not, Number, Or, Value, Words
from newsletter.core.matching.facts import HAVING, NUMBERS
from newsletter.core.papers import Paper

_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Readable:
    """A paper with its words in lower case, a blank around each."""

    paper: Paper
    title: str
    text: str
    authors: str


Test = Callable[[Readable], bool]


def readable(paper: Paper) -> Readable:
    texts = (paper.title, paper.abstract, *paper.keywords)
    return Readable(paper, _spaced((paper.title,)), _spaced(texts), _spaced(paper.authors))


def _spaced(texts: Sequence[str]) -> str:
    return " | ".join(["", *(" ".join(_WORD.findall(text.lower())) for text in texts), ""])


def best(test: Test, papers: Sequence[Readable], *, most: int) -> list[Readable]:
    """The papers that pass, those with the most upvotes first."""
    found = [paper for paper in papers if test(paper)]
    found.sort(key=lambda one: -(one.paper.upvotes or 0))
    return found[:most]


def test_of(node: Node) -> Test:
    """The condition as a function."""
    if isinstance(node, And | Or):
        tests = [test_of(child) for child in node.children]
        if isinstance(node, And):
            return lambda paper: all(test(paper) for test in tests)
        return lambda paper: any(test(paper) for test in tests)
    if isinstance(node, Not):
        kept_out = test_of(node.child)
        return lambda paper: not kept_out(paper)
    match node:
        case Words():
            return _words_test(node)
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


def _words_test(words: Words) -> Test:
    written = " ".join(piece for unit in words.units for piece in unit.pieces).lower()
    wanted = f" {written}" if words.units[-1].is_prefix else f" {written} "
    if words.field == "title":
        return lambda paper: wanted in paper.title
    return lambda paper: wanted in paper.text
