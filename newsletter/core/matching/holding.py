"""Which fields of which papers hold a word at all, as bit sets: mostly the whole answer.

A cell is a field of a paper. Its bit: first those of the abstracts, by paper, then the next field.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from functools import reduce
from operator import or_

ABSTRACT, TITLE, KEYWORD, ORG = FIELDS = range(4)  # most words stand in the first: short numbers
FIELD_BITS = 2

Spelling = Callable[[str], tuple[str, ...]]  # one of stems, folded, cased


class Holding(dict[str, int]):
    """The cells of each word in one spelling; `get` it with 0 for a word that no paper has.

    cells: of each word as the papers write it.
    """

    __slots__ = ("_forms", "_spelling", "_written")

    def __init__(self, spelling: Spelling, cells: Mapping[str, int]) -> None:
        super().__init__()
        self._spelling = spelling
        self._forms: list[str] = []
        self._written: dict[str, list[str]] = defaultdict(list)
        for surface, bits in cells.items():
            for form in spelling(surface):
                self[form] = self.get(form, 0) | bits
                self._written[form].append(surface)

    def having(self, word: str) -> int:
        """The cells that hold the word."""
        found = 0
        for form in self._spelling(word):
            found |= self.get(form, 0)
        return found

    def starting_with(self, prefix: str) -> int:
        """The cells that hold a word that starts so."""
        return reduce(or_, map(self.__getitem__, self._longer(prefix)), 0)

    def surfaces(self, word: str, *, is_prefix: bool) -> set[str]:
        """The word as the papers write it; a prefix is spelled in full."""
        forms = self._longer(word) if is_prefix else self._spelling(word)
        return {surface for form in forms for surface in self._written.get(form, ())}

    def _longer(self, prefix: str) -> list[str]:
        """The words that start so."""
        if not self._forms:
            self._forms = sorted(self)
        found: list[str] = []
        for start in self._spelling(prefix):
            first = bisect_left(self._forms, start)
            found += self._forms[first : bisect_left(self._forms, start + "\U0010ffff", first)]
        return found


def cell_bit(paper: int, field: int, *, papers: int) -> int:
    """The bit set of this one cell."""
    return 1 << field * papers + paper


def union(cells: Iterable[int]) -> int:
    """All of these in one bit set."""
    return reduce(or_, cells, 0)


def by_field(found: int, *, papers: int) -> tuple[int, ...]:
    """The same cut into FIELDS: in each one bit for a paper."""
    everything = (1 << papers) - 1
    return (
        found & everything,
        found >> papers & everything,
        found >> 2 * papers & everything,
        found >> 3 * papers,
    )
