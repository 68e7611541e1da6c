"""Filters against a day's papers: bit sets, so that a million readers cost seconds.

Bit k of every bit set is `PaperIndex.papers[k]`. The papers are in order of rank, so the lowest
bits of a set are its best papers.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, time
from operator import itemgetter
from typing import Any, NamedTuple

from newsletter.core.filters.tree import (
    And,
    Day,
    Filter,
    Leaf,
    Name,
    Node,
    Not,
    Number,
    Value,
    Words,
    canonical,
)
from newsletter.core.matching.concordance import ABSTRACT, KEYWORD, ORG, TITLE, Concordance
from newsletter.core.matching.facts import Facts
from newsletter.core.matching.people import People
from newsletter.core.papers import Paper

MOST_REASONS = 4
MAX_REMEMBERED = 400_000  # filters; beyond, all are forgotten, so memory has a bound
_FIELDS = {"title": TITLE, "abstract": ABSTRACT, "keyword": KEYWORD, "org": ORG}
_ANYWHERE = (TITLE, KEYWORD, ABSTRACT)
_first = itemgetter(0)
_NAMED = ("author", "id")  # a paper that is asked for by name counts like one found by its title


class _Hits(NamedTuple):
    """The papers that pass a test, and those that have it in which place, as bit sets."""

    papers: int
    title: int = 0
    keyword: int = 0
    abstract: int = 0


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
        self._hits: dict[str, _Hits] = {}
        self._matches: dict[str, int] = {}
        self._ties = _ties(self.papers)
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
        if isinstance(node, And):
            found = self.everything
            for child in node.children:
                found &= self._evaluate(child)
                if not found:
                    break
            return found
        found = 0
        for child in node.children:
            found |= self._evaluate(child)
        return found

    def _test(self, leaf: Leaf) -> _Hits:
        hits = self._hits.get(leaf.text)
        if hits is None:
            if len(self._hits) >= MAX_REMEMBERED:
                self._hits.clear()
            hits = self._hits[leaf.text] = self._look_up(leaf)
        return hits

    def _look_up(self, leaf: Leaf) -> _Hits:
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
        return _Hits(papers, title=papers if leaf.field in _NAMED else 0)

    def best(self, filter: Filter, papers: int, *, most: int) -> list[int]:
        """The best of these papers, all of which pass the filter, in order of rank.

        Rank: upvotes, then how well the filter matched, then the newer, then by id.
        """
        found: list[int] = []
        while papers and len(found) < most:
            tied = papers & self.tied((papers & -papers).bit_length() - 1)
            papers ^= tied
            group = list(positions(tied))
            if len(group) > 1:
                scores = self._scores(filter, tied)
                group.sort(key=lambda k: -scores[k])  # keeps the order of equals
            found += group
        return found[:most]

    def tied(self, k: int) -> int:
        """The bit set of the papers with as many upvotes as this one, itself included."""
        return self._ties[k]

    def score(self, filter: Filter, k: int) -> int:
        """How well a paper matched: terms in its title, then keywords, then abstract.

        Each term that brought the paper counts once, at its best place.
        """
        return self._scores(filter, 1 << k)[k]

    def _scores(self, filter: Filter, papers: int) -> dict[int, int]:
        scores = dict.fromkeys(positions(papers), 0)
        for leaf, passed in self._passed(filter.tree, papers):
            hits = self._test(leaf)
            keyword, abstract = hits.keyword & ~hits.title, hits.abstract
            abstract &= ~(hits.title | hits.keyword)
            for bits, worth in zip((hits.title, keyword, abstract), _WORTH, strict=True):
                for k in positions(bits & passed):
                    scores[k] += worth
        return scores

    def reasons(self, filter: Filter, k: int) -> tuple[str, ...]:
        """The terms of the filter that brought this paper, as written; title first, at most 4.

        Of an OR only what the paper passes, of an AND all. Where nothing but exclusions let it
        pass, they are named (`-title:survey`). Empty when the paper does not pass.
        """
        return self.reasons_of(filter, (k,))[0]

    def reasons_of(self, filter: Filter, ks: Sequence[int]) -> list[tuple[str, ...]]:
        """The same for each of several papers, in one walk."""
        leaves: dict[int, list[tuple[int, str]]] = {k: [] for k in ks}
        for leaf, passed in self._passed(filter.tree, sum(1 << k for k in leaves)):
            hits, label = self._test(leaf), leaf.label
            for k in positions(passed):
                leaves[k].append((_place(hits, k), label))
        return [self._told(filter, k, leaves[k]) for k in ks]

    def _told(self, filter: Filter, k: int, leaves: list[tuple[int, str]]) -> tuple[str, ...]:
        if not leaves:
            return tuple(self._exclusions(filter.tree, k)[:MOST_REASONS])
        if len(leaves) == 1:
            return (leaves[0][1],)
        leaves.sort(key=_first)  # keeps the order in which they are written
        return tuple(dict.fromkeys([label for _, label in leaves]))[:MOST_REASONS]

    def _passed(self, node: Node, papers: int) -> Iterator[tuple[Leaf, int]]:
        """The terms outside of any NOT, each with those of the papers that it brought."""
        if isinstance(node, Leaf):
            papers &= self._test(node).papers
            if papers:
                yield node, papers
        elif not isinstance(node, Not):
            papers &= self._evaluate(node)
            if papers:
                for child in node.children:
                    yield from self._passed(child, papers)

    def _exclusions(self, node: Node, k: int) -> list[str]:
        if not self._evaluate(node) >> k & 1 or isinstance(node, Leaf):
            return []
        if isinstance(node, Not):
            return [canonical(node)]
        return [text for child in node.children for text in self._exclusions(child, k)]


# For a term in title, keyword, abstract. A filter has at most 64 terms, so any number of hits in
# a worse place never outweighs one in a better place.
_WORTH = (128 * 128, 128, 1)


def positions(papers: int) -> Iterator[int]:
    """The positions of the bits that are set, lowest first: best rank first."""
    while papers:
        low = papers & -papers
        yield low.bit_length() - 1
        papers ^= low


def _place(hits: _Hits, k: int) -> int:
    """TITLE, KEYWORD or ABSTRACT, whichever is best; a higher number for any other test."""
    if hits.title >> k & 1:
        return TITLE
    if hits.keyword >> k & 1:
        return KEYWORD
    return ABSTRACT if hits.abstract >> k & 1 else ABSTRACT + 1


def _placed(bits: tuple[int, ...], field: str) -> _Hits:
    """The places that a term of this field looks at; "" is title, keywords and abstract."""
    if field == "org":
        return _Hits(bits[ORG])
    looked_at = (_FIELDS[field],) if field else _ANYWHERE
    title, keyword, abstract = (bits[place] if place in looked_at else 0 for place in _ANYWHERE)
    return _Hits(title | keyword | abstract, title, keyword, abstract)


def _rank(paper: Paper) -> tuple[int, float, str]:
    """Best first: most upvotes, then newest, then by id."""
    upvotes = -1 if paper.upvotes is None else paper.upvotes
    at = paper.published_at or datetime.combine(paper.featured_on, time(), UTC)
    return -upvotes, -at.timestamp(), paper.id


def _ties(papers: Sequence[Paper]) -> tuple[int, ...]:
    """For each paper the bit set of all that have as many upvotes, itself included."""
    groups: dict[int | None, int] = {}
    for k, paper in enumerate(papers):
        groups[paper.upvotes] = groups.get(paper.upvotes, 0) | 1 << k
    return tuple(groups[paper.upvotes] for paper in papers)
