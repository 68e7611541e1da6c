"""A digest's body: its parts in order, ready for the wire, in html and in text."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from newsletter.core.cards import Form
from newsletter.core.fitting import choose
from newsletter.core.wire import Plate, inset

EMPTY_LINE = b"\r\n\r\n"
_LINE_END = b"\r\n"
_BULLET = inset("  - ")


def _numbered(number: int) -> bytes:
    return inset(f"{number}. ".ljust(4))


_NUMBERS = tuple(map(_numbered, range(1, 200)))


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
    """A paper in one form, cut where the reader's reason goes; its number goes before the text."""

    html_before: bytes
    html_after: bytes
    text_before: bytes
    text_after: bytes
    size: int


class Shown(Protocol):
    """A paper that can be shown in every form. full: the first of them."""

    @property
    def full(self) -> Card: ...

    def card(self, form: Form) -> Card: ...


class Set(NamedTuple):
    """A body as the rows that it is joined from, which other bodies share. size: as in Filled."""

    html: list[bytes]
    text: list[bytes]
    size: int


@dataclass(slots=True)
class Body:
    """papers, reasons: of all sections, in order. sections: each with how many papers it has.

    also: papers past the cap, for a line each. unlisted: how many more fell to a cap.
    """

    papers: Sequence[Shown]
    reasons: Sequence[Filled]
    sections: Sequence[tuple[Heading, int]]
    also_heading: Heading
    also: Sequence[Shown]
    unlisted: int
    _largest: Set | None = None

    def largest(self) -> Set:
        """Everything in full, but for what stands behind it; once for all readers."""
        found = self._largest
        if found is None:
            cards = [paper.full for paper in self.papers]
            lines = [paper.card(Form.LINE) for paper in self.also] if self.also else ()
            found = self._largest = self._set(cards, self.reasons, self.sections, lines)
        return found

    def within(self, room: int, *, reserve: int) -> tuple[Set, int]:
        """The body as large as fits, and how many papers are not in it.

        room: bytes of html once it arrived. reserve: for saying how many papers are missing.
        """
        papers, count = [*self.papers, *self.also], len(self.papers)
        sizes = [reason.size for reason in self.reasons]
        headings = [heading for heading, _ in self.sections]
        headings += [self.also_heading] if self.also else []
        forms = choose(
            cards=count,
            also=len(self.also),
            size=lambda at, form: (
                papers[at].card(form).size + (sizes[at] if form < Form.LINE else 0)
            ),
            room=room - sum(part.size for heading in headings for part in heading),
            reserve=reserve,
        )
        shown = [
            (papers[at].card(form), self.reasons[at] if form < Form.LINE else NOTHING)
            for at, form in enumerate(forms[:count])
            if form is not None
        ]
        lines = [
            paper.card(form)
            for paper, form in zip(self.also, forms[count:], strict=True)
            if form is not None
        ]
        sections, start = [], 0
        for heading, number in self.sections:
            kept = number - forms[start : start + number].count(None)
            sections += [(heading, kept)] if kept else []
            start += number
        cards, reasons = [card for card, _ in shown], [reason for _, reason in shown]
        return self._set(cards, reasons, sections, lines), forms.count(None)

    def _set(
        self,
        cards: Sequence[Card],
        reasons: Sequence[Filled],
        sections: Sequence[tuple[Heading, int]],
        lines: Sequence[Card],
    ) -> Set:
        html, text, size = _in_rows(cards, reasons, _numbers(len(cards)))
        in_html: list[bytes] = []
        in_text: list[bytes] = []
        start = 0
        for (before, after), number in sections:
            end = start + number
            in_html.append(before.html)
            in_html += html[3 * start : 3 * end]
            in_html.append(after.html)
            in_text.append(before.text)
            in_text += text[5 * start : 5 * end - 1]  # a line end stands between cards only
            in_text += (after.text, EMPTY_LINE)
            size += before.size + after.size
            start = end
        if lines:
            before, after = self.also_heading
            in_html += (before.html, *[line.html_before for line in lines], after.html)
            in_text.append(before.text)
            for line in lines:
                in_text += (_BULLET, line.text_before)
            in_text += (after.text, EMPTY_LINE)
            size += before.size + after.size + sum(line.size for line in lines)
        in_text.pop()  # an empty line stands between sections only
        return Set(in_html, in_text, size)


def _in_rows(
    cards: Sequence[Card], reasons: Sequence[Filled], numbers: Sequence[bytes]
) -> tuple[list[bytes], list[bytes], int]:
    """The html in three rows for each card, the text in five, and the size.

    It is done by columns: this is what every message of every reader goes through.
    """
    count = len(cards)
    html_before, html_after, text_before, text_after, sizes = zip(*cards, strict=True)
    html_reasons, text_reasons, reason_sizes = zip(*reasons, strict=True)
    html, text = [b""] * (3 * count), [_LINE_END] * (5 * count)
    html[0::3], html[1::3], html[2::3] = html_before, html_reasons, html_after
    text[0::5], text[1::5], text[2::5], text[3::5] = (
        numbers, text_before, text_reasons, text_after,
    )  # fmt: skip
    return html, text, sum(sizes) + sum(reason_sizes)


def _numbers(count: int) -> Sequence[bytes]:
    """What stands before each of so many cards in the text."""
    return (_NUMBERS if count <= len(_NUMBERS) else tuple(map(_numbered, range(1, count + 1))))[
        :count
    ]
