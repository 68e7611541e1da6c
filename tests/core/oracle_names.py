"""The oracle's names: whether an author is the one who was asked for."""

from oracle_words import JOINERS, alike, bare, is_cjk, remember, spellings, tokens

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
