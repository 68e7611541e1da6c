"""Authors' names: `He, K` is Kaiming He, and Müller is Muller is Mueller."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from newsletter.core.filters.tree import Name
from newsletter.core.filters.words import cased, folded, is_cjk, name_words, take_apart

_SUFFIXES = frozenset({"jr", "sr", "ii", "iii", "iv"})
# In family names only, and not at their end: Mueller is Muller, but Xuefeng is not Xufeng, and Xue
# and Michael are no German spellings.
_SPELLED_UMLAUT = re.compile(r"(?<=[b-df-hj-np-tv-xz])([aou])e(?=[b-df-hj-np-tv-xz][a-z])")

_INITIALS = re.compile(r"[A-Z]{1,3}")  # JK Rowling is J. K. Rowling

Reading = tuple[tuple[str, ...], ...]  # for each word of a name its spellings


@dataclass(slots=True)
class _Person:
    """A name as papers write it. readings: hyphenated words whole or apart, initials apart."""

    words: tuple[str, ...]
    readings: tuple[Reading, ...]
    papers: int = 0


class People:
    """The authors of a day's papers, each name once."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._persons: list[_Person] = []
        self._called: dict[str, set[int]] = defaultdict(set)  # by the forms of their words

    def add(self, paper: int, names: Iterable[str]) -> None:
        """Take in the authors of the paper at this position."""
        for name in names:
            number = self._numbers.get(name)
            if number is None:
                number = self._numbers[name] = len(self._persons)
                person = _person(name)
                self._persons.append(person)
                for word in {word for reading in person.readings for word in reading}:
                    for form in _all_forms(word):
                        self._called[form].add(number)
            self._persons[number].papers |= 1 << paper

    def papers(self, name: Name) -> int:
        """The bit set of the papers that have such an author."""
        found = 0
        sides = _sides(name)
        for person in self._candidates(name):
            if person.papers & ~found and _is_same(name, sides, person):
                found |= person.papers
        return found

    def called(self, words: tuple[str, ...]) -> int:
        """The same for a usual name: see `plain_name`. It is given whole and has one reading."""
        found = 0
        for person in self._with_all(words):
            if person.words == words or _has_in_order(words, person):
                found |= person.papers
        return found

    def _candidates(self, name: Name) -> Iterable[_Person]:
        words = [word for word in (*name.family, *name.rest) if len(word) > 1]
        full = [word for word in words if not all(map(_INITIALS.fullmatch, _parts(word)))]
        if not words or name.is_prefix or any(map(is_cjk, words)):
            return self._persons
        return self._with_all(full or [max(words, key=len)])

    def _with_all(self, words: Iterable[str]) -> list[_Person]:
        """Those who have all these words in their names."""
        found = set.intersection(*map(self._with, words))
        return [self._persons[number] for number in found]

    def _with(self, word: str) -> set[int]:
        """Those who have the word, or the parts it has, in their names."""
        called = [self._called[form] for form in _asked_forms(word) if form in self._called]
        return called[0] if len(called) == 1 else set().union(*called)


@lru_cache(maxsize=65_536)
def _asked_forms(word: str) -> frozenset[str]:
    """Of those whose names hold the word, one form is among these."""
    pieces, runs = take_apart(word)
    spelled = runs[-1][2] if runs else pieces[0]
    return frozenset(form for one in (spelled, pieces[0]) for form in _all_forms(folded(one)))


def _person(name: str) -> _Person:
    before, comma, after = name.partition(",")
    if comma and "," not in after and after.strip(" .").casefold() not in _SUFFIXES:
        name = f"{after} {before}"  # He, Kaiming
    words = name_words(name)
    while len(words) > 2 and words[-1].casefold() in _SUFFIXES:
        words = words[:-1]
    return _Person(words, _readings(words, is_cased=False))


def _readings(words: Sequence[str], *, is_cased: bool) -> tuple[Reading, ...]:
    whole: list[tuple[str, ...]] = []
    apart: list[tuple[str, ...]] = []
    initials: list[tuple[str, ...]] = []
    for word in words:
        one, parts, letters = _word_readings(word, is_cased=is_cased)
        whole.append(one)
        apart += parts
        initials += letters
    return tuple(dict.fromkeys((tuple(whole), tuple(apart), tuple(initials))))


