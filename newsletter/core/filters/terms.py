"""One term of a filter, such as `title:"graph neural"~2` or `upvotes:>=5`, as a leaf."""

import re
import unicodedata
from functools import lru_cache

from newsletter.core.filters.fields import (
    FIELDS,
    HAS,
    Kind,
    find_field,
    unknown_field,
    unknown_has,
)
from newsletter.core.filters.ranges import read_days, read_numbers
from newsletter.core.filters.tree import Day, Everything, Leaf, Name, Number, Value, Words
from newsletter.core.filters.troubles import Trouble
from newsletter.core.filters.words import INVISIBLE, MIN_PREFIX, compounds, name_words

QUOTES = (
    '"\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}\N{DOUBLE LOW-9 QUOTATION MARK}'
)
MAX_NEAR = 50  # words between; more than a long sentence is not near
MAX_NEAR_WORDS = 16
OPERATORS = ("and", "or", "not")

_TERM = re.compile(r"(?:(?P<field>[^\W\d]\w*):)?(?P<value>.*)", re.DOTALL)
_QUOTED = re.compile(
    rf"(?P<exact>=?)[{QUOTES}](?P<inner>[^{QUOTES}]*)[{QUOTES}](?P<near>~\w*)?", re.DOTALL
)
_COMPARES = re.compile(r"[<>≤≥]|=\s*$|[<>]=")
_NO_COLON = re.compile(r"(?P<field>[^\W\d]\w*)(?P<value>[<>≤≥=])")  # upvotes>5
_EDGE = " ,.;!?'\N{LEFT SINGLE QUOTATION MARK}\N{RIGHT SINGLE QUOTATION MARK}"
# What needs no quotes: a letter, a digit or TeX first, and nothing that has a meaning of its own.
_BARE = re.compile(rf"[^\W_][^\s()|{QUOTES}:*~]*|[$\\][^\s()|{QUOTES}:*~]*")
_BARE_VALUE = re.compile(rf"[^\W_][^\s()|{QUOTES}*~]*")


@lru_cache(maxsize=8_192)  # `plain` remembers more, of what it can read
def read_term(text: str) -> Leaf:
    """The leaf that this term says. Raises Trouble, counted from the start of the term."""
    if text == "*":
        return Everything()
    match = _TERM.fullmatch(text)
    assert match is not None
    if match["field"] is None:
        _refuse_missing_colon(text)
        return _read_words("", text, 0)
    field = find_field(match["field"])
    if field is None:
        raise Trouble(0, unknown_field(match["field"]))
    start, value = match.start("value"), match["value"]
    if not value:
        raise Trouble(0, f"nothing stands after `{field}:`: write its value without a blank")
    kind = FIELDS[field]
    if field != "id":  # some ids hold a colon: title:0123456789abcdef
        _refuse_nesting(field, value, start)
    if not _is_quoted(value) and any(quote in value for quote in QUOTES):
        _refuse_nesting(field, value, start)  # title:(author:"…"), whatever the fields
        raise Trouble(start, unknown_field(value.partition(":")[0]))
    if value[0] in "-\u2212\u2013" and len(value) > 1 and kind is not Kind.NUMBER:
        raise Trouble(start, f"a minus goes before the field: write `-{field}:{value[1:][:40]}`")
    return _READERS[kind](field, value, start)


def _refuse_missing_colon(text: str) -> None:
    bare = _NO_COLON.match(text)
    if bare and find_field(bare["field"]):
        mended = f"{bare['field']}:{text[bare.start('value') :][:40]}"
        raise Trouble(bare.start("value"), f"a colon is missing here: write `{mended}`")


def _refuse_nesting(field: str, value: str, start: int) -> None:
    inner = _TERM.fullmatch(value)
    if inner and inner["field"] and find_field(inner["field"]):
        raise Trouble(start, f"`{inner['field']}:` stands inside `{field}:`: part them by a blank")


