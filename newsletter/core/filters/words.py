"""Text as words: what a paper's text and a filter's text are both turned into before they meet.

A word is letters and digits. Parts of a hyphenated word stand one after the other, and the whole
is known without its hyphens too, so `fine-tuning`, `fine tuning` and `finetuning` find each other.
TeX is read as what it shows. Chinese, Japanese and Korean text is taken character by character.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock

import snowballstemmer

from newsletter.core.filters.tex import GREEK, read_tex

_APOSTROPHES = "'\N{RIGHT SINGLE QUOTATION MARK}"
_CJK = (
    "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
)
# Two plus signs or a sharp make another word: C++ and C# are not C.
_WORD = rf"[^\W_]+(?:[{_APOSTROPHES}][^\W_]+)*(?:\+\+|#(?!\w))?"
_JOINER = "[-\u2010-\u2013_^]"  # hyphens, the en dash, and what TeX sets high or low
COMPOUND = re.compile(rf"{_WORD}(?:{_JOINER}{_WORD})*")
_PIECE = re.compile(rf"(?P<joiner>{_JOINER})|[{_CJK}]|(?:(?!{_JOINER})[^{_CJK}])+")
_IS_CJK = re.compile(f"[{_CJK}]")
# Soft hyphens, zero-width and direction marks, and accents that no single character holds.
INVISIBLE = re.compile("[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]")
_LOOSE_MARK = re.compile("[\u0300-\u036f\ufe00-\ufe0f]")

MIN_PREFIX = 3  # letters before a star: fewer would find half of all words

# Letters that do not come apart into a letter and an accent.
_PLAIN = {"ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"}
# The other usual way to write them: Müller is Mueller as well as Muller.
_SPELLED = {"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa", **GREEK}
_BOTH_CASES = {
    **{ord(letter): plain for letter, plain in _PLAIN.items()},
    **{
        ord(letter.upper()): plain.capitalize() for letter, plain in _PLAIN.items() if letter != "ı"
    },
}
_SPELLED_BOTH_CASES = {
    **{ord(letter): spelled for letter, spelled in _SPELLED.items()},
    **{ord(letter.upper()): spelled.capitalize() for letter, spelled in _SPELLED.items()},
}

# LLMs, PDEs, GPUs: the stemmer takes an s away only behind a syllable, which these do not have.
_ACRONYMS = re.compile("[b-df-hj-np-tv-xz]{2,}[aeiou]?(?<!s)s")

# Normalise is normalize. Other words in -ise stay: precise has precisely and precision beside it,
# which would lose it.
_ISE = re.compile(
    "([a-z]{4,}(?<![aeiouvw])(?<!pr)(?<![^i]c)(?<!prom)(?<!prem)(?<!expert)(?<!advert)(?<!treat)"
    "(?<!chast)(?<!pract)(?<!parad)(?<!franch)(?<!merchand))is(e[ds]?|ers?|ing|ations?|able)"
)

_stemmer = snowballstemmer.stemmer("english")
_stemmer_lock = Lock()  # it keeps the word it works on, and pages are served by several threads


@dataclass(frozen=True, slots=True)
class Compound:
    """A word of a filter. pieces: its parts, as written ("GPT", "4"). whole: them in one ("GPT4"),
    "" where it has one part or that would mean something else. is_prefix: more may follow.
    """

    pieces: tuple[str, ...]
    whole: str = ""
    is_prefix: bool = False


def clean(text: str) -> str:
    """The text with TeX read and compatibility forms replaced (NFKC); case and accents stay."""
    text = read_tex(text)
    if text.isascii():
        return text
    return _LOOSE_MARK.sub("", INVISIBLE.sub("", unicodedata.normalize("NFKC", text)))


@lru_cache(maxsize=65_536)
def take_apart(compound: str) -> tuple[tuple[str, ...], tuple[tuple[int, int, str], ...]]:
    """The pieces of one match of COMPOUND, and those that may be read as one.

    Each of the latter is (first piece, number of pieces, text): every pair and the whole. Digits
    are never put together: "1-2" is not 12.
    """
    pieces: list[str] = []
    joined: list[bool] = []  # whether piece i and the one after it are parts of one word
    for match in _PIECE.finditer(compound):
        if match["joiner"]:
            joined[-1] = True
        else:
            pieces.append(match[0])
            joined.append(False)
    for i in range(len(pieces) - 1):
        digits = pieces[i][-1].isdigit() and pieces[i + 1][0].isdigit()
        joined[i] = joined[i] and not digits
    runs = [(i, 2, pieces[i] + pieces[i + 1]) for i in range(len(pieces) - 1) if joined[i]]
    if len(pieces) > 2 and all(joined[:-1]):
        runs.append((0, len(pieces), "".join(pieces)))
    return tuple(pieces), tuple(runs)


def compounds(text: str) -> tuple[Compound, ...]:
    """The words of a filter's text, in order; a star after at least 3 letters makes a prefix."""
    text = clean(text)
    found = []
    for match in COMPOUND.finditer(text):
        pieces, runs = take_apart(match[0])
        whole = runs[-1][2] if runs and runs[-1][1] == len(pieces) else ""
        followed = text[match.end() : match.end() + 1] == "*"
        starred = followed and _chunk_letters(text, match.end()) >= MIN_PREFIX
        found.append(Compound(pieces, whole, starred))
    return tuple(found)


