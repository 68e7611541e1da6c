"""Which fields of which papers hold a word at all, as bit sets: mostly the whole answer.

A cell is a field of a paper. Its bit: first those of the titles, by paper, then the next field.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import reduce
from operator import or_

TITLE, KEYWORD, ABSTRACT, ORG = FIELDS = range(4)
FIELD_BITS, POSITION_BITS = 2, 16
FEW = 8  # cells that are put together more quickly one by one

Spelling = Callable[[str], tuple[str, ...]]  # one of stems, folded, cased


class Holding(dict[str, int]):
    """The cells of each word in one spelling, counted when first asked for.

    single, joined: for each word as written where it starts, or from where to where it goes.
    """

    __slots__ = ("_forms", "_joined", "_papers", "_single", "_spelling", "_written")

    def __init__(
        self,
        spelling: Spelling,
        single: Mapping[str, Sequence[int]],
        joined: Mapping[str, Sequence[tuple[int, int]]],
        *,
        papers: int,
    ) -> None:
        super().__init__()
        self._spelling, self._single, self._joined = spelling, single, joined
        self._papers = papers
        self._forms: list[str] = []
        self._written: dict[str, list[str]] = defaultdict(list)
        for surface in {**single, **joined} if joined else single:
            for form in spelling(surface):
                self._written[form].append(surface)

    def __missing__(self, form: str) -> int:
        surfaces = self._written.get(form)
        if surfaces is None:
            return 0
        cells: set[int] = set()
        for surface in surfaces:
            cells.update([place >> POSITION_BITS for place in self._single.get(surface, ())])
            cells.update([start >> POSITION_BITS for start, _ in self._joined.get(surface, ())])
        found = self[form] = as_bits(cells, papers=self._papers)
        return found

    def having(self, word: str) -> int:
        """The cells that hold the word."""
        found = 0
        for form in self._spelling(word):
            found |= self[form]
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
            self._forms = sorted(self._written)
        found: list[str] = []
        for start in self._spelling(prefix):
            first = bisect_left(self._forms, start)
            found += self._forms[first : bisect_left(self._forms, start + "\U0010ffff", first)]
        return found


def as_bits(cells: Collection[int], *, papers: int) -> int:
    """Cells, as paper and field in one number, as one bit set."""
    field_mask = (1 << FIELD_BITS) - 1
    if len(cells) < FEW:
        found = 0
        for cell in cells:
            found |= 1 << (cell & field_mask) * papers + (cell >> FIELD_BITS)
        return found
    bits = bytearray(papers * len(FIELDS) // 8 + 1)  # it grows no new number for each bit
    for cell in cells:
        bit = (cell & field_mask) * papers + (cell >> FIELD_BITS)
        bits[bit >> 3] |= 1 << (bit & 7)
    return int.from_bytes(bits, "little")


def by_field(found: int, *, papers: int) -> tuple[int, ...]:
    """The same cut into FIELDS: in each one bit for a paper."""
    if not found:
        return _NOWHERE
    everything = (1 << papers) - 1
    return (
        found & everything,
        found >> papers & everything,
        found >> 2 * papers & everything,
        found >> 3 * papers,
    )


_NOWHERE = (0,) * len(FIELDS)