def _read_words(field: str, value: str, start: int) -> Words:
    inner, is_exact, near = _unquote(value, start)
    written = _tidy(inner)
    units = compounds(written)
    if not units:
        raise Trouble(start, _wordless(value))
    is_quoted = _is_quoted(value)
    if not is_quoted:
        _check_star(written, units[-1].is_prefix, start)
    is_prefix = any(unit.is_prefix for unit in units)
    if is_prefix and is_exact:
        raise Trouble(start, "an exact word has no star: leave out the `=` or the `*`")
    if near is not None:
        _check_near(near, sum(len(unit.pieces) for unit in units), start)
    is_cased = is_exact and any(letter.isupper() for letter in written)
    shown = _write(written, is_exact=is_exact, near=near, is_prefix=units[-1].is_prefix)
    return Words(
        field=field,
        value=shown,
        text=f"{field}:{shown}" if field else shown,
        units=units,
        near=near,
        is_exact=is_exact,
        is_cased=is_cased,
    )


def _read_name(field: str, value: str, start: int) -> Name:
    inner, is_exact = _unquote_one(field, value, start)
    written = _tidy(inner, _EDGE.replace(",", ""))  # `He,` is a family name
    before, comma, after = written.partition(",")
    family = name_words(before) if comma else ()
    rest = name_words(after if comma else before)
    if not family and comma:
        raise Trouble(start, 'no family name stands before the comma: write "He, K"')
    if not family and not rest:
        raise Trouble(start, _wordless(value))
    is_prefix = written.endswith("*")
    if is_prefix:
        _check_star(written, sum(map(str.isalnum, written)) >= MIN_PREFIX, start)
    if is_prefix and is_exact:
        raise Trouble(start, "an exact name has no star: leave out the `=` or the `*`")
    shown = _write(written, is_exact=is_exact, near=None, is_prefix=is_prefix)
    return Name(
        field=field,
        value=shown,
        text=f"{field}:{shown}",
        family=family,
        rest=rest,
        is_prefix=is_prefix,
        is_exact=is_exact,
        is_cased=is_exact and any(letter.isupper() for letter in written),
    )


def _read_value(field: str, value: str, start: int) -> Value:
    inner, is_exact = _unquote_one(field, value, start)
    if is_exact and field != "cat":
        raise Trouble(start, f"`=` does nothing for `{field}:`: leave it out")
    written = " ".join(unicodedata.normalize("NFC", INVISIBLE.sub("", inner)).split())
    wanted = written.removesuffix("*").casefold()
    is_prefix = written.endswith("*")
    if not any(map(str.isalnum, wanted)) or "*" in wanted:
        problem = "has a star in another place than its end" if "*" in wanted else "says nothing"
        raise Trouble(start, f"the value of `{field}:` {problem}: write `cat:cs.CL` or `cat:cs.*`")
    bare = _BARE_VALUE.fullmatch(written.removesuffix("*")) and wanted not in OPERATORS
    bare = bare and (field == "id" or ":" not in written)  # `cat:id:cs` would be two fields
    shown = ("=" if is_exact else "") + (written if bare else f'"{written}"')
    return Value(
        field=field,
        value=shown,
        text=f"{field}:{shown}",
        wanted=_PAPER_ID.sub("", wanted) if field == "id" else wanted,
        is_prefix=is_prefix,
        is_exact=is_exact,
    )


# The address, the prefix and the version around an arXiv id.
_PAPER_ID = re.compile(
    r"^(?:https?://)?(?:www\.)?(?:arxiv\.org/(?:abs|pdf)/|huggingface\.co/papers/)|^arxiv:"
    r"|(?<=\d)v\d+$"
)


def _read_has(field: str, value: str, start: int) -> Value:
    wanted = _unquote_one(field, value, start)[0].strip().casefold()
    if wanted not in HAS:
        raise Trouble(start, unknown_has(value))
    return Value(field=field, value=wanted, text=f"has:{wanted}", wanted=wanted)


