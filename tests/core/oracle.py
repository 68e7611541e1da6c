"""The oracle: a slow evaluator that walks a filter's tree over one paper's text.

It is written to be obviously right, not to be quick: it looks at every place of every text for
every term. It shares with the program only what says what the language is, and not how it is found:
the parsed tree (fields, limits, and the text of each term, which it takes apart by itself), the
reading of TeX and NFKC (`clean`), and the Snowball stemmer. Words, hyphens, endings, accents,
spellings, nearness and names are found here by other means: letter by letter, without the
program's patterns, indexes, caches of places or bit sets.
"""

import unicodedata
from functools import lru_cache

import snowballstemmer

from newsletter.core.filters.tree import And, Day, Everything, Name, Not, Number, Or, Value, Words
from newsletter.core.filters.words import clean

remember = lru_cache(maxsize=200_000)
JOINERS = "-‐‑‒–_^"
stemmer = snowballstemmer.stemmer("english")


# words


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


# terms


def has_words(leaf, text):
    inner, how, near = leaf.value, "stem", leaf.near
    if inner.startswith("="):
        inner = inner[1:]
        how = "cased" if any(c.isupper() for c in inner) else "folded"
    if near is not None:
        inner = inner[: inner.rindex("~")]
    inner = inner.strip('"')
    spans, wanted = words_at(text), query_units(inner)
    if near is None:
        return any(phrase_at(wanted, start, spans, how) for start in spans)
    length = near + sum(len(pieces) for pieces, _, _ in wanted)
    found = [
        (is_same, [(s, e) for s in spans for e in unit_ends(unit, s, spans, how)])
        for unit in wanted
        for is_same in [sum(is_same_unit(unit, other, how) for other in wanted)]
    ]
    return any(window_holds(found, first, first + length) for first in spans)


def query_units(inner):
    """[(pieces, the same as one word or None, whether a star follows)]"""
    found = []
    for chunk in inner.split():
        follows = chunk[-2:-1].isalnum() or chunk[-2:-1] in ("+", "#")  # right behind a word
        starred = chunk.endswith("*") and follows and sum(c.isalnum() for c in chunk) >= 3
        run = tokens(chunk)
        while run:
            n = 1
            while n < len(run) and (
                run[n - 1][1] == "" or (len(run[n - 1][1]) == 1 and run[n - 1][1] in JOINERS)
            ):
                n += 1
            part, run = run[:n], run[n:]
            whole = "".join(word for word, _ in part) if n > 1 and is_joinable(part) else None
            found.append(([word for word, _ in part], whole, starred and not run))
    return found


def phrase_at(wanted, start, spans, how):
    ends = {start}
    for unit in wanted:
        ends = {after for end in ends for after in unit_ends(unit, end, spans, how)}
    return bool(ends)


def unit_ends(unit, start, spans, how):
    pieces, whole, starred = unit
    ends = {start}
    for i, piece in enumerate(pieces):
        kind = "prefix" if starred and i == len(pieces) - 1 else how
        ends = {e for s in ends for e, word in spans.get(s, ()) if alike(piece, word, kind)}
    if whole:
        kind = "prefix" if starred else how
        ends |= {e for e, word in spans.get(start, ()) if alike(whole, word, kind)}
    return ends


def window_holds(found, first, last):
    """found: for each word how often it is asked for, and its (start, end)."""
    return all(
        len({s for s, e in where if s >= first and e <= last}) >= count for count, where in found
    )


def is_same_unit(one, two, how):
    return (
        one[2] == two[2]
        and len(one[0]) == len(two[0])
        and all(forms(a, how) == forms(b, how) for a, b in zip(one[0], two[0], strict=True))
    )


SUFFIXES = ("jr", "sr", "ii", "iii", "iv")


def has_author(leaf, author):
    how = "exact" if leaf.is_exact else ("star" if leaf.is_prefix else "")
    return any(
        fits(family, given, theirs, how, cased=leaf.is_cased)
        for family_words, given_words in sides(leaf.value.strip('="').rstrip("*"))
        for family in readings(family_words)
        for given in readings(given_words)
        for theirs in readings(name_of(author))
    )


def sides(asked):
    """[(words of the family name, the other words)]: both ways to read `Rowling JK`."""
    family, comma, given = asked.partition(",")
    if comma:
        return [(name_words(family), name_words(given))]
    words = name_words(asked)
    last = len(words)
    while last > 1 and is_initials(words[last - 1]):
        last -= 1
    return [([], words)] + ([(words[:last], words[last:])] if last < len(words) else [])


@remember
def name_of(author):
    """The words of an author's name, the family name last, without Jr."""
    family, comma, given = author.partition(",")
    if comma and "," not in given and given.strip(" .").casefold() not in SUFFIXES:
        author = f"{given} {family}"
    words = name_words(author)
    while len(words) > 2 and "".join(words[-1]).casefold() in SUFFIXES:
        words.pop()
    return words


def name_words(text):
    """[[the parts of a word]]: hyphens part them, and Chinese characters stay together."""
    found, goes_on = [], False
    for word, between in tokens(text):
        if not goes_on:
            found.append([word])
        elif is_cjk(word[0]) or is_cjk(found[-1][-1][-1]):
            found[-1][-1] += word
        else:
            found[-1].append(word)
        goes_on = between == "" or (len(between) == 1 and between in JOINERS)
    return found


