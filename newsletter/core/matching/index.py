"""Filters against a day's papers: bit sets, so that a million readers cost seconds.

Bit k of every bit set is `PaperIndex.papers[k]`. The papers are in order of rank, so the lowest
bits of a set are its best papers.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, time
from typing import Any

from newsletter.core.filters import Filter
from newsletter.core.filters.plain import Unplain
from newsletter.core.filters.terms import read_term
from newsletter.core.filters.tree import Leaf, Node, Not, Or, canonical
from newsletter.core.matching.ranking import MOST_REASONS, Hits, by_match, reasons, score
from newsletter.core.matching.terms import Matched, Term, Terms
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
        """The same, and the terms outside of any NOT, each with those that it may have brought."""
        found = self._recent.get(filter)
        if found is None:
            found = self.matched_once(filter)
            self._recent.add(filter, found)
        return found

    def matched_once(self, filter: Filter) -> Matched:
        """The same for a filter that is not expected again soon: it is not remembered."""
        try:
            return self._terms.matched(filter)
        except Unplain:
            return self.matched_by_tree(filter)

    def matched_by_tree(self, filter: Filter) -> Matched:
        """The same for any filter; `matched` mostly knows a shorter way."""
        passing = self._evaluate(filter.tree)
        brought = list(self._bring(filter.tree, passing))
        places = self._terms.places
        return (
            passing,
            [leaf for leaf, _ in brought],
            [places.among(papers, self._terms.of(leaf)) for leaf, papers in brought],
        )

    def _evaluate(self, node: Node) -> int:
        """The same by the tree."""
        if isinstance(node, Leaf):
            return self._terms.of(node) & self.everything
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
        return self.best_of(papers, self.matched(filter), most)

    def best_of(self, papers: int, matched: Matched, most: int) -> list[int]:
        """The same for papers out of what `matched` gave."""
        found: list[int] = []
        tied_with, lead = self._tied, self._terms.places.lead
        while papers and len(found) < most:
            rest = papers & papers - 1
            low = papers ^ rest
            k = low.bit_length() - 1
            tied = rest & tied_with[k]
            if tied:
                rest ^= tied
                if tied & tied - 1:
                    terms = self._unnamed(matched, low | tied)
                    found += by_match(low | tied, terms, most - len(found))
                else:  # nearly always there are two
                    other = tied.bit_length() - 1
                    found += (k, other) if lead(matched[2], low, tied) >= 0 else (other, k)
            else:
                found.append(k)
            papers = rest
        return found if len(found) <= most else found[:most]

    def _unnamed(self, matched: Matched, among: int) -> list[Hits]:
        """Where the terms stand that brought any of these papers, without their costly labels."""
        hits = self._terms.places.hits
        return [hits(placed, "") for placed in matched[2] if placed & among]

    def _brought(self, matched: Matched, among: int) -> list[Hits]:
        """The same with their labels."""
        hits = self._terms.places.hits
        return [
            hits(placed, _label(term))
            for term, placed in zip(matched[1], matched[2], strict=True)
            if placed & among
        ]

    def tied(self, k: int) -> int:
        """The bit set of the papers with as many upvotes as this one, itself included."""
        return self._tied[k]

    def score(self, filter: Filter, k: int) -> int:
        """How well a paper matched: terms in its title, then keywords, then abstract.

        Each term that brought the paper counts once, at its best place.
        """
        return self.score_of(self.matched(filter), k)

    def score_of(self, matched: Matched, k: int) -> int:
        """The same for what `matched` gave."""
        return score(self._unnamed(matched, 1 << k), k)

    def reasons(self, filter: Filter, k: int) -> tuple[str, ...]:
        """The terms of the filter that brought this paper, as written; title first, at most 4.

        Of an OR only what the paper passes, of an AND all. Where nothing but exclusions let it
        pass, they are named (`-title:survey`). Empty when the paper does not pass.
        """
        matched = self.matched(filter)
        return self.reasons_by(filter, matched, (k,))[0] if matched[0] >> k & 1 else ()

    def reasons_by(
        self, filter: Filter, matched: Matched, ks: Sequence[int]
    ) -> list[tuple[str, ...]]:
        """The same for several papers, all of which pass, and what `matched` gave."""
        terms = self._brought(matched, sum([1 << k for k in ks]))
        return [
            words or tuple(self._exclusions(filter.tree, k)[:MOST_REASONS])
            for words, k in zip(reasons(terms, ks), ks, strict=True)
        ]

    def _bring(self, node: Node, papers: int) -> Iterator[tuple[Leaf, int]]:
        """The terms outside of any NOT that helped these papers to pass, each with its own."""
        if isinstance(node, Not):
            return
        passing = papers & self._evaluate(node)
        if isinstance(node, Leaf):
            yield node, passing
        elif passing:
            for child in node.children:
                yield from self._bring(child, passing)

    def _exclusions(self, node: Node, k: int) -> list[str]:
        if not self._evaluate(node) >> k & 1 or isinstance(node, Leaf):
            return []
        if isinstance(node, Not):
            return [canonical(node)]
        return [text for child in node.children for text in self._exclusions(child, k)]


def _label(term: Term) -> str:
    """The term as a reader likes to see it, "" for what does not count as a reason."""
    if isinstance(term, Leaf):
        return term.label
    if term[0] == "-":
        return ""
    return read_term(term).label if ":" in term else term


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
