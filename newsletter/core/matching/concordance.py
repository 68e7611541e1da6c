"""Where each word stands in a day's papers: one pass over the text, then only look-ups.

A place is one number, made of paper, field and position in the field, so that whole sets of places
are compared at once. Between two keywords, or two names, lies a gap that no phrase reaches over.
Which fields of which papers hold a word at all is a bit set, and mostly answers the question alone.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from newsletter.core.filters.tree import Words
from newsletter.core.filters.words import (
    COMPOUND,
    Compound,
    cased,
    clean,
    folded,
    stems,
    take_apart,
)
from newsletter.core.matching.holding import (
    FIELD_BITS,
    POSITION_BITS,
    Holding,
    Spelling,
    as_bits,
    by_field,
)

GAP = 128  # more than the widest near term spans
FEW_PHRASES = 500  # asked for; with more it pays to note once which words stand behind each
LAST_POSITION = (1 << POSITION_BITS) - 1 - GAP  # what a field holds beyond is not looked at

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

    def __init__(self) -> None:
        self._single: dict[str, list[int]] = defaultdict(list)
        self._joined: dict[str, list[tuple[int, int]]] = defaultdict(list)
        self._papers = 0
        self._held: dict[Spelling, Holding] = {}
        self._phrases = 0
        self._at: dict[int, tuple[str, ...]] = {}
        self._behind: dict[str, dict[str, list[int]]] = {}
        self._spans: dict[_Key, _Spans] = {}
        self._cells: dict[tuple[Spelling, Compound], _Cells] = {}

    def add(self, paper: int, field: int, texts: Iterable[str]) -> None:
        """Take in a field of the paper at this position."""
        self._papers = max(self._papers, paper + 1)
        place = ((paper << FIELD_BITS) | field) << POSITION_BITS
        last = place + LAST_POSITION
        single = self._single
        for text in texts:
            for word in COMPOUND.findall(clean(text)):
                if place > last:
                    return
                if word.isascii() and word.isalnum():
                    single[word].append(place)
                    place += 1
                else:
                    place += self._add_compound(word, place)
            place += GAP

    def _add_compound(self, compound: str, place: int) -> int:
        pieces, runs = take_apart(compound)
        for k, piece in enumerate(pieces):
            self._single[piece].append(place + k)
        for first, length, whole in runs:
            self._joined[whole].append((place + first, place + first + length))
        return len(pieces)

    def papers(self, words: Words) -> tuple[int, ...]:
        """For each of FIELDS the bit set of the papers that have the words there."""
        spelling = _spelling(words)
        found = -1
        for unit in words.units:
            found &= self._with_all_pieces(unit, spelling)
        if found and not _is_single(words):
            cells = {place >> POSITION_BITS for place in self._places(words, spelling)}
            found = as_bits(cells, papers=self._papers)
        return by_field(found, papers=self._papers)

    def papers_with(self, words: Sequence[str], *, is_prefix: bool) -> tuple[int, ...]:
        """The same for a phrase of ASCII words; a single one may go on."""
        if len(words) == 1:
            held = self._holding(folded if is_prefix else stems)
            found = held.starting_with(words[0]) if is_prefix else held.having(words[0])
        elif len(words) == 2 and self._phrases > FEW_PHRASES:
            behind = self._followers(words[0])
            cells = [cell for stem in stems(words[1]) for cell in behind.get(stem, ())]
            found = as_bits(cells, papers=self._papers)
        else:
            self._phrases += 1
            found = self._phrase(words)
        return by_field(found, papers=self._papers)

    def _phrase(self, words: Sequence[str]) -> int:
        held = self._holding(stems)
        found = held.having(words[0])
        for word in words[1:]:
            found &= held.having(word)
        ends: Collection[int] = self._find(stems, words[0], is_prefix=False).ends if found else ()
        for word in words[1:]:
            ends = _step(ends, self._find(stems, word, is_prefix=False)) if ends else ()
        return as_bits({end - 1 >> POSITION_BITS for end in ends}, papers=self._papers)

    def _followers(self, word: str) -> dict[str, list[int]]:
        """The fields in which each other word stands right behind this one, by its stem."""
        found = self._behind.get(word)
        if found is None:
            found = defaultdict(list)
            at = self._at or self._all_at()
            for end in self._find(stems, word, is_prefix=False).ends:
                for stem in at.get(end, ()):
                    found[stem].append(end - 1 >> POSITION_BITS)
            if found:  # strangers may ask for any number of words that no paper has
                self._behind[word] = found
        return found

    def _all_at(self) -> dict[int, tuple[str, ...]]:
        """The stems of the words that start at each place."""
        at: dict[int, tuple[str, ...]] = {}
        for surface, places in self._single.items():
            at.update(dict.fromkeys(places, stems(surface)))
        for surface, spans in self._joined.items():
            for start, _ in spans:
                at[start] += stems(surface)
        self._at = at
        return at

    def _holding(self, spelling: Spelling) -> Holding:
        held = self._held.get(spelling)
        if held is None:
            held = Holding(spelling, self._single, self._joined, papers=self._papers)
            self._held[spelling] = held
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
        held = self._holding(folded if is_prefix else spelling)
        surfaces = held.surfaces(word, is_prefix=is_prefix)
        starts = [start for surface in surfaces for start in self._single.get(surface, ())]
        longs = [span for surface in surfaces for span in self._joined.get(surface, ())]
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
