"""Readers of single tests: what a field of a foreign query says, as a leaf of ours.

A dialect is a table from its fields to these readers. A reader takes the value and gives a Term,
which is lost, with the reason, where our language has nothing like it.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from newsletter.core.dialects.parts import Part, Term, join, with_note
from newsletter.core.filters.terms import MAX_NEAR, QUOTES, read_term
from newsletter.core.filters.tree import Leaf
from newsletter.core.filters.troubles import Trouble
from newsletter.core.filters.words import MIN_PREFIX

_QUOTES = re.compile(f"[{QUOTES}]")
_WILD = re.compile(r"\*|\?(?=\w)|(?<=\w)\?(?=$)")
_DAY_SHAPES = (
    re.compile(r"(?P<y>\d{4})(?P<m>\d\d)(?P<d>\d\d)(?P<time>\d{4}|\d{6})?"),
    re.compile(r"(?P<y>\d{4})[-/](?P<m>\d\d?)[-/](?P<d>\d\d?)(?P<time>[T ][\d:.]*Z?)?"),
    re.compile(r"(?P<y>\d{4})[-/](?P<m>\d\d?)"),
    re.compile(r"(?P<y>\d{4})"),
)
_RANGES = (
    re.compile(r"(\S*)\s+TO\s+(\S*)", re.IGNORECASE),
    re.compile(r"([\d/]*)\s*:\s*([\d/]*)"),
    re.compile(r"(\d{4}|)\s*-\s*(\d{4}|)"),
    re.compile(r"(\d{1,3})-(\d{1,3})"),
)
_LAST_YEAR = 2999  # what lies beyond is the way to say "until now"
_INITIALS = re.compile(r"[A-Za-z]\.?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """What stands behind a field. text: without quotes. source: the whole test, as it is written.

    near: how many words may stand between, None where nothing is said.
    """

    text: str
    source: str
    is_quoted: bool = False
    near: int | None = None


Reader = Callable[[Value], Part]


def lost(why: str) -> Reader:
    """A reader of what cannot be carried over."""
    return lambda value: Term(text=value.source, lost=why)


def noted(reader: Reader, note: str) -> Reader:
    """The same, with a note that it is not quite the same in ours."""
    return lambda value: with_note(reader(value), note)


def widened(reader: Reader, note: str) -> Reader:
    """A name that ours finds in more papers than asked for, with a note that says so."""

    def read(value: Value) -> Part:
        part = reader(value)
        if not isinstance(part, Term) or part.node is None:
            return part
        return replace(part, widened=(*part.widened, note))

    return read


def words_in(field: str, *, is_exact: bool = False) -> Reader:
    """Words or a phrase in this field of ours, "" for title, abstract and keywords."""
    return lambda value: _words(value, field, is_exact=is_exact)


def each_word_in(field: str) -> Reader:
    """Unquoted words one by one, all of which must be there; a phrase where they are quoted."""
    whole = words_in(field)

    def read(value: Value) -> Part:
        if value.is_quoted or value.near is not None:
            return whole(value)
        words = value.text.split() or [value.text]
        source = value.source if len(words) == 1 else ""
        return join("AND", [whole(Value(text=one, source=source or one)) for one in words])

    return read


def name(value: Value) -> Part:
    """An author. `smith_j` and `Smith JA` have the family name first, then initials."""
    asked = _QUOTES.sub(" ", value.text).replace("_", " ").strip(" ^")
    words = asked.split()
    first = len(words)
    while "," not in asked and first > 1 and _INITIALS.fullmatch(words[first - 1]):
        first -= 1
    if 0 < first < len(words):
        asked = f"{' '.join(words[:first])}, {' '.join(words[first:])}"
    return _leaf(value, f'author:"{asked}"')


def category(value: Value) -> Part:
    """An arXiv category, or an archive with a star."""
    return _leaf(value, f'cat:"{_QUOTES.sub("", value.text)}"')


def paper_id(value: Value) -> Part:
    """An arXiv id or a DOI."""
    return _leaf(value, f'id:"{_QUOTES.sub("", value.text).strip()}"')


def number(field: str) -> Reader:
    """A number, or a range as `[1 TO 5]` or `1-5`."""

    def read(value: Value) -> Part:
        low, high = limits(value.text)
        shown = low if low == high else f"{low.strip('*')}..{high.strip('*')}"
        return _leaf(value, f"{field}:{shown}")

    return read


def days(value: Value) -> Part:
    """A date, or a range as `[2023 TO 2024-06]`, `2010-2015` or `2020:2023`."""
    low, high = limits(value.text)
    return day_range(low, high, value)


def since(value: Value) -> Part:
    """This date and what comes later."""
    return day_range(value.text, "", value)


def before(value: Value) -> Part:
    """What comes before this date; before a year is before its first day."""
    day = _day(value.text)
    return _leaf(value, f"published:<{day}") if day else day_range("", value.text, value)


def day_range(low: str, high: str, value: Value) -> Term:
    """From the first date to the last, in any dialect's writing; "" and "*" are no limit."""
    first, last = _day(low), _day(high)
    if first is None or last is None:
        bad = low if first is None else high
        return Term(text=value.source, lost=f"`{bad.strip()[:30]}` is not a date of the calendar's")
    if not first and not last:
        return Term(text=value.source, lost="it sets no limit")
    term = _leaf(value, f"published:{first if first == last else f'{first}..{last}'}")
    if _has_time(low) or _has_time(high):
        term = replace(term, widened=("the time of day is left out: whole days count",))
    return term


