"""Where each word stands in a day's papers: which have it is known at once, the rest if asked.

Which fields of which papers hold a word at all is a bit set, and mostly answers the question alone;
so does which hold one word right behind another. Beyond these whole sets of places are compared.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from newsletter.core.filters.tree import Words
from newsletter.core.filters.words import Compound, cased, folded, stems
from newsletter.core.matching.holding import (
    FIELD_BITS,
    Holding,
    Spelling,
    cell_bit,
    union,
)
from newsletter.core.matching.texts import POSITION_BITS, Places, Texts

FEW_PHRASES = 500  # asked for; with more it pays to note once which words stand behind each

_Key = tuple[Spelling, str, bool]  # the word, and whether it may go on
_Cells = dict[int, list[tuple[int, int]]]  # paper and field → (start, end) of a word there


@dataclass(frozen=True, slots=True)
class _Spans:
    """Where a word stands. starts: as a word of its own. longs: (start, end) of what it is one
    of several readings of. ends: of both.
    """

    starts: frozenset[int]
    ends: frozenset[int]
    longs: tuple[tuple[int, int], ...]


class Concordance:
    """The words of a day's papers by place. All is added before the first question."""

    def __init__(self, *, papers: int) -> None:
        self._papers = papers
        self._texts = Texts(papers=papers)
        self._written: dict[str, int] = {}
        self._held: dict[Spelling, Holding] = {}
        self._phrases = 0
        self._pairs: dict[tuple[str, str], list[int]] = {}
        self._places_of: Places | None = None
        self._spans: dict[_Key, _Spans] = {}
        self._cells: dict[tuple[Spelling, Compound], _Cells] = {}

    def add(self, paper: int, field: int, texts: Iterable[str]) -> None:
        """Take in a field of the paper at this position."""
        self._texts.add(paper, field, texts)

    def cells(self, words: Words) -> int:
        """The bit set of the fields of papers that have the words."""
        spelling = _spelling(words)
        found = -1
        for unit in words.units:
            found &= self._with_all_pieces(unit, spelling)
        if found and not _is_single(words):
            return self._as_bits(self._places(words, spelling))
        return found

    def cells_with(self, words: Sequence[str], *, is_prefix: bool) -> int:
        """The same for a phrase of ASCII words; a single one may go on."""
        if is_prefix:
            return self._holding(folded).starting_with(words[0])
        if len(words) == 1:
            return self._holding(stems).having(words[0])
        if len(words) == 2 and (self._pairs or self._phrases >= FEW_PHRASES):
            pairs = self._pairs or self._note_pairs()
            # ASCII words have one stem.
            return union(pairs.get((stems(words[0])[0], stems(words[1])[0]), ()))
        self._phrases += 1
        return self._phrase(words)

    def _note_pairs(self) -> dict[tuple[str, str], list[int]]:
        self._pairs = self._texts.pairs()
        return self._pairs

    def _phrase(self, words: Sequence[str]) -> int:
        held = self._holding(stems)
        found = held.having(words[0])
        for word in words[1:]:
            found &= held.having(word)
        ends: Collection[int] = self._find(stems, words[0], is_prefix=False).ends if found else ()
        for word in words[1:]:
            ends = _step(ends, self._find(stems, word, is_prefix=False)) if ends else ()
        return self._as_bits([end - 1 for end in ends])

    def _as_bits(self, places: Iterable[int]) -> int:
        """The cells in which these places are."""
        fields = (1 << FIELD_BITS) - 1
        return union(
            cell_bit(cell >> FIELD_BITS, cell & fields, papers=self._papers)
            for cell in {place >> POSITION_BITS for place in places}
        )

    def _holding(self, spelling: Spelling) -> Holding:
        held = self._held.get(spelling)
        if held is None:
            self._written = self._written or self._texts.cells()
            held = self._held[spelling] = Holding(spelling, self._written)
        return held

    def _with_all_pieces(self, unit: Compound, spelling: Spelling) -> int:
        """Where all parts of the word stand, or the whole: all fields that may hold it."""
        held = self._holding(spelling)
        having = self._holding(folded).starting_with if unit.is_prefix else held.having
        found = having(unit.pieces[-1])
        for piece in unit.pieces[:-1]:
            found &= held.having(piece)
        return found | having(unit.whole) if unit.whole else found

    def _places(self, words: Words, spelling: Spelling) -> Collection[int]:
        """One place or more within each stretch that has the words."""
        if words.near is not None:
            return self._near(words, spelling, words.near)
        ends: Collection[int] | None = None
        for unit in words.units:
            ends = self._after(ends, unit, spelling)
            if not ends:
                break
        return [end - 1 for end in ends or ()]

    def _after(
        self, ends: Collection[int] | None, unit: Compound, spelling: Spelling
    ) -> Collection[int]:
        """Where a word ends that starts at one of `ends`; anywhere when that is None."""
        after = ends
        for piece in unit.pieces[:-1]:
            after = _step(after, self._find(spelling, piece, is_prefix=False))
        after = _step(after, self._find(spelling, unit.pieces[-1], is_prefix=unit.is_prefix))
        if unit.whole:
            whole = self._find(spelling, unit.whole, is_prefix=unit.is_prefix)
            after = {*after, *_step(ends, whole)}
        return after

    def _near(self, words: Words, spelling: Spelling, between: int) -> list[int]:
        """A place in each field where a short enough stretch holds all, as often as written."""
        length = between + sum(len(unit.pieces) for unit in words.units)
        wanted = Counter(_alike(unit, spelling) for unit in words.units)
        units = {_alike(unit, spelling): unit for unit in words.units}
        held = [(self._by_cell(unit, spelling), wanted[key]) for key, unit in units.items()]
        held.sort(key=lambda one: len(one[0]))
        return [
            cell << POSITION_BITS
            for cell in held[0][0]
            if all(cell in spans for spans, _ in held)
            and _fits_somewhere([(spans[cell], count) for spans, count in held], length)
        ]

    def _by_cell(self, unit: Compound, spelling: Spelling) -> _Cells:
        """The word's occurrences by paper and field, in order."""
        key = (spelling, unit)
        cells = self._cells.get(key)
        if cells is None:
            cells = self._cells[key] = {}
            for start, end in sorted(self._occurrences(unit, spelling)):
                cells.setdefault(start >> POSITION_BITS, []).append((start, end))
        return cells

    def _occurrences(self, unit: Compound, spelling: Spelling) -> list[tuple[int, int]]:
        """Start and nearest end of the word, each start once."""
        leads = [self._find(spelling, unit.pieces[0], is_prefix=unit.is_prefix)]
        if len(unit.pieces) == 1 and not leads[0].longs:
            return [(start, start + 1) for start in leads[0].starts]
        if unit.whole:
            leads.append(self._find(spelling, unit.whole, is_prefix=unit.is_prefix))
        starts = {start for lead in leads for start in (*lead.starts, *(s for s, _ in lead.longs))}
        ends = ((start, self._after((start,), unit, spelling)) for start in starts)
        return [(start, min(after)) for start, after in ends if after]

    def _find(self, spelling: Spelling, word: str, *, is_prefix: bool) -> _Spans:
        spans = self._spans.get((spelling, word, is_prefix))
        if spans is None:
            spans = self._look_up(spelling, word, is_prefix=is_prefix)
            if spans.ends:
                self._spans[spelling, word, is_prefix] = spans
        return spans

    def _look_up(self, spelling: Spelling, word: str, *, is_prefix: bool) -> _Spans:
        if self._places_of is None:
            self._places_of = self._texts.places()
        single, joined = self._places_of
        held = self._holding(folded if is_prefix else spelling)
        surfaces = held.surfaces(word, is_prefix=is_prefix)
        starts = [start for surface in surfaces for start in single.get(surface, ())]
        longs = [span for surface in surfaces for span in joined.get(surface, ())]
        ends = [start + 1 for start in starts]
        ends += [end for _, end in longs]
        return _Spans(frozenset(starts), frozenset(ends), tuple(longs))


def _is_single(words: Words) -> bool:
    """Whether to hold the word is all that is asked."""
    unit = words.units[0]
    return len(words.units) == 1 and len(unit.pieces) == 1 and not unit.whole


def _spelling(words: Words) -> Spelling:
    if not words.is_exact:
        return stems
    return cased if words.is_cased else folded


def _step(ends: Collection[int] | None, spans: _Spans) -> Collection[int]:
    """Where this word ends when it starts where the one before ended."""
    if ends is None:
        return spans.ends
    after = {start + 1 for start in spans.starts.intersection(ends)}
    after.update(end for start, end in spans.longs if start in ends)
    return after


def _alike(unit: Compound, spelling: Spelling) -> tuple[object, ...]:
    return (unit.is_prefix, *(spelling(piece) for piece in unit.pieces))


def _fits_somewhere(held: list[tuple[list[tuple[int, int]], int]], length: int) -> bool:
    """Whether some stretch holds of each word as many occurrences as it asks for."""
    for first in sorted(start for spans, _ in held for start, _ in spans):
        last = first + length
        for spans, count in held:
            if sum(start >= first and end <= last for start, end in spans) < count:
                break
        else:
            return True
    return False