def _chunk_letters(text: str, end: int) -> int:
    """How many letters and digits stand before `end` since the last blank."""
    start = end
    while start and not text[start - 1].isspace():
        start -= 1
    return sum(letter.isalnum() for letter in text[start:end])


def folded(word: str) -> tuple[str, ...]:
    """The spellings of a word without case and accents: one, or two ("muller", "mueller")."""
    return (word.lower(),) if word.isascii() and word.isalnum() else _folded(word)


def cased(word: str) -> tuple[str, ...]:
    """The same with its capitals."""
    return (word,) if word.isascii() and word.isalnum() else _cased(word)


@lru_cache(maxsize=131_072)
def stems(word: str) -> tuple[str, ...]:
    """The same without case, accents and English endings."""
    return tuple(dict.fromkeys([_stem(form) for form in folded(word)]))


@lru_cache(maxsize=65_536)
def _folded(word: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys([_fold(form) for form in _spellings(word.casefold())]))


@lru_cache(maxsize=65_536)
def _cased(word: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_spellings(word)))


def name_words(text: str) -> tuple[str, ...]:
    """The words of a person's name, hyphenated ones whole, without dots: ("J", "Smith-Jones")."""
    return tuple(COMPOUND.findall(clean(text)))


def is_cjk(text: str) -> bool:
    """Whether it holds Chinese, Japanese or Korean characters."""
    return _IS_CJK.search(text) is not None


def _stem(word: str) -> str:
    if len(word) < 3 or not word.isascii():
        return word
    if word[-1] == "s" and _ACRONYMS.fullmatch(word):
        word = word[:-1]
    if "is" in word:
        word = _ISE.sub(r"\1iz\2", word) if _ISE.fullmatch(word) else word
    with _stemmer_lock:
        stem: str = _stemmer.stemWord(word)
    return stem


def _fold(word: str) -> str:
    return word if word.isascii() else word.casefold()


def _spellings(word: str) -> tuple[str, ...]:
    word = _without_apostrophes(word)
    if word.isascii():
        return (word,)
    return _unaccented(word), _unaccented(word.translate(_SPELLED_BOTH_CASES))


def _without_apostrophes(word: str) -> str:
    for mark in _APOSTROPHES:
        if mark in word:
            word = word.removesuffix(mark + "s").removesuffix(mark + "S").replace(mark, "")
    return word


def _unaccented(word: str) -> str:
    apart = unicodedata.normalize("NFKD", word.translate(_BOTH_CASES))
    return unicodedata.normalize(
        "NFC", "".join(c for c in apart if unicodedata.category(c) != "Mn")
    )
