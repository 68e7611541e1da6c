"""The words that papers hold, and what a word that none of them holds was probably meant to be."""

import string
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from newsletter.core.filters.tree import Leaf, Name, Value, Words
from newsletter.core.filters.words import COMPOUND, clean, folded, name_words, take_apart
from newsletter.core.papers import Paper

MIN_LETTERS = 4  # one edit of a shorter word is often another word
MIN_PAPERS = 3  # a rarer word may be a mistake itself
_LETTERS = string.ascii_lowercase + string.digits + ".-"
_BEYOND = "\U0010ffff"  # sorts after whatever a word goes on with


class Known(Counter[str]):
    """How many papers hold each word. Counts no more once `beginning` was asked."""

    def beginning(self, start: str) -> int:
        """How many papers hold words that begin so, a paper again for each such word."""
        order = self._in_order
        return sum(
            self[word]
            for word in order[bisect_left(order, start) : bisect_left(order, start + _BEYOND)]
        )

    @cached_property
    def _in_order(self) -> list[str]:
        return sorted(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """How many papers hold each word, folded: in their text, authors' names, organisations.

    categories: folded, and their archives.
    """

    papers: int = 0
    words: Known = field(default_factory=Known)
    names: Known = field(default_factory=Known)
    organizations: Known = field(default_factory=Known)
    categories: Known = field(default_factory=Known)


_COUNTED = ("words", "names", "organizations", "categories")


def vocabulary_of(papers: Sequence[Paper]) -> Vocabulary:
    """The vocabulary of these papers, each of them once."""
    counts = {kind: Known() for kind in _COUNTED}
    for paper in papers:
        text = "\n".join((paper.title, paper.abstract, *paper.keywords))
        counts["words"].update(_words(text))
        counts["names"].update({form for name in paper.authors for form in _names(name)})
        if paper.organization is not None:
            named = f"{paper.organization.name} {paper.organization.full_name}"
            counts["organizations"].update(_words(named))
        counts["categories"].update({f for one in paper.categories for f in _category_forms(one)})
    return Vocabulary(papers=len(papers), **counts)


def together(vocabularies: Sequence[Vocabulary]) -> Vocabulary:
    """One vocabulary for the papers of several, none of which has a paper of another."""
    counts = {kind: Known() for kind in _COUNTED}
    for one in vocabularies:
        for kind, counter in counts.items():
            counter.update(getattr(one, kind))
    return Vocabulary(papers=sum(one.papers for one in vocabularies), **counts)


def misspelt(term: Leaf, vocabulary: Vocabulary) -> Iterator[tuple[str, str]]:
    """The words of this term that no paper writes so, each with a frequent word one edit away.

    A beginning, `agnet*`, comes with its star, and so does what it was meant to be. Exact words
    and initials are taken as they are. A word may still be found by papers that write it with
    another ending: ask before telling.
    """
    for word, known, is_prefix in _checked(term, vocabulary):
        if is_prefix:
            meant = nearest_beginning(word, known)
            if meant:
                yield f"{word}*", f"{meant}*"
        elif meant := nearest(word, known):
            yield word, meant


def nearest(word: str, known: Mapping[str, int]) -> str:
    """The most frequent of the known words that one edit makes of this one; "" when none is.

    An edit leaves out, adds or changes one letter, or swaps two that stand side by side.
    """
    found = {near for near in _one_edit_away(word) if known.get(near, 0) >= MIN_PAPERS}
    return max(found, key=lambda near: (known[near], near), default="")


def nearest_beginning(word: str, known: Known) -> str:
    """The same for the beginning of a word: one with which frequent words begin; "" for none.

    To leave out a letter nearly always finds more, as does another last one: such an edit comes
    after all others, so that `plannr*` is a planner and no plan.
    """
    counts = {near: known.beginning(near) for near in _one_edit_away(word)}
    found = {near for near, count in counts.items() if count >= MIN_PAPERS}

    def merit(near: str) -> tuple[bool, int, str]:
        return _is_as_narrow(near, word), counts[near], near

    return max(found, key=merit, default="")


_Checked = tuple[str, Known, bool]  # the word, where it should be, whether more may follow it


def _checked(term: Leaf, vocabulary: Vocabulary) -> Iterator[_Checked]:
    """The words that are not in the part of the vocabulary where they should be."""
    if isinstance(term, Value) and term.field == "cat":
        known = vocabulary.categories
        if not _is_known(term.wanted, known, is_prefix=term.is_prefix):
            yield term.wanted, known, term.is_prefix
    elif isinstance(term, Name) and not term.is_exact:
        words = (*term.family, *term.rest)
        yield from _missing(words, vocabulary.names, is_prefix=term.is_prefix)
    elif isinstance(term, Words) and not term.is_exact:
        known = vocabulary.organizations if term.field == "org" else vocabulary.words
        for unit in term.units:
            yield from _missing(unit.pieces, known, is_prefix=unit.is_prefix)


def _missing(written: Sequence[str], known: Known, *, is_prefix: bool) -> Iterator[_Checked]:
    """is_prefix: whether more may follow the last of the words."""
    for place, word in enumerate(written, start=1):
        may_go_on = is_prefix and place == len(written)
        forms = folded(word)
        if len(word) >= MIN_LETTERS and not any(
            _is_known(form, known, is_prefix=may_go_on) for form in forms
        ):
            yield forms[0], known, may_go_on


def _is_known(word: str, known: Known, *, is_prefix: bool) -> bool:
    return known.beginning(word) > 0 if is_prefix else word in known


def _is_as_narrow(near: str, word: str) -> bool:
    """Whether the edit neither left out a letter nor changed the last one but by a swap."""
    ends_alike = near[-1] == word[-1] or near[-2:] == word[:-3:-1]
    return ends_alike and len(near) >= len(word)


def _one_edit_away(word: str) -> Iterator[str]:
    for at in range(len(word) + 1):
        before, after = word[:at], word[at:]
        if after:
            yield before + after[1:]
        if len(after) > 1:
            yield before + after[1] + after[0] + after[2:]
        for letter in _LETTERS:
            yield before + letter + after
            if after:
                yield before + letter + after[1:]


def _words(text: str) -> set[str]:
    """Every word of the text, folded: parts of hyphenated ones, and what they make in one."""
    found: set[str] = set()
    for word in COMPOUND.findall(clean(text)):
        parts, runs = take_apart(word)
        for part in parts:
            found.update(folded(part))
        for _, _, whole in runs:
            found.update(folded(whole))
    return found


def _names(name: str) -> set[str]:
    return {form for word in name_words(name) for form in folded(word)}


def _category_forms(category: str) -> set[str]:
    folded_category = category.casefold()
    return {folded_category, folded_category.partition(".")[0]}
