"""Where a term stands in the papers it selects, in one number, and which paper it fits better.

How well a filter matched is the number of its terms in the title, then in the keywords, then in the
abstract, each term at its best place.
"""

from collections.abc import Sequence

from newsletter.core.matching.ranking import ABSTRACT, KEYWORD, TITLE, Hits


class Places:
    """Bit sets of one size put into one number: what it selects lowest, then titles, then keywords.

    A paper that is in both of these has the term elsewhere; one in neither, in its abstract. So
    the number is short for most terms, and a filter reads one number for each: their memory is what
    matching a million filters waits for.
    """

    __slots__ = ("everything", "papers")

    def __init__(self, *, papers: int) -> None:
        self.papers = papers
        self.everything = (1 << papers) - 1

    def placed(self, papers: int, *, title: int = 0, keyword: int = 0) -> int:
        """These papers, of which some have the term there."""
        if not title and not keyword:
            return papers
        return papers | title << self.papers | (keyword & ~title) << 2 * self.papers

    def elsewhere(self, papers: int) -> int:
        """These papers, none of which has the term in a text that counts."""
        return papers | papers << self.papers | papers << 2 * self.papers

    def among(self, papers: int, placed: int) -> int:
        """The same for no other papers than these."""
        return placed & ~(self.everything ^ papers)

    def hits(self, placed: int, label: str) -> Hits:
        """The same as bit sets."""
        if placed <= self.everything:
            return Hits(placed, abstract=placed, label=label)
        papers = placed & self.everything
        title = placed >> self.papers & papers
        keyword = placed >> 2 * self.papers & papers
        elsewhere = title & keyword
        abstract = papers & ~(title | keyword)
        return Hits(papers, title & ~elsewhere, keyword & ~elsewhere, abstract, label)

    def lead(self, placed: Sequence[int], one: int, other: int) -> int:
        """By how much the score of one paper is above that of the other, each given by its bit."""
        both = one | other
        beside = both << self.papers | both << 2 * self.papers
        lead = 0
        for term in placed:
            held = term & both
            if held:
                if term & beside:
                    lead += self._value(term, held & one) - self._value(term, held & other)
                elif held != both:
                    lead += ABSTRACT if held == one else -ABSTRACT
        return lead

    def _value(self, placed: int, bit: int) -> int:
        """What the term adds to the score of this paper; 0 is none."""
        is_title = placed & bit << self.papers
        if placed & bit << 2 * self.papers:
            return 0 if is_title else KEYWORD
        return TITLE if is_title else ABSTRACT if bit else 0
