"""A day's texts as words in their order, and what one pass over all of them tells.

A place is one number, made of paper, field and position in the field. Between two keywords, or two
names, lies a gap that no phrase reaches over.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import chain, pairwise, product
from typing import NamedTuple

from newsletter.core.filters.words import COMPOUND, clean, stems, take_apart
from newsletter.core.matching.holding import FIELD_BITS, cell_bit

POSITION_BITS = 16
GAP = 128  # more than the widest near term spans
LAST_POSITION = (1 << POSITION_BITS) - 1 - GAP  # what a field holds beyond is not looked at

_Run = tuple[int, int, str]  # first piece, number of pieces, what they make when read as one


class Places(NamedTuple):
    """For each word as written where it starts; or from where to where it goes, if it is what
    several pieces make.
    """

    single: dict[str, list[int]]
    joined: dict[str, list[tuple[int, int]]]


class _Text(NamedTuple):
    """A title, an abstract, one keyword or one name. place: of its first piece."""

    place: int
    pieces: Sequence[str]
    runs: Sequence[_Run]

    @property
    def words(self) -> set[str]:
        return {*self.pieces, *[whole for _, _, whole in self.runs]}


class Texts:
    """The texts of so many papers, by paper and field."""

    def __init__(self, *, papers: int) -> None:
        self._papers = papers
        self._texts: list[_Text] = []
        self._known: dict[str, str] = {}

    def add(self, paper: int, field: int, texts: Iterable[str]) -> None:
        """Take in a field of the paper at this position."""
        place = ((paper << FIELD_BITS) | field) << POSITION_BITS
        last = place + LAST_POSITION
        known = self._known.setdefault  # one object for equal words: what is small is near
        for text in texts:
            pieces: Sequence[str] = COMPOUND.findall(clean(text))[: last - place + 1]
            runs: Sequence[_Run] = ()
            letters = "".join(pieces)
            if not (letters.isascii() and letters.isalnum()):
                pieces, runs = _pieces_of(pieces)
            if pieces:
                self._texts.append(_Text(place, list(map(known, pieces, pieces)), runs))
            place += len(pieces) + GAP
            if place > last:
                return

    def cells(self) -> dict[str, int]:
        """Which cells hold each word as written, as bit sets."""
        cells: dict[str, int] = defaultdict(int)
        for text in self._texts:
            bit = self._cell(text)
            for word in text.words:
                cells[word] |= bit
        return cells

    def places(self) -> Places:
        """Where each word stands."""
        places = Places(defaultdict(list), defaultdict(list))
        for start, pieces, runs in self._texts:
            for place, piece in enumerate(pieces, start):
                places.single[piece].append(place)
            for first, length, whole in runs:
                places.joined[whole].append((start + first, start + first + length))
        return places

    def pairs(self) -> dict[tuple[str, str], list[int]]:
        """The cells, as bits, that hold one word right behind another, by the stems of both."""
        pairs: dict[tuple[str, str], list[int]] = defaultdict(list)
        for text in self._texts:
            bit = self._cell(text)
            for pair in _pairs(text):
                pairs[pair].append(bit)
        return pairs

    def _cell(self, text: _Text) -> int:
        cell = text.place >> POSITION_BITS
        field = cell & (1 << FIELD_BITS) - 1
        return cell_bit(cell >> FIELD_BITS, field, papers=self._papers)


def _pieces_of(compounds: Iterable[str]) -> tuple[list[str], list[_Run]]:
    """All pieces in their order, and what several of them make when read as one."""
    pieces: list[str] = []
    runs: list[_Run] = []
    for compound in compounds:
        if compound.isascii() and compound.isalnum():
            pieces.append(compound)
            continue
        parts, made = take_apart(compound)
        runs += [(len(pieces) + first, length, whole) for first, length, whole in made]
        pieces += parts
    return pieces, runs


def _pairs(text: _Text) -> set[tuple[str, str]]:
    stemmed = list(map(stems, text.pieces))
    if max(map(len, stemmed)) == 1:
        pairs = set(pairwise(chain.from_iterable(stemmed)))
    else:  # a word with an umlaut has two
        pairs = {pair for near in pairwise(stemmed) for pair in product(*near)}
    if text.runs:
        pairs |= _pairs_with_runs(text, stemmed)
    return pairs


def _pairs_with_runs(text: _Text, stemmed: Sequence[tuple[str, ...]]) -> set[tuple[str, str]]:
    """Those of which one is made of several pieces, or both."""
    starting: list[list[str]] = [list(some) for some in stemmed]
    for first, _, whole in text.runs:
        starting[first] += stems(whole)
    ending: dict[int, list[str]] = defaultdict(list)
    for first, length, whole in text.runs:
        ending[first + length] += stems(whole)
    for k, some in enumerate(stemmed):
        ending[k + 1] += some
    return {pair for end, others in enumerate(starting) for pair in product(ending[end], others)}
