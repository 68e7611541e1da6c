"""Filters against a day's papers: bit sets, so that a million readers cost seconds.

Bit k of every bit set is `PaperIndex.papers[k]`. The papers are in order of rank, so the lowest
bits of a set are its best papers.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, time
from typing import Any

from newsletter.core.filters import Filter
from newsletter.core.filters.plain import Unplain
from newsletter.core.filters.tree import Leaf, Node, Not, Or, canonical
from newsletter.core.matching import ranking
from newsletter.core.matching.ranking import MOST_REASONS, Hits, by_match
from newsletter.core.matching.terms import Matched, Terms
from newsletter.core.memory import Recent
from newsletter.core.papers import Paper

_RECENT = 4_096  # filters; most readers share a few hundred


class PaperIndex:
    """Papers made ready for any number of filters. Nothing in it changes what it answers.

    papers: best first: upvotes (unknown ones last), then the newer, then by id. Of several records
    with one id the one featured last counts. notes: what others derived from these papers and keep
    for as long as they are current; whoever fills it keeps it small.
    """

    def __init__(self, papers: Sequence[Paper]) -> None:
        works: dict[str, Paper] = {}
        for paper in sorted(papers, key=lambda paper: (paper.featured_on, paper.upvotes or 0)):
            works[paper.id] = paper
        self.papers: tuple[Paper, ...] = tuple(sorted(works.values(), key=_rank))
        self.everything = (1 << len(self.papers)) - 1
        self._positions = {paper.id: k for k, paper in enumerate(self.papers)}
        self._terms = Terms(self.papers)
        self._recent: Recent[Filter, Matched] = Recent(_RECENT)
        self._tied = _tied(self.papers)
        self.notes: dict[object, Any] = {}

    def position(self, paper_id: str) -> int:
        """The bit of this paper. Raises KeyError for one that is not here."""
        return self._positions[paper_id]

    def bits(self, paper_ids: Iterable[str]) -> int:
        """The bit set of these papers; ids that are not here are left out."""
        found = 0
        for paper_id in paper_ids:
            k = self._positions.get(paper_id)
            if k is not None:
                found |= 1 << k
        return found

    def match(self, filter: Filter) -> int:
        """The bit set of the papers that pass. Raises FilterError for a text that is no filter."""
        return self.matched(filter)[0]

    def matched(self, filter: Filter) -> Matched:
        """The same, and the terms outside of any NOT that may have brought them."""
        found = self._recent.get(filter)
        if found is None:
            try:
                found = self._terms.matched(filter)
            except Unplain:
                found = self.matched_by_tree(filter)
            self._recent.add(filter, found)
        return found

    def matched_by_tree(self, filter: Filter) -> Matched:
        """The same for any filter; `matched` mostly knows a shorter way."""
        passing = self._evaluate(filter.tree)
        return passing, list(self._bring(filter.tree, passing))

    def _evaluate(self, node: Node) -> int:
        """The same by the tree."""
        if isinstance(node, Leaf):
            return self._terms.hits(node).papers
        if isinstance(node, Not):
            return self.everything ^ self._evaluate(node.child)
        if isinstance(node, Or):
            found = 0
            for child in node.children:
                found |= self._evaluate(child)
            return found
        found = self.everything
        for child in node.children:
            found &= self._evaluate(child)
        return found

    def best(self, filter: Filter, papers: int, *, most: int) -> list[int]:
        """The best of these papers, all of which pass the filter, in order of rank.

        Rank: upvotes, then how well the filter matched, then the newer, then by id. The papers are
        held in that order, but for how well they matched.
        """
        return self.best_of(papers, self.matched(filter)[1], most)

    def best_of(self, papers: int, terms: Sequence[Hits], most: int) -> list[int]:
        """The same for papers and terms as `matched` gave them."""
        found: list[int] = []
        tied_with = self._tied
        while papers and len(found) < most:
            low = papers & -papers
            k = low.bit_length() - 1
            tied = papers & tied_with[k]
            if tied == low:
                found.append(k)
            else:
                found += by_match(tied, terms, most - len(found))
            papers ^= tied
        return found

    def tied(self, k: int) -> int:
        """The bit set of the papers with as many upvotes as this one, itself included."""
        return self._tied[k]

    def score(self, filter: Filter, k: int) -> int:
        """How well a paper matched: terms in its title, then keywords, then abstract.

        Each term that brought the paper counts once, at its best place.
        """
        return ranking.score(self.matched(filter)[1], k)

    def reasons(self, filter: Filter, k: int) -> tuple[str, ...]:
        """The terms of the filter that brought this paper, as written; title first, at most 4.

        Of an OR only what the paper passes, of an AND all. Where nothing but exclusions let it
        pass, they are named (`-title:survey`). Empty when the paper does not pass.
        """
        passing, terms = self.matched(filter)
        return self.reasons_by(filter, terms, (k,))[0] if passing >> k & 1 else ()

    def reasons_by(
        self, filter: Filter, terms: Sequence[Hits], ks: Sequence[int]
    ) -> list[tuple[str, ...]]:
        """The same for several papers, all of which pass, and the terms that `matched` gave."""
        return [
            words or tuple(self._exclusions(filter.tree, k)[:MOST_REASONS])
            for words, k in zip(ranking.reasons(terms, ks), ks, strict=True)
        ]

    def _bring(self, node: Node, papers: int) -> Iterator[Hits]:
        """The terms outside of any NOT that helped these papers to pass."""
        if isinstance(node, Not):
            return
        passing = papers & self._evaluate(node)
        if isinstance(node, Leaf):
            yield self._terms.hits(node).among(passing)
        elif passing:
            for child in node.children:
                yield from self._bring(child, passing)

    def _exclusions(self, node: Node, k: int) -> list[str]:
        if not self._evaluate(node) >> k & 1 or isinstance(node, Leaf):
            return []
        if isinstance(node, Not):
            return [canonical(node)]
        return [text for child in node.children for text in self._exclusions(child, k)]


def positions(papers: int) -> Iterator[int]:
    """The positions of the bits that are set, lowest first: best rank first."""
    while papers:
        low = papers & -papers
        yield low.bit_length() - 1
        papers ^= low


def _rank(paper: Paper) -> tuple[int, float, str]:
    """Best first: most upvotes, then newest, then by id."""
    upvotes = -1 if paper.upvotes is None else paper.upvotes
    at = paper.published_at or datetime.combine(paper.featured_on, time(), UTC)
    return -upvotes, -at.timestamp(), paper.id


def _tied(papers: Sequence[Paper]) -> tuple[int, ...]:
    """For each paper the bit set of all that have as many upvotes, itself included."""
    groups: dict[int | None, int] = {}
    for k, paper in enumerate(papers):
        groups[paper.upvotes] = groups.get(paper.upvotes, 0) | 1 << k
    return tuple(groups[paper.upvotes] for paper in papers)