@lru_cache(maxsize=65_536)
def _word_readings(word: str, *, is_cased: bool) -> tuple[tuple[str, ...], Reading, Reading]:
    """The word whole, its parts, and these with initials apart: `JK` is J, K."""
    spelling = cased if is_cased else folded
    parts = _parts(word)
    letters = [letter for one in parts for letter in (one if _INITIALS.fullmatch(one) else (one,))]
    return (
        spelling("".join(take_apart(word)[0])),
        tuple(map(spelling, parts)),
        tuple(map(spelling, letters)),
    )


def _parts(word: str) -> tuple[str, ...]:
    """The parts of a hyphenated word; a name in Chinese characters stays as it is."""
    return (word,) if is_cjk(word) else take_apart(word)[0]


@lru_cache(maxsize=65_536)
def _all_forms(spellings: tuple[str, ...]) -> set[str]:
    return {*spellings, *map(_without_umlaut, spellings)}


def _without_umlaut(form: str) -> str:
    return _SPELLED_UMLAUT.sub(r"\1", form)


def _has_in_order(words: Sequence[str], person: _Person) -> bool:
    wanted = tuple(map(folded, words))
    return any(_fits_in_order(wanted, reading, is_prefix=False) for reading in person.readings)


def _is_same(name: Name, sides: Sequence[tuple[Reading, Reading]], person: _Person) -> bool:
    theirs = _readings(person.words, is_cased=True) if name.is_cased else person.readings
    return any(_fits(name, family, rest, words) for family, rest in sides for words in theirs)


def _sides(name: Name) -> list[tuple[Reading, Reading]]:
    """What may be the family name and the given names: `Rowling JK` is `Rowling, J K` too."""
    sides = [(name.family, name.rest)]
    first = len(name.rest)
    while not name.family and first > 1 and _INITIALS.fullmatch(name.rest[first - 1]):
        first -= 1
    if 0 < first < len(name.rest):
        sides.append((name.rest[:first], name.rest[first:]))
    return [
        (family, rest)
        for family_words, rest_words in sides
        for family in _readings(family_words, is_cased=name.is_cased)
        for rest in _readings(rest_words, is_cased=name.is_cased)
    ]


def _fits(name: Name, family: Reading, rest: Reading, words: Reading) -> bool:
    if name.is_exact:
        return _fits_exactly((*rest, *family), words)
    if not family:
        return _fits_in_order(rest, words, is_prefix=name.is_prefix)
    given = words[: -len(family)]
    if len(given) < len(rest) or len(words) < len(family):
        return False
    last = len(words) - len(family)
    return all(
        _is_same_word(ours, words[last + i], is_last=last + i == len(words) - 1)
        for i, ours in enumerate(family)
    ) and all(
        _is_same_word(ours, given[i], is_prefix=name.is_prefix or _is_initial(ours))
        for i, ours in enumerate(rest)
    )


def _fits_exactly(ours: Reading, words: Reading) -> bool:
    return len(ours) == len(words) and all(
        set(mine) & set(theirs) for mine, theirs in zip(ours, words, strict=True)
    )


def _fits_in_order(rest: Reading, words: Reading, *, is_prefix: bool) -> bool:
    """Whether these words stand in the name in this order; initials only beside a longer word."""
    at = 0
    for i, ours in enumerate(rest):
        may_go_on = (is_prefix and i == len(rest) - 1) or (len(rest) > 1 and _is_initial(ours))
        while at < len(words) and not _is_same_word(
            ours, words[at], is_prefix=may_go_on, is_last=at == len(words) - 1
        ):
            at += 1
        if at == len(words):
            return False
        at += 1
    return True


def _is_initial(spellings: tuple[str, ...]) -> bool:
    return len(spellings[0]) == 1 and not is_cjk(spellings[0])


def _is_same_word(
    ours: tuple[str, ...],
    theirs: tuple[str, ...],
    *,
    is_prefix: bool = False,
    is_last: bool = False,
) -> bool:
    if is_prefix:
        return any(word.startswith(start) for word in theirs for start in ours)
    if any(form in theirs for form in ours):
        return True
    if is_last and any(_without_umlaut(form) in map(_without_umlaut, theirs) for form in ours):
        return True
    return is_cjk(ours[0]) and any(ours[0] in word for word in theirs)
