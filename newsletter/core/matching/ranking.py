"""Which of the papers that pass a filter come first, and which of its terms brought them.

How well a filter matched is the number of terms in the title, then in the keywords, then in the
abstract, each term at its best place. It is counted for all papers at once, in binary, each digit a
bit set; so hundreds of papers with equal upvotes are put in order as quickly as two.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from newsletter.core.filters.tree import Leaf

MOST_REASONS = 4
FEW = 8  # papers that are put in order more quickly one by one


class Hits(NamedTuple):
    """The papers that pass a test, as bit sets; in the last three each at its best place only."""

    papers: int
    title: int = 0
    keyword: int = 0
    abstract: int = 0


# A term of a filter, where it stands, and those of some papers that it helped to pass.
Brought = tuple[Leaf, Hits, int]


def first(papers: int, most: int) -> list[int]:
    """The lowest positions: best rank first."""
    found: list[int] = []
    while papers and len(found) < most:
        low = papers & -papers
        found.append(low.bit_length() - 1)
        papers ^= low
    return found


def by_match(papers: int, brought: Sequence[Brought], *, most: int) -> list[int]:
    """The best of these papers by how well they matched, then by position."""
    if papers.bit_count() <= FEW:
        return sorted(first(papers, FEW), key=lambda k: -score(brought, k))[:most]
    found: list[int] = []
    for equal in _parted(papers, _counts(brought)):
        found += first(equal, most - len(found))
        if len(found) >= most:
            break
    return found


def _counts(brought: Sequence[Brought]) -> list[int]:
    """In how many terms each paper has its titles, keywords, abstracts: digits, largest first."""
    digits: list[int] = []
    for place in (1, 2, 3):  # of Hits
        count: list[int] = []
        for _, hits, papers in brought:
            carry = hits[place] & papers
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


def score(brought: Iterable[Brought], k: int) -> int:
    """How well this paper matched, as one number to compare.

    A filter has at most 64 terms, so no number of hits in a worse place outweighs one in a better.
    """
    bit = 1 << k
    found = 0
    for _, hits, papers in brought:
        if not papers & bit:
            continue
        if hits.title & bit:
            found += 128 * 128
        elif hits.keyword & bit:
            found += 128
        elif hits.abstract & bit:
            found += 1
    return found


def reasons(brought: Sequence[Brought], ks: Iterable[int]) -> list[tuple[str, ...]]:
    """For each paper the terms that brought it, at most 4: those in its title first."""
    terms = _by_place(brought)
    is_each_once = len({leaf.text for leaf, _, _ in brought}) == len(brought)
    told = []
    for k in ks:
        bit = 1 << k
        labels = [label for papers, label in terms if papers & bit]
        if not is_each_once:
            labels = list(dict.fromkeys(labels))
        told.append(tuple(labels[:MOST_REASONS]))
    return told


def _by_place(brought: Iterable[Brought]) -> list[tuple[int, str]]:
    """For each place a term stands in, the papers that have it there: titles first."""
    title, keyword, abstract, elsewhere = [], [], [], []
    for leaf, hits, papers in brought:
        label = leaf.label
        if papers & hits.title:
            title.append((papers & hits.title, label))
            papers &= ~hits.title
        if papers & hits.keyword:
            keyword.append((papers & hits.keyword, label))
            papers &= ~hits.keyword
        if papers & hits.abstract:
            abstract.append((papers & hits.abstract, label))
            papers &= ~hits.abstract
        if papers:
            elsewhere.append((papers, label))
    return title + keyword + abstract + elsewhere
