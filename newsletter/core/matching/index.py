"""Filters against a day's papers: bit sets, so that a million readers cost seconds.

Bit k of every bit set is `PaperIndex.papers[k]`. The papers are in order of rank, so the lowest
bits of a set are its best papers.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, time
from typing import Any

from newsletter.core.filters.tree import (
    Day,
    Filter,
    Leaf,
    Name,
    Node,
    Not,
    Number,
    Or,
    Value,
    Words,
    canonical,
)
from newsletter.core.matching import ranking
from newsletter.core.matching.concordance import ABSTRACT, KEYWORD, ORG, TITLE, Concordance
from newsletter.core.matching.facts import Facts
from newsletter.core.matching.people import People
from newsletter.core.matching.ranking import MOST_REASONS, Brought, Hits, by_match
from newsletter.core.papers import Paper

MAX_REMEMBERED = 400_000  # filters; beyond, all are forgotten, so memory has a bound
_FIELDS = {"title": TITLE, "abstract": ABSTRACT, "keyword": KEYWORD, "org": ORG}
_ANYWHERE = (TITLE, KEYWORD, ABSTRACT)
_NAMED = ("author", "id")  # a paper that is asked for by name counts like one found by its title


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
        self._words, self._people, self._facts = Concordance(), People(), Facts()
        for k, paper in enumerate(self.papers):
            self._add(k, paper)
        self._hits: dict[str, Hits] = {}
        self._matches: dict[str, int] = {}
        self._tied = _tied(self.papers)
        self.notes: dict[object, Any] = {}

    def _add(self, k: int, paper: Paper) -> None:
        self._words.add(k, TITLE, (paper.title,))
        self._words.add(k, ABSTRACT, (paper.abstract,))
        self._words.add(k, KEYWORD, paper.keywords)
        if paper.organization is not None:
            self._words.add(k, ORG, (paper.organization.name, paper.organization.full_name))
        self._people.add(k, paper.authors)
        self._facts.add(k, paper)

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
        """The bit set of the papers that pass."""
        found = self._matches.get(filter.text)
        if found is None:
            found = self._evaluate(filter.tree)
            if len(self._matches) >= MAX_REMEMBERED:
                self._matches.clear()
            self._matches[filter.text] = found
        return found

    def _evaluate(self, node: Node) -> int:
        if isinstance(node, Leaf):
            return self._test(node).papers
        if isinstance(node, Not):
            return self.everything ^ self._evaluate(node.child)
        is_or = isinstance(node, Or)
        found = 0 if is_or else self.everything
        for child in node.children:
            if isinstance(child, Leaf):  # nearly all are, and nearly all are known
                passing = (self._hits.get(child.text) or self._test(child))[0]
            else:
                passing = self._evaluate(child)
            if is_or:
                found |= passing
            else:
                found &= passing
                if not found:
                    break
        return found

    def _test(self, leaf: Leaf) -> Hits:
        hits = self._hits.get(leaf.text)
        if hits is None:
            if len(self._hits) >= MAX_REMEMBERED:
                self._hits.clear()
            hits = self._hits[leaf.text] = self._look_up(leaf)
        return hits

    def _look_up(self, leaf: Leaf) -> Hits:
        match leaf:
            case Words():
                return _placed(self._words.papers(leaf), leaf.field)
            case Name():
                papers = self._people.papers(leaf)
            case Value():
                papers = self._facts.with_value(leaf)
            case Number():
                papers = self._facts.with_number(leaf)
            case Day():
                papers = self._facts.with_day(leaf)
            case _:
                papers = self.everything
        return Hits(papers, title=papers if leaf.field in _NAMED else 0)

    def best(self, filter: Filter, papers: int, *, most: int) -> list[int]:
        """The best of these papers, all of which pass the filter, in order of rank.

        Rank: upvotes, then how well the filter matched, then the newer, then by id. The papers are
        held in that order, but for how well they matched.
        """
        found: list[int] = []
        while papers and len(found) < most:
            low = papers & -papers
            k = low.bit_length() - 1
            tied = papers & self._tied[k]
            if tied == low:
                found.append(k)
            else:
                brought = self._brought(filter, tied)
                found += by_match(tied, brought, most=most - len(found))
            papers ^= tied
        return found

    def tied(self, k: int) -> int:
        """The bit set of the papers with as many upvotes as this one, itself included."""
        return self._tied[k]

    def score(self, filter: Filter, k: int) -> int:
        """How well a paper matched: terms in its title, then keywords, then abstract.

        Each term that brought the paper counts once, at its best place.
        """
        return ranking.score(self._brought(filter, 1 << k), k)

    def reasons(self, filter: Filter, k: int) -> tuple[str, ...]:
        """The terms of the filter that brought this paper, as written; title first, at most 4.

        Of an OR only what the paper passes, of an AND all. Where nothing but exclusions let it
        pass, they are named (`-title:survey`). Empty when the paper does not pass.
        """
        return self.reasons_of(filter, (k,))[0]

    def reasons_of(self, filter: Filter, ks: Sequence[int]) -> list[tuple[str, ...]]:
        """The same for each of several papers, in one walk."""
        if isinstance(filter.tree, Leaf):
            passing, reason = self._test(filter.tree).papers, (filter.tree.label,)
            return [reason if passing >> k & 1 else () for k in ks]
        brought = self._brought(filter, sum([1 << k for k in ks]) & self.match(filter))
        found = ranking.reasons(brought, ks)
        return [
            terms or tuple(self._exclusions(filter.tree, k)[:MOST_REASONS])
            for terms, k in zip(found, ks, strict=True)
        ]

    def _brought(self, filter: Filter, papers: int) -> list[Brought]:
        """The terms outside of any NOT that helped these papers to pass; all of them do pass."""
        found: list[Brought] = []
        if papers:
            self._bring(filter.tree, papers, found)
        return found

    def _bring(self, node: Node, papers: int, found: list[Brought]) -> None:
        if isinstance(node, Leaf):
            found.append((node, self._test(node), papers))
        elif not isinstance(node, Not):
            is_or = isinstance(node, Or)
            for child in node.children:
                if isinstance(child, Leaf):
                    hits = self._hits.get(child.text) or self._test(child)
                    if papers & hits[0]:
                        found.append((child, hits, papers & hits[0]))
                else:
                    passing = papers & self._evaluate(child) if is_or else papers
                    if passing:
                        self._bring(child, passing, found)

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


def _placed(bits: tuple[int, ...], field: str) -> Hits:
    """The places that a term of this field looks at; "" is title, keywords and abstract."""
    if field == "org":
        return Hits(bits[ORG])
    looked_at = (_FIELDS[field],) if field else _ANYWHERE
    title, keyword, abstract = (bits[place] if place in looked_at else 0 for place in _ANYWHERE)
    found = title | keyword
    return Hits(found | abstract, title, keyword & ~title, abstract & ~found)


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
