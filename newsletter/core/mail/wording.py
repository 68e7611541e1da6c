"""Foreign text cut, counted and wrapped for a mail: titles, names, abstracts, figures, dates."""

import re
import unicodedata
from collections.abc import Sequence
from datetime import date
from urllib.parse import quote

from newsletter.core.text import clean

MAX_URL = 1000  # longer ones are left out: RFC 5321 allows 998 octets on a line
TEXT_WIDTH = 72
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)

_SENTENCE_END = re.compile(r"[.!?][\"'”’)\]]*(?= +[\"“‘(\[]?[A-Z0-9À-ÞΑ-ΩА-Я])|[。！？]")
_ABBREVIATIONS = "e.g|i.e|et al|vs|cf|resp|approx|Figs?|Eqs?|Sec|Tab|Refs?|No|Dr|Prof|St|w.r.t"
_NO_SENTENCE = re.compile(rf"\b(?:{_ABBREVIATIONS.replace('.', '[.]')}|[A-Z])\.[\"'”’)\]]*$")
_WEB_ADDRESS = re.compile(r"(https?://[^/?#]*)([^#]*)(.*)", re.IGNORECASE | re.DOTALL)
_LONE_PERCENT = re.compile("%(?![0-9A-Fa-f]{2})")
_JOINERS = ("\u200d", "\ufe0e", "\ufe0f")
# A cut after one of these reads as if the next word had been lost by mistake.
_SMALL_WORD = re.compile(
    r" (?:an?|and|as|at|by|for|from|in|into|of|on|or|over|the|to|under|via|with)$"
)
_WITHOUT_WIDTH = ("Mn", "Me", "Cf")
_LOOSE_ENDS = " ,;:–—-(“"
_CLOSING = "、。，．！？：；）】」』》〉”’…ー"  # none begins a line of Chinese or Japanese


def cut_at_word(text: str, limit: int) -> str:
    """At most `limit` characters, the last word whole, with an ellipsis where something is gone.

    The last word says something: "Memory for Agents in…" is cut to "Memory for Agents…".
    """
    if len(text) <= limit:
        return text
    end = limit - 1
    blank = text.rfind(" ", 0, end + 1)
    if blank >= end * 0.6:
        end = blank
    while 0 < end < len(text) and _belongs_to_the_one_before(text, end):
        end -= 1
    kept = text[:end].rstrip(_LOOSE_ENDS)
    while (fuller := _SMALL_WORD.search(kept)) and fuller.start() >= end * 0.5:
        kept = kept[: fuller.start()].rstrip(_LOOSE_ENDS)
    return kept + "…" if limit > 0 else ""


def _belongs_to_the_one_before(text: str, position: int) -> bool:
    character = text[position]
    return (
        bool(unicodedata.combining(character))
        or character in _JOINERS
        or text[position - 1] == "\u200d"
        or "\U0001f3fb" <= character <= "\U0001f3ff"
    )


def cut_at_sentence(text: str, limit: int) -> str:
    """At most `limit` characters, ending with a sentence where one ends in the second half."""
    if len(text) <= limit:
        return text
    ends = [
        match.end()
        for match in _SENTENCE_END.finditer(text, 0, limit + 3)
        if match.end() <= limit
        and not _NO_SENTENCE.search(text, max(0, match.end() - 12), match.end())
    ]
    if ends and ends[-1] >= limit * 0.45:
        return text[: ends[-1]]
    return cut_at_word(text, limit)


def authors_line(names: Sequence[str], count: int, *, most: int = 4) -> str:
    """ "A, B and C"; past `most` "A, B, 12 more and Z"; "12 authors" when nobody is named.

    The last author of a paper often leads the group, so that name stays. It is not known when the
    source names fewer than there are: then "A, B, C and 12 more".
    count: how many there are, when the source says; it may exceed the names it gives. One who
    is named twice counts once.
    """
    shown = [name for name in dict.fromkeys(cut_at_word(clean(name), 60) for name in names) if name]
    total = max(len(shown), count - (len(names) - len(shown)))
    if not shown:
        return counted(total, "author") if total else ""
    if total <= most and len(shown) == total:
        return listed(shown)
    more = f"{grouped(total - min(len(shown), most - 1))} more"
    if total == len(shown):
        return listed([*shown[: most - 2], more, shown[-1]])
    return listed([*shown[: most - 1], more])


