"""A digest's body: its parts in order, ready for the wire, in html and in text."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from newsletter.core.mail.cards import Form
from newsletter.core.mail.fitting import choose
from newsletter.core.mail.wire import Plate, inset

EMPTY_LINE = b"\r\n\r\n"
_LINE_END = b"\r\n"
_BULLET = inset("  - ")


@dataclass(frozen=True, slots=True)
class Twin:
    """The same part of a mail in html and in text."""

    html: Plate
    text: Plate


class Filled(NamedTuple):
    """A part with nothing left to set in. size: bytes of the html once it arrived."""

    html: bytes
    text: bytes
    size: int


NOTHING = Filled(b"", b"", 0)


class Heading(NamedTuple):
    """What stands before and after the papers of a section."""

    before: Filled
    after: Filled


class Card(NamedTuple):
    """A paper in one form, cut where the reader's reason goes; its number goes before the text.

    text_silent: the whole of it when there is no reason, which takes its empty lines with it.
    """

    html_before: bytes
    html_after: bytes
    text_before: bytes
    text_after: bytes
    text_silent: bytes
    size: int


class Shown(Protocol):
    """A paper that can be shown in every form."""

    def card(self, form: Form) -> Card: ...


class Body(NamedTuple):
    """The rows that it is joined from; other bodies share them. size: as in Filled."""

    html: list[bytes]
    text: list[bytes]
    size: int


Sections = Sequence[tuple[Heading, int]]  # with how many papers each has


class Columns:
    """The cards of one digest or many, as rows: three of html for each, and four of text.

    It is done by columns, for a whole batch at once: each paper of each reader goes through here.
    numbers: what goes before each card in the text, with the line end behind the card before it.
    """

    def __init__(
        self, cards: Sequence[Card], reasons: Sequence[Filled], numbers: Sequence[bytes]
    ) -> None:
        self._html = [b""] * (3 * len(cards))
        self._text = [b""] * (4 * len(cards))
        self._sizes: list[int] = []
        if not cards:
            return
        html_before, html_after, text_before, text_after, silent, sizes = zip(*cards, strict=True)
        html_reasons, text_reasons, reason_sizes = zip(*reasons, strict=True)
        self._html[0::3] = html_before
        self._html[1::3] = html_reasons
        self._html[2::3] = html_after
        self._text[0::4] = numbers
        self._text[1::4] = text_before
        self._text[2::4] = text_reasons
        self._text[3::4] = text_after
        if b"" in text_reasons:
            for at in (at for at, text in enumerate(text_reasons) if not text):
                self._text[4 * at + 1], self._text[4 * at + 3] = silent[at], b""
        self._sizes = [a + b for a, b in zip(sizes, reason_sizes, strict=True)]

    def body(
        self, first: int, sections: Sections, also_heading: Heading, lines: Sequence[Card]
    ) -> Body:
        """One digest's body. first: where its cards begin. lines: papers past the cap."""
        html: list[bytes] = []
        text: list[bytes] = []
        start, size = first, 0
        for ((html_before, text_before, size_before), after), count in sections:
            end = start + count
            html.append(html_before)
            html += self._html[3 * start : 3 * end]
            html.append(after.html)
            # before the first card of a section there is no line to end
            text += (text_before, self._text[4 * start].removeprefix(_LINE_END))
            text += self._text[4 * start + 1 : 4 * end]
            text += (after.text, EMPTY_LINE)
            size += size_before + after.size
            start = end
        size += sum(self._sizes[first:start])
        if lines:
            before, after = also_heading
            html += (before.html, *[line.html_before for line in lines], after.html)
            text.append(before.text)
            for line in lines:
                text += (_BULLET, line.text_before)
            text += (after.text, EMPTY_LINE)
            size += before.size + after.size + sum(line.size for line in lines)
        text.pop()  # an empty line stands between sections only
        return Body(html, text, size)


def shrunk(
    papers: Sequence[Shown],
    reasons: Sequence[Filled],
    sections: Sections,
    also_heading: Heading,
    also: Sequence[Shown],
    *,
    room: int,
    reserve: int,
) -> tuple[Body, int]:
    """The body as large as fits, and how many papers are not in it.

    also: papers past the cap. room: bytes of html once it arrived. reserve: for saying how many
    papers are missing.
    """
    everything, count = [*papers, *also], len(papers)
    headings = [heading for heading, _ in sections] + ([also_heading] if also else [])
    forms = choose(
        cards=count,
        also=len(also),
        size=lambda at, form: (
            everything[at].card(form).size + (reasons[at].size if form < Form.LINE else 0)
        ),
        room=room - sum(part.size for heading in headings for part in heading),
        reserve=reserve,
    )
    shown = [
        (papers[at].card(form), reasons[at] if form < Form.LINE else NOTHING)
        for at, form in enumerate(forms[:count])
        if form is not None
    ]
    lines = [
        paper.card(form)
        for paper, form in zip(also, forms[count:], strict=True)
        if form is not None
    ]
    kept, start = [], 0
    for heading, number in sections:
        left = number - forms[start : start + number].count(None)
        kept += [(heading, left)] if left else []
        start += number
    cards, why = [card for card, _ in shown], [reason for _, reason in shown]
    body = Columns(cards, why, numbers(len(cards))).body(0, kept, also_heading, lines)
    return body, forms.count(None)


def numbers(count: int) -> Sequence[bytes]:
    """What stands before each of so many cards in the text, behind the one before it."""
    if count > len(_NUMBERS):
        return [*map(_numbered, range(1, count + 1))]
    return _NUMBERS[:count]


def _numbered(number: int) -> bytes:
    return _LINE_END + inset(f"{number}. ".ljust(4))


_NUMBERS = [*map(_numbered, range(1, 200))]
