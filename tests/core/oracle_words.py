"""The oracle's words: where a text has which, and which of two are the same."""

import unicodedata
from functools import lru_cache

import snowballstemmer

from newsletter.core.filters.words import clean

remember = lru_cache(maxsize=200_000)
JOINERS = "-‐‑‒–_^"
stemmer = snowballstemmer.stemmer("english")


@remember
def is_cjk(letter):
    return unicodedata.name(letter, "").startswith(("CJK", "HIRAGANA", "KATAKANA", "HANGUL"))


@remember
def tokens(text):
    """[(word, what stands between it and the next one)], letter by letter."""
    text = clean(text)
    found, word, between = [], "", ""
    for i, letter in enumerate(text + " "):
        before, after = text[i - 1 : i], text[i + 1 : i + 2]
        inside = letter in "'’" and before.isalnum() and after.isalnum()
        plus = word and not between and (text[i : i + 2] == "++" or text[i - 1 : i + 1] == "++")
        sharp = word and not between and letter == "#" and not (after.isalnum() or after == "_")
        if letter.isalnum() or inside or plus or sharp:
            if word and (between or is_cjk(letter) or is_cjk(word[-1])):
                found.append((word, between))
                word, between = "", ""
            word += letter
        elif word:
            between += letter
    if word:
        found.append((word, between))
    return found


@remember
def words_at(text):
    """{start: [(end, written)]}: words, and words that are hyphenated in the text, as one."""
    all_tokens = tokens(text)
    spans = [(i, i + 1, word) for i, (word, _) in enumerate(all_tokens)]
    start = 0
    for i, (word, between) in enumerate(all_tokens):
        tight = len(between) == 1 and between in JOINERS
        following = all_tokens[i + 1][0] if i + 1 < len(all_tokens) else ""
        if tight and following and not (word[-1].isdigit() and following[0].isdigit()):
            spans.append((i, i + 2, word + following))
        if not following or (between and not tight):
            if i - start >= 2 and is_joinable(all_tokens[start : i + 1]):
                whole = "".join(word for word, _ in all_tokens[start : i + 1])
                spans.append((start, i + 1, whole))
            start = i + 1
    by_start = {}
    for first, end, word in spans:
        by_start.setdefault(first, []).append((end, word))
    return by_start


def is_joinable(run):
    return all(
        len(run[i][1]) == 1 and not (run[i][0][-1].isdigit() and run[i + 1][0][0].isdigit())
        for i in range(len(run) - 1)
    )


GREEK = "αβγδεζηθικλμνξοπρστυφχψω"
OTHER_SPELLING = {"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"}
OTHER_SPELLING |= {c: unicodedata.name(c).split()[-1].lower() for c in GREEK}
OTHER_SPELLING["λ"] = "lambda"  # Unicode writes it LAMDA
NO_ACCENT_TO_TAKE = {"ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ð": "d",
                     "þ": "th", "ı": "i"}  # fmt: skip
NO_ACCENT_TO_TAKE |= {c.upper(): to.capitalize() for c, to in NO_ACCENT_TO_TAKE.items() if c != "ı"}


@remember
def spellings(word, keep_case=False):
    for mark in "'’":
        word = word.removesuffix(mark + "s").removesuffix(mark + "S").replace(mark, "")
    if not keep_case:
        word = word.casefold()
    spelled = "".join(
        OTHER_SPELLING[c.lower()].capitalize() if c != c.lower() else OTHER_SPELLING[c]
        for c in word
        if c.lower() in OTHER_SPELLING
    ) and "".join(other(c) for c in word)
    return {bare(word), bare(spelled or word)}


def other(letter):
    spelled = OTHER_SPELLING.get(letter.lower(), letter)
    return spelled.capitalize() if letter != letter.lower() and spelled != letter else spelled


def bare(word):
    word = "".join(NO_ACCENT_TO_TAKE.get(c, c) for c in word)
    return "".join(c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c))


@remember
def alike(ours, theirs, how):
    if how == "prefix":
        return any(b.startswith(a) for a in spellings(ours) for b in spellings(theirs))
    if how in ("folded", "cased"):
        cased = how == "cased"
        return bool(spellings(ours, cased) & spellings(theirs, cased))
    return bool(stems(ours) & stems(theirs))


def forms(word, how):
    return stems(word) if how == "stem" else spellings(word, how == "cased")


@remember
def stems(word):
    return {stem(form) for form in spellings(word)}


@remember
def stem(word):
    if is_plural_acronym(word):
        word = word[:-1]
    return stemmer.stemWord(american(word)) if word.isascii() else word


NO_IZE = ("prom", "prem", "expert", "advert", "treat", "chast", "pract", "parad", "franch",
          "merchand", "pr", "v", "w")  # fmt: skip


def american(word):
    """Normalised as normalized; precise, supervised, noise and the like as they are."""
    for ending in ("e", "ed", "es", "er", "ers", "ing", "ation", "ations", "able"):
        before = word.removesuffix("is" + ending)
        if before == word or len(before) < 4 or not before.isalpha():
            continue
        if before[-1] in "aeiou" or before.endswith(NO_IZE):
            continue
        if before[-1] != "c" or before[-2] == "i":
            return before + "iz" + ending
    return word


def is_plural_acronym(word):
    body = word[:-1]
    if not (word.isascii() and word.isalpha() and word.endswith("s")) or body.endswith("s"):
        return False
    consonants = body[:-1] if body[-1:] in set("aeiou") else body
    return len(consonants) >= 2 and not set(consonants) & set("aeiouy")
