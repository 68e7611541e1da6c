"""What each term of a filter selects, and filters straight from their text, without a tree."""

from collections.abc import Sequence

from newsletter.core.filters.plain import Unplain, parted, plain_words, read_plain_term
from newsletter.core.filters.tree import Day, Leaf, Name, Number, Value, Words
from newsletter.core.matching.concordance import Concordance
from newsletter.core.matching.facts import Facts
from newsletter.core.matching.holding import ABSTRACT, KEYWORD, ORG, TITLE
from newsletter.core.matching.people import People
from newsletter.core.matching.ranking import Hits
from newsletter.core.papers import Paper

MAX_REMEMBERED = 400_000  # terms; beyond, all are forgotten, so memory has a bound
_NOTHING = Hits(0)
_NAMED = ("author", "id")  # a paper that is asked for by name counts like one found by its title

# The papers that pass a filter, and its terms outside of any NOT, each with those it may bring.
Matched = tuple[int, Sequence[Hits]]


class Terms(dict[str, Hits]):
    """What each term selects, as a canonical filter writes it: `title:"a b"`, `-a`.

    Looked up when first asked for. Raises Unplain for what the parser has to read; stored filters
    are mostly made of plain terms, and a day's filters of the same ones again and again.
    """

    __slots__ = ("_facts", "_people", "_words", "everything")

    def __init__(self, papers: Sequence[Paper]) -> None:
        """papers: in the order of the bits."""
        super().__init__()
        self.everything = (1 << len(papers)) - 1
        self._words, self._people, self._facts = Concordance(), People(), Facts()
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

    def __missing__(self, term: str) -> Hits:
        plain = plain_words(term)
        if plain is not None:
            field, words, is_prefix = plain
            found = self._words.papers_with(words, is_prefix=is_prefix)
            return self._remember(term, _placed(found, field, term))
        if term[:1] == "-":
            return self._remember(term, Hits(self.everything ^ self[term[1:]].papers))
        leaf = read_plain_term(term)
        if leaf is None:
            raise Unplain
        return self.hits(leaf)

    def hits(self, leaf: Leaf) -> Hits:
        """What a leaf of a tree selects."""
        return self.get(leaf.text) or self._remember(leaf.text, self._look_up(leaf))

    def _remember(self, term: str, hits: Hits) -> Hits:
        if len(self) >= MAX_REMEMBERED:
            self.clear()
        self[term] = hits
        return hits

    def matched(self, text: str) -> Matched:
        """The papers that pass the filter of this text; once none can, the rest is not read."""
        is_or, operands = parted(text)
        if "(" in text:
            return self._matched_in_groups(operands, is_or=is_or)
        if is_or:
            terms = list(map(self.__getitem__, operands))
            found = 0
            for term in terms:
                found |= term[0]
            return found, terms
        found = self.everything
        for operand in operands:
            found &= self[operand][0]
            if not found:
                return 0, ()
        return found, list(map(self.__getitem__, operands))

    def _matched_in_groups(self, operands: Sequence[str], *, is_or: bool) -> Matched:
        found = 0 if is_or else self.everything
        terms: list[Hits] = []
        for operand in operands:
            if operand[0] != "(":
                term = self[operand]
                papers = term[0]
                terms.append(term)
            else:
                papers, inner = self.matched(operand[1:-1])
                # All terms of `(a b)` have to hold before one of them brings a paper.
                terms += [term.among(papers) for term in inner] if is_or else inner
            found = found | papers if is_or else found & papers
            if not found and not is_or:
                return 0, ()
        return found, terms

    def _look_up(self, leaf: Leaf) -> Hits:
        match leaf:
            case Words():
                return _placed(self._words.papers(leaf), leaf.field, leaf.label)
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
        return Hits(papers, title=papers if leaf.field in _NAMED else 0, label=leaf.label)


def _placed(bits: tuple[int, ...], field: str, label: str) -> Hits:
    """The places that a term of this field looks at; "" is title, keywords and abstract."""
    title, keyword, abstract, org = bits
    if field:
        return {
            "title": Hits(title, title, label=label),
            "keyword": Hits(keyword, keyword=keyword, label=label),
            "abstract": Hits(abstract, abstract=abstract, label=label),
            "org": Hits(org, label=label),
        }[field]
    found = title | keyword
    if not found:  # one object for equal numbers: what is small is near
        return Hits(abstract, abstract=abstract, label=label) if abstract else _NOTHING
    return Hits(found | abstract, title, keyword & ~title, abstract & ~found, label)