def limits(text: str) -> tuple[str, str]:
    """Both ends of a range, or the same twice."""
    inner = text.strip().strip("[]{}").strip()
    match = next((found for shape in _RANGES if (found := shape.fullmatch(inner))), None)
    return (match[1], match[2]) if match else (inner, inner)


def near(first: Term, second: Term, *, between: int, source: str) -> Part:
    """Two terms that must stand near each other; side by side with an AND where they cannot."""
    if first.words and second.words and first.words[0] == second.words[0]:
        text = f"{first.words[1]} {second.words[1]}"
        value = Value(text=text, source=source, is_quoted=True, near=between)
        return _words(value, first.words[0])
    note = f"`{source}`: only words of one field can be near each other; both are asked for"
    return with_note(join("AND", [first, second]), note)


def _words(value: Value, field: str, *, is_exact: bool = False) -> Term:
    text, wider = _QUOTES.sub(" ", value.text).strip(), []
    between = value.near
    if "*" in text.split():  # `deep * learning`: a word of which nothing is known
        gaps, text = text.split().count("*"), " ".join(one for one in text.split() if one != "*")
        between = gaps if between is None else between + gaps
        wider.append("a star for a whole word: the words may stand in any order")
    if _WILD.search(text) and not is_exact:
        shorter = " ".join(map(_up_to_wildcard, text.split()))
        if shorter != text:
            text = shorter
            wider.append(f"a star ends a word here: `{shorter}` is looked for")
        if any(len(one) <= MIN_PREFIX for one in text.split() if one.endswith("*")):
            why = f"a wildcard needs at least {MIN_PREFIX} letters before it"
            return Term(text=value.source, lost=why)
    if between is not None and between > MAX_NEAR:
        between = MAX_NEAR
        wider.append(f"words are near up to {MAX_NEAR} words between: {MAX_NEAR} it is")
    if between is not None and len(text.split()) < 2:
        between = None
    lead = (f"{field}:" if field else "") + ("=" if is_exact else "")
    term = _leaf(value, f'{lead}"{text}"' + ("" if between is None else f"~{between}"))
    return replace(term, widened=tuple(wider), words=(field, text))


def _up_to_wildcard(word: str) -> str:
    found = _WILD.search(word)
    return word if found is None else word[: found.start()] + "*"


def _leaf(value: Value, text: str) -> Term:
    try:
        node: Leaf = read_term(text)
    except Trouble as trouble:
        return Term(text=value.source, lost=trouble.problem.partition(": ")[0])
    return Term(text=value.source, node=node)


def _day(text: str) -> str | None:
    """As we write it: a year, a month or a day; "" for no limit, None where it is no date."""
    text = _QUOTES.sub("", text).strip()
    if text in ("", "*"):
        return ""
    for shape in _DAY_SHAPES:
        match = shape.fullmatch(text)
        if match:
            parts = {
                key: found for key, found in match.groupdict().items() if found and key != "time"
            }
            if int(parts["y"]) > _LAST_YEAR:
                return ""
            known = [parts[key] for key in "ymd" if int(parts.get(key, "0"))]
            return "-".join(one if i == 0 else f"{int(one):02}" for i, one in enumerate(known))
    return None


def _has_time(text: str) -> bool:
    """Whether a time of day is given that cuts a day in two."""
    match = next((m for shape in _DAY_SHAPES if (m := shape.fullmatch(text.strip()))), None)
    time = (match.groupdict().get("time") or "") if match else ""
    return bool(re.sub(r"\D", "", time).strip("0")) and not time.startswith(("2359", "T23:59"))
