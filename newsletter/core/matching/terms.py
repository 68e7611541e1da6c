"""What each term of a filter selects, and filters straight from their text, without a tree."""

from collections.abc import Sequence
from functools import reduce
from operator import or_

from newsletter.core.filters.plain import Unplain, parted, plain_name, plain_words, read_plain_term
from newsletter.core.filters.tree import Day, Leaf, Name, Number, Value, Words
from newsletter.core.matching.concordance import Concordance
from newsletter.core.matching.facts import Facts
from newsletter.core.matching.holding import ABSTRACT, KEYWORD, ORG, TITLE, by_field
from newsletter.core.matching.people import People
from newsletter.core.matching.places import Places
from newsletter.core.papers import Paper

MAX_REMEMBERED = 400_000  # terms; beyond, all are forgotten, so memory has a bound
_NAMED = ("author", "id")  # a paper that is asked for by name counts like one found by its title

Term = str | Leaf  # as a canonical filter writes it: `title:"a b"`, `-a`; or as the parser read it

# The papers that pass a filter; its terms outside of any NOT; where each of these stands in the
# papers that it may have brought.
Matched = tuple[int, Sequence[Term], Sequence[int]]

_NOWHERE: Matched = (0, (), ())


class Terms(dict[str, int]):
    """The papers that each term selects and where it stands in them, in one number: see `Places`.

    Looked up when first asked for. Raises Unplain for what the parser has to read; stored filters
    are mostly made of plain terms, and a day's filters of the same ones again and again.
    """

    __slots__ = ("_equal", "_facts", "_people", "_words", "everything", "places")

    def __init__(self, papers: Sequence[Paper]) -> None:
        """papers: in the order of the bits."""
        super().__init__()
        self._equal: dict[int, int] = {}
        self.places = Places(papers=len(papers))
        self.everything = self.places.everything
        self._words = Concordance(papers=len(papers))
        self._people, self._facts = People(), Facts()
        for k, paper in enumerate(papers):
            self._add(k, paper)

    def _add(self, k: int, paper: Paper) -> None:
        self._words.add(k, TITLE, (paper.title,))
        self._words.add(k, ABSTRACT, (paper.abstract,))
        self._words.add(k, KEYWORD, paper.keywords)
        if paper.organization is not None:
            self._words.add(k, ORG, (paper.organization.name, paper.organization.full_name))
        self._people.add(k, paper.authors)
        self._facts.add(k, paper)

    def __missing__(self, term: str) -> int:
        plain = plain_words(term)
        if plain is not None:
            field, words, is_prefix = plain
            cells = self._words.cells_with(words, is_prefix=is_prefix)
            return self._remember(term, self._placed(cells, field))
        if term[:1] == "-":
            papers = self.everything & ~self[term[1:]]
            return self._remember(term, self.places.elsewhere(papers))
        name = plain_name(term)
        if name:
            papers = self._people.called(name)
            return self._remember(term, self.places.placed(papers, title=papers))
        leaf = read_plain_term(term)
        if leaf is None:
            raise Unplain
        return self.of(leaf)

    def of(self, leaf: Leaf) -> int:
        """The same for a leaf of a tree."""
        found = self.get(leaf.text)
        return self._remember(leaf.text, self._look_up(leaf)) if found is None else found

    def _remember(self, term: str, placed: int) -> int:
        if len(self) >= MAX_REMEMBERED:
            self.clear()
            self._equal.clear()
        # One object for equal numbers: many terms stand in one paper, and what is small is near.
        placed = self[term] = self._equal.setdefault(placed, placed)
        return placed

    def matched(self, text: str) -> Matched:
        """What passes the filter of this text; once nothing can, the rest is not read."""
        is_or, operands = parted(text)
        if "(" in text:
            return self._matched_in_groups(operands, is_or=is_or)
        if is_or:
            placed = list(map(self.__getitem__, operands))
            return reduce(or_, placed) & self.everything, operands, placed
        found, placed = self.everything, []
        for operand in operands:
            one = self[operand]
            found &= one
            if not found:
                return _NOWHERE
            placed.append(one)
        return found, operands, placed

    def _matched_in_groups(self, operands: Sequence[str], *, is_or: bool) -> Matched:
        found = 0 if is_or else self.everything
        terms: list[Term] = []
        placed: list[int] = []
        for operand in operands:
            if operand[0] != "(":
                papers = self[operand]
                terms.append(operand)
                placed.append(papers)
            else:
                papers, inner, places = self.matched(operand[1:-1])
                terms += inner
                # All terms of `(a b)` have to hold before one of them brings a paper.
                placed += [self.places.among(papers, one) for one in places] if is_or else places
            found = found | papers if is_or else found & papers
            if not found and not is_or:
                return _NOWHERE
        return found & self.everything, terms, placed

    def _look_up(self, leaf: Leaf) -> int:
        match leaf:
            case Words():
                return self._placed(self._words.cells(leaf), leaf.field)
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
        if leaf.field in _NAMED:
            return self.places.placed(papers, title=papers)
        return self.places.elsewhere(papers)

    def _placed(self, cells: int, field: str) -> int:
        """The cells that a term of this field looks at; "" is title, keywords and abstract."""
        if not field and cells <= self.everything:  # in abstracts only, as most
            return cells
        abstract, title, keyword, org = by_field(cells, papers=self.places.papers)
        if not field:
            return self.places.placed(abstract | title | keyword, title=title, keyword=keyword)
        if field == "org":
            return self.places.elsewhere(org)
        found = {"title": title, "keyword": keyword, "abstract": abstract}[field]
        return self.places.placed(found, **{} if field == "abstract" else {field: found})
