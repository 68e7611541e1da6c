"""Which of the papers that pass a filter come first, and which of its terms brought them.

How well a filter matched is the number of terms in the title, then in the keywords, then in the
abstract, each term at its best place. It is counted for all papers at once, in binary, each digit a
bit set; so hundreds of papers with equal upvotes are put in order as quickly as two.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

MOST_REASONS = 4
FEW = 8  # papers that are put in order more quickly one by one


class Hits(NamedTuple):
    """The papers that a term brings, as bit sets. title, keyword, abstract: each at its best place
    only. label: the term as a reader likes to see it, "" for what does not count as a reason.
    """

    papers: int
    title: int = 0
    keyword: int = 0
    abstract: int = 0
    label: str = ""


def first(papers: int, most: int) -> list[int]:
    """The lowest positions: best rank first."""
    found: list[int] = []
    while papers and len(found) < most:
        low = papers & -papers
        found.append(low.bit_length() - 1)
        papers ^= low
    return found


def by_match(papers: int, terms: Sequence[Hits], most: int) -> list[int]:
    """The best of these papers by how well they matched, then by position."""
    if papers.bit_count() <= FEW:
        found = sorted(first(papers, FEW), key=lambda k: -score(terms, k))
    else:
        found = []
        for equal in _parted(papers, _counts(terms, papers)):
            found += first(equal, most - len(found))
            if len(found) >= most:
                break
    return found if len(found) <= most else found[:most]


def value(term: Hits, bit: int) -> int:
    """What the term adds to the score of this paper."""
    if term[1] & bit:
        return TITLE
    if term[2] & bit:
        return KEYWORD
    return ABSTRACT if term[3] & bit else 0


def _counts(terms: Sequence[Hits], papers: int) -> list[int]:
    """In how many terms each paper has its titles, keywords, abstracts: digits, largest first."""
    digits: list[int] = []
    for place in range(3):
        count: list[int] = []
        for term in terms:
            carry = (term.title, term.keyword, term.abstract)[place] & papers
            for k, digit in enumerate(count):
                if not carry:
                    break
                count[k], carry = digit ^ carry, digit & carry
            if carry:
                count.append(carry)
        digits += reversed(count)
    return digits


def _parted(group: int, digits: Iterable[int]) -> list[int]:
    """The papers of a group in groups of equal ones, the best first."""
    groups = [group]
    for digit in digits:
        parted: list[int] = []
        for group in groups:
            more = group & digit
            parted += (more, group ^ more) if more and more != group else (group,)
        groups = parted
    return groups


# A filter has at most 64 terms, so no number of hits in a worse place outweighs one in a better.
TITLE, KEYWORD, ABSTRACT = 128 * 128, 128, 1


def score(terms: Iterable[Hits], k: int) -> int:
    """How well this paper matched, as one number to compare."""
    bit = 1 << k
    return sum([value(term, bit) for term in terms])


def reasons(terms: Iterable[Hits], ks: Sequence[int]) -> list[tuple[str, ...]]:
    """For each paper the terms that brought it, at most 4: those in its title first."""
    places = _by_place(terms, sum([1 << k for k in ks]))
    told = []
    for k in ks:
        bit = 1 << k
        labels = dict.fromkeys([label for papers, label in places if papers & bit])
        told.append(tuple(labels)[:MOST_REASONS])
    return told


def _by_place(terms: Iterable[Hits], among: int) -> list[tuple[int, str]]:
    """For each place a term stands in, the papers that have it there: titles first."""
    title, keyword, abstract, elsewhere = [], [], [], []
    for term in terms:
        papers, label = term.papers & among, term.label
        if papers & term.title:
            title.append((papers & term.title, label))
            papers &= ~term.title
        if papers & term.keyword:
            keyword.append((papers & term.keyword, label))
            papers &= ~term.keyword
        if papers & term.abstract:
            abstract.append((papers & term.abstract, label))
            papers &= ~term.abstract
        if papers and label:
            elsewhere.append((papers, label))
    return title + keyword + abstract + elsewhere