def _read_number(field: str, value: str, start: int) -> Number:
    low, high, shown = read_numbers(field, _unquote_one(field, value, start)[0], start)
    return Number(field=field, value=shown, text=f"{field}:{shown}", low=low, high=high)


def _read_day(field: str, value: str, start: int) -> Day:
    low, high, shown = read_days(field, _unquote_one(field, value, start)[0], start)
    return Day(field=field, value=shown, text=f"{field}:{shown}", low=low, high=high)


_READERS = {
    Kind.WORDS: _read_words,
    Kind.NAME: _read_name,
    Kind.VALUE: _read_value,
    Kind.NUMBER: _read_number,
    Kind.DAY: _read_day,
    Kind.HAS: _read_has,
}


def _is_quoted(value: str) -> bool:
    return value.lstrip("=")[:1] in tuple(QUOTES)


def _unquote(value: str, start: int) -> tuple[str, bool, int | None]:
    """What stands in the quotes or bare; whether `=` stands before it; the number after `~`."""
    match = _QUOTED.fullmatch(value)
    if match is None:
        is_exact = value.startswith("=")
        if not is_exact and re.search(r"~\d*$", value):
            raise Trouble(start, '`~` goes behind quotes, as in "retrieval generation"~3')
        return value.removeprefix("="), is_exact, None
    if match["near"] is None:
        return match["inner"], bool(match["exact"]), None
    digits = match["near"][1:]
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 4 and int(digits) <= MAX_NEAR):
        raise Trouble(
            start + match.start("near"),
            f"`~` takes the number of words that may stand between, from 0 to {MAX_NEAR}",
        )
    return match["inner"], bool(match["exact"]), int(digits)


def _unquote_one(field: str, value: str, start: int) -> tuple[str, bool]:
    """The same for what is a single thing, such as a name or a number."""
    inner, is_exact, near = _unquote(value, start)
    if near is not None:
        problem = f"`~` is for words that stand near each other: leave it out of `{field}:`"
        raise Trouble(start, problem)
    return inner, is_exact


def _tidy(inner: str, edge: str = _EDGE) -> str:
    """One blank between words, no invisible characters, no punctuation around."""
    text = unicodedata.normalize("NFC", INVISIBLE.sub("", inner))
    return " ".join(text.split()).strip(edge)


def _write(written: str, *, is_exact: bool, near: int | None, is_prefix: bool) -> str:
    core = written.removesuffix("*") if is_prefix else written
    bare = near is None and _BARE.fullmatch(core) and core.casefold() not in OPERATORS
    shown = written if bare else f'"{written}"'
    return ("=" if is_exact else "") + shown + ("" if near is None else f"~{near}")


def _check_star(written: str, is_prefix: bool, start: int) -> None:
    star = written.find("*")
    if star < 0 or (is_prefix and star == len(written) - 1):
        return
    if star == len(written) - 1:
        raise Trouble(
            start, f'a star needs at least {MIN_PREFIX} letters before it; "{written}" in quotes '
            "looks for the word as it is"
        )  # fmt: skip
    raise Trouble(start, "a star stands at the end of a word only, as in `agent*`")


def _check_near(near: int, words: int, start: int) -> None:
    if words < 2:
        raise Trouble(start, f'`~{near}` needs two words or more in its quotes, as in "a b"~{near}')
    if words > MAX_NEAR_WORDS:
        raise Trouble(start, f"`~{near}` takes at most {MAX_NEAR_WORDS} words; these are {words}")


def _wordless(value: str) -> str:
    shown = value if len(value) <= 30 else value[:30] + "…"
    if _COMPARES.search(value):
        return f"`{shown}` compares nothing: write the field too, as in `upvotes:>=5`"
    if value in ("-", "\u2212", "\u2013", "!"):
        return "a minus stands right before what it keeps out, as in `-survey`"
    if value in ("&", "&&"):
        return f"`{shown}` is not an operator: leave it out, or write AND"
    return f"`{shown}` holds no letter and no digit: write a word, or leave it out"