def listed(words: Sequence[str]) -> str:
    """ "A", "A and B", "A, B and C"."""
    return (
        words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""
    )


def counted(number: int, thing: str) -> str:
    """ "1 paper", "1,204 papers"."""
    return f"{grouped(number)} {thing}" + ("" if number == 1 else "s")


def grouped(number: int) -> str:
    """ "1,204"."""
    return f"{number:,}"


def day_in_words(day: date) -> str:
    """ "Thursday, 18 June 2026"; never the machine's language."""
    return f"{_WEEKDAYS[day.weekday()]}, {day.day} {_MONTHS[day.month - 1]} {day.year}"


def month_in_words(year: int, month: int) -> str:
    """ "June 2026"."""
    return f"{_MONTHS[month - 1]} {year}"


def quoted_words(words: Sequence[str], *, most: int = 6) -> str:
    """A filter's words as a reader wrote them, with typographic quotes: “a phrase”, agent*."""
    shown = [_quoted(cut_at_word(clean(word), 60)) for word in words[:most]]
    rest = len(words) - len(shown)
    return ", ".join(word for word in shown if word) + (f" and {rest} more" if rest else "")


def _quoted(word: str) -> str:
    if '"' not in word:
        return f"“{word}”" if " " in word and ":" not in word else word
    return re.sub(r'"([^"]*)"?', r"“\1”", word)


def safe_url(url: str) -> str:
    """A web address that fits an attribute, a header and a line of text; "" for any other.

    Only http and https; what may not stand there is percent-encoded as UTF-8 (RFC 3986, RFC 3987
    section 3.1), a percent sign that encodes nothing among it.
    """
    found = _WEB_ADDRESS.fullmatch(url.strip())
    if found is None:
        return ""
    host, path, fragment = found.groups()
    url = _encoded(host, "[]") + _encoded(path) + fragment[:1] + _encoded(fragment[1:])
    return url if len(url) <= MAX_URL else ""


def _encoded(part: str, also_safe: str = "") -> str:
    part = _LONE_PERCENT.sub("%25", part)
    return quote(part, safe=f"%/:=&?~+!$,;'@()*{also_safe}", errors="ignore")


def wrap(text: str, *, indent: int = 0, first: int | None = None, width: int = TEXT_WIDTH) -> str:
    """Lines of at most `width` columns; a web address longer than that stays whole.

    indent: blanks before each line; first: before the first line, when it differs.
    """
    lines: list[str] = []
    line, used = "", (indent if first is None else first)
    for word, columns in _words(text, width - indent):
        gap = 1 if line else 0
        if line and used + gap + columns > width:
            lines.append(line)
            line, used, gap = "", indent, 0
        line += " " * gap + word
        used += gap + columns
    lines.append(line)
    head = " " * (indent if first is None else first)
    return head + ("\n" + " " * indent).join(lines)


def _words(text: str, room: int) -> list[tuple[str, int]]:
    """Words with their columns; one that fills no line by blanks (Chinese) comes in pieces."""
    words = []
    for word in text.split():
        columns = columns_of(word)
        if columns <= room or word.startswith(("https://", "http://", "mailto:")):
            words.append((word, columns))
            continue
        words += _pieces(word, room)
    return words


def _pieces(word: str, room: int) -> list[tuple[str, int]]:
    pieces = []
    piece, used = "", 0
    for letter in word:
        wide = columns_of(letter)
        if used + wide > room:
            # What closes a clause takes the letter before it along to the next line.
            along = re.search(rf".[{_CLOSING}]?$", piece[1:]) if letter in _CLOSING else None
            piece, rest = (piece[: along.start() + 1], along[0]) if along else (piece, "")
            pieces.append((piece, columns_of(piece)))
            piece, used = rest, columns_of(rest)
        piece, used = piece + letter, used + wide
    return [*pieces, (piece, used)]


def columns_of(text: str) -> int:
    """How wide a terminal draws the text: wide letters take two columns, marks and joiners none."""
    if text.isascii():
        return len(text)
    return sum(
        0
        if unicodedata.category(c) in _WITHOUT_WIDTH
        else 2
        if unicodedata.east_asian_width(c) in "WF"
        else 1
        for c in text
    )
