"""Where in a text the words of a filter stand, so that pages and terminals can mark them alike.

Text and filter meet as in `core.matching`: see `core.filters.words` for what counts as a word.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from newsletter.core.filters.tree import Leaf, Node, Not, Words
from newsletter.core.filters.words import (
    COMPOUND,
    Compound,
    cased,
    clean,
    folded,
    stems,
    take_apart,
)

LONGEST_TITLE = 200  # characters

Span = tuple[int, int]  # from, up to: offsets into the text
_Spelling = Callable[[str], tuple[str, ...]]
_CHUNK = re.compile(r"\S+")


@dataclass(frozen=True, slots=True)
class _Reading:
    """A text as pieces of words. spans: where each stands in the text. readings: for each piece
    (text, number of the piece after it), by itself and joined with those that follow.
    """

    spans: tuple[Span, ...]
    readings: tuple[tuple[tuple[str, int], ...], ...]


def mark(text: str, terms: Iterable[Words]) -> tuple[Span, ...]:
    """The stretches of the text that these terms found, in order, none over another.

    A term whose words only have to be near each other marks each of them.
    """
    reading = _title(text) if len(text) <= LONGEST_TITLE else _read(text)
    found = sorted(
        (reading.spans[first][0], reading.spans[after - 1][1])
        for term in terms
        for first, after in _found(reading, term)
    )
    spans: list[Span] = []
    for start, end in found:
        if spans and start <= spans[-1][1]:
            spans[-1] = spans[-1][0], max(end, spans[-1][1])
        else:
            spans.append((start, end))
    return tuple(spans)


def pieces(text: str, spans: Iterable[Span]) -> Iterator[tuple[str, bool]]:
    """The text cut at the marks: (piece, whether it is marked), none empty."""
    at = 0
    for start, end in spans:
        if at < start:
            yield text[at:start], False
        yield text[start:end], True
        at = end
    if at < len(text):
        yield text[at:], False


def words_for(tree: Node, place: str) -> tuple[Words, ...]:
    """The words that a filter wants in "title" or "abstract", outside of any NOT."""
    if isinstance(tree, Words):
        return (tree,) if tree.field in ("", place) else ()
    if isinstance(tree, Leaf | Not):
        return ()
    return tuple(words for child in tree.children for words in words_for(child, place))


def _found(reading: _Reading, term: Words) -> Iterator[Span]:
    """First piece and the one after the last of each stretch."""
    spelling = folded if term.is_exact else stems
    if term.is_cased:
        spelling = cased
    phrases = [term.units] if term.near is None else [(unit,) for unit in term.units]
    for phrase in phrases:
        for first in range(len(reading.spans)):
            ends = {first}
            for unit in phrase:
                ends = _after(reading, ends, unit, spelling)
            if ends:
                yield first, min(ends)


def _after(reading: _Reading, starts: set[int], unit: Compound, spelling: _Spelling) -> set[int]:
    """Where the unit ends that starts at one of these pieces."""
    ends = starts
    for piece in unit.pieces[:-1]:
        ends = _step(reading, ends, piece, spelling)
    ends = _step(reading, ends, unit.pieces[-1], spelling, is_prefix=unit.is_prefix)
    if unit.whole:
        ends = ends | _step(reading, starts, unit.whole, spelling, is_prefix=unit.is_prefix)
    return ends


def _step(
    reading: _Reading,
    starts: set[int],
    word: str,
    spelling: _Spelling,
    *,
    is_prefix: bool = False,
) -> set[int]:
    spelling = folded if is_prefix else spelling
    wanted = spelling(word)
    return {
        after
        for start in starts
        if start < len(reading.readings)
        for written, after in reading.readings[start]
        if _is_same(spelling(written), wanted, is_prefix=is_prefix)
    }


def _is_same(written: tuple[str, ...], wanted: tuple[str, ...], *, is_prefix: bool) -> bool:
    if is_prefix:
        return any(form.startswith(wanted) for form in written)
    return any(form in written for form in wanted)


def _read(text: str) -> _Reading:
    spans: list[Span] = []
    readings: list[list[tuple[str, int]]] = []
    for compound, start, end in _compounds(text):
        parts, runs = take_apart(compound)
        first, at = len(spans), 0
        for number, part in enumerate(parts, first):
            at = compound.index(part, at)
            # Where TeX or ligatures were read the parts have no places of their own.
            own = text[start:end] == compound
            spans.append((start + at, start + at + len(part)) if own else (start, end))
            readings.append([(part, number + 1)])
            at += len(part)
        for number, length, whole in runs:
            readings[first + number].append((whole, first + number + length))
    return _Reading(tuple(spans), tuple(map(tuple, readings)))


# Titles are shown again and again; all abstracts would be too much to keep.
_title = lru_cache(maxsize=16_384)(_read)


def _compounds(text: str) -> Iterator[tuple[str, int, int]]:
    """Each word of the text, as it is read, with where it stands."""
    if clean(text) == text:
        for match in COMPOUND.finditer(text):
            yield match[0], match.start(), match.end()
        return
    for chunk in _CHUNK.finditer(text):
        read = clean(chunk[0])
        for match in COMPOUND.finditer(read):
            lead = chunk.start() if read == chunk[0] else None
            if lead is None:
                yield match[0], chunk.start(), chunk.end()
            else:
                yield match[0], lead + match.start(), lead + match.end()
