"""The words that papers hold, and what a word that none of them holds was probably meant to be."""

import string
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from newsletter.core.filters.tree import Leaf, Name, Value, Words
from newsletter.core.filters.words import COMPOUND, clean, folded, name_words, take_apart
from newsletter.core.papers import Paper

MIN_LETTERS = 4  # one edit of a shorter word is often another word
MIN_PAPERS = 3  # a rarer word may be a mistake itself
_LETTERS = string.ascii_lowercase + string.digits + ".-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """How many papers hold each word, folded: in their text, authors' names, organisations.

    categories: folded, and their archives.
    """

    papers: int = 0
    words: Counter[str] = field(default_factory=Counter)
    names: Counter[str] = field(default_factory=Counter)
    organizations: Counter[str] = field(default_factory=Counter)
    categories: Counter[str] = field(default_factory=Counter)


_COUNTED = ("words", "names", "organizations", "categories")


def vocabulary_of(papers: Sequence[Paper]) -> Vocabulary:
    """The vocabulary of these papers, each of them once."""
    counts: dict[str, Counter[str]] = {kind: Counter() for kind in _COUNTED}
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
    counts: dict[str, Counter[str]] = {kind: Counter() for kind in _COUNTED}
    for one in vocabularies:
        for kind, counter in counts.items():
            counter.update(getattr(one, kind))
    return Vocabulary(papers=sum(one.papers for one in vocabularies), **counts)


def misspelt(term: Leaf, vocabulary: Vocabulary) -> Iterator[tuple[str, str]]:
    """The words of this term that no paper writes so, each with a frequent word one edit away.

    Prefixes, exact words and initials are taken as they are. A word may still be found by papers
    that write it with another ending: ask before telling.
    """
    for word, known in _checked(term, vocabulary):
        meant = nearest(word, known)
        if meant:
            yield word, meant


def nearest(word: str, known: Mapping[str, int]) -> str:
    """The most frequent of the known words that one edit makes of this one; "" when none is.

    An edit leaves out, adds or changes one letter, or swaps two that stand side by side.
    """
    found = {near for near in _one_edit_away(word) if known.get(near, 0) >= MIN_PAPERS}
    return max(found, key=lambda near: (known[near], near), default="")


def _checked(term: Leaf, vocabulary: Vocabulary) -> Iterator[tuple[str, Mapping[str, int]]]:
    """The words that are not in the vocabulary, with the part of it that they should be in."""
    if isinstance(term, Value) and term.field == "cat" and not term.is_prefix:
        if term.wanted not in vocabulary.categories:
            yield term.wanted, vocabulary.categories
    elif isinstance(term, Name) and not (term.is_exact or term.is_prefix):
        yield from _missing((*term.family, *term.rest), vocabulary.names)
    elif isinstance(term, Words) and not term.is_exact:
        units = [unit for unit in term.units if not unit.is_prefix]
        known = vocabulary.organizations if term.field == "org" else vocabulary.words
        yield from _missing([piece for unit in units for piece in unit.pieces], known)


def _missing(
    written: Iterable[str], known: Mapping[str, int]
) -> Iterator[tuple[str, Mapping[str, int]]]:
    for word in written:
        forms = folded(word)
        if len(word) >= MIN_LETTERS and not any(form in known for form in forms):
            yield forms[0], known


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