def is_initials(parts):
    word = "".join(parts)
    return (
        len(parts) == 1 and len(word) <= 3 and word.isascii() and word.isalpha() and word.isupper()
    )


def readings(words):
    """The name with its hyphenated words whole, with them apart, and with `JK` apart too."""
    apart = [part for parts in words for part in parts]
    initials = [c for part in apart for c in (part if is_initials([part]) else [part])]
    return [["".join(parts) for parts in words], apart, initials]


def fits(family, given, theirs, how, *, cased):
    same = "cased" if cased else "folded"
    if how == "exact":
        asked = given + family
        return len(asked) == len(theirs) and all(
            alike(a, b, same) for a, b in zip(asked, theirs, strict=True)
        )
    first = len(theirs) - len(family)
    if family:
        return (
            first >= len(given)
            and all(
                same_name(a, theirs[first + i], last=first + i == len(theirs) - 1)
                for i, a in enumerate(family)
            )
            and all(
                starts_name(a, b, star=how == "star") for a, b in zip(given, theirs, strict=False)
            )
        )
    rest = list(enumerate(theirs))
    for k, word in enumerate(given):
        may_go_on = (len(given) > 1 and len(word) == 1) or (how == "star" and k == len(given) - 1)
        while rest:
            i, their = rest.pop(0)
            if (
                alike(word, their, "prefix")
                if may_go_on
                else same_name(word, their, last=i == len(theirs) - 1)
            ):
                break
        else:
            return False
    return True


def starts_name(ours, theirs, *, star):
    if star or len(ours) == 1:
        return alike(ours, theirs, "prefix")
    return same_name(ours, theirs, last=False)


def same_name(ours, theirs, *, last):
    if alike(ours, theirs, "folded"):
        return True
    if last and {umlautless(a) for a in spellings(ours)} & {
        umlautless(b) for b in spellings(theirs)
    }:
        return True
    return is_cjk(ours[0]) and any(bare(ours) in b for b in spellings(theirs))


def umlautless(name):
    """Mueller as Muller: an e behind a, o or u, all of it between consonants, not at the end."""
    kept = ""
    for i, letter in enumerate(name):
        around = name[i - 2 : i - 1] + name[i + 1 : i + 2]
        is_spelled = (
            letter == "e"
            and name[i - 1 : i] in ("a", "o", "u")
            and len(around) == 2
            and all(c.isascii() and c.isalpha() and c not in "aeiou" for c in around)
            and name[i + 2 : i + 3].isascii()
            and name[i + 2 : i + 3].isalpha()
        )
        kept += "" if is_spelled else letter
    return kept


# the tree


def passes(node, paper):
    match node:
        case And():
            return all(passes(child, paper) for child in node.children)
        case Or():
            return any(passes(child, paper) for child in node.children)
        case Not():
            return not passes(node.child, paper)
        case Everything():
            return True
        case Words():
            return any(has_words(node, text) for text in texts(node.field, paper))
        case Name():
            return any(has_author(node, author) for author in paper.authors)
        case Number():
            return within(node, number(node.field, paper))
        case Day():
            return within(node, paper.published_at and paper.published_at.date())
        case Value():
            return has_value(node, paper)


def texts(field, paper):
    found = []
    if field in ("", "title"):
        found.append(paper.title)
    if field in ("", "abstract"):
        found.append(paper.abstract)
    if field in ("", "keyword"):
        found += paper.keywords
    if field == "org" and paper.organization:
        found += [paper.organization.name, paper.organization.full_name]
    return found


def number(field, paper):
    if field == "authors":
        return max(paper.author_count, len(paper.authors)) or None
    return {"upvotes": paper.upvotes, "comments": paper.comments, "stars": paper.code_stars}[field]


def within(leaf, value):
    if value is None:
        return False
    return (leaf.low is None or value >= leaf.low) and (leaf.high is None or value <= leaf.high)


def has_value(leaf, paper):
    wanted = leaf.value.strip('"').lower()
    if leaf.field == "has":
        return {
            "code": bool(paper.code_url),
            "project": bool(paper.project_url),
            "media": bool(paper.media_urls),
            "org": paper.organization is not None,
        }[wanted]
    if leaf.field == "id":
        return has_id(wanted, paper)
    if leaf.field == "source":
        return any(is_value(wanted, name) for name in paper.sources)
    categories = paper.categories
    if wanted.startswith("="):
        wanted, categories = wanted[1:].strip('"'), categories[:1]
    return any(is_value(wanted, c) or is_value(wanted, c.split(".")[0]) for c in categories)


def has_id(wanted, paper):
    for lead in ("https://", "http://", "www.", "arxiv.org/abs/", "arxiv.org/pdf/",
                 "huggingface.co/papers/", "arxiv:"):  # fmt: skip
        wanted = wanted.removeprefix(lead)
    before, version, digits = wanted.rpartition("v")
    if version and digits.isdigit() and before[-1:].isdigit():
        wanted = before
    doi = [paper.doi, "doi:" + paper.doi] if paper.doi else []
    return any(is_value(wanted, known) for known in [paper.id, *doi])


def is_value(wanted, value):
    if wanted.endswith("*"):
        return value.lower().startswith(wanted[:-1])
    return value.lower() == wanted
