"""A digest's body: its parts in order, ready for the wire, in html and in text."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import count, repeat
from typing import Protocol

from newsletter.core.cards import Form
from newsletter.core.fitting import all_of, choose
from newsletter.core.wire import Plate, inset

_LINE_END, _EMPTY_LINE = b"\r\n", b"\r\n\r\n"
_BULLET = inset("  - ")


@dataclass(frozen=True, slots=True)
class Twin:
    """The same part of a mail in html and in text."""

    html: Plate
    text: Plate


@dataclass(frozen=True, slots=True)
class Filled:
    """A part with nothing left to set in. size: bytes of the html once it arrived."""

    html: bytes
    text: bytes
    size: int


NOTHING = Filled(b"", b"", 0)


@dataclass(frozen=True, slots=True)
class Heading:
    """What stands before and after the papers of a section."""

    before: Filled
    after: Filled

    @property
    def size(self) -> int:
        return self.before.size + self.after.size


@dataclass(frozen=True, slots=True)
class Card:
    """A paper in one form, cut where the reader's reason goes.

    text: cut where its number goes, then each of these where the reason goes.
    """

    html: tuple[bytes, ...]
    text: tuple[tuple[bytes, ...], ...]
    size: int


class Shown(Protocol):
    """A paper that can be shown in every form."""

    def card(self, form: Form) -> Card: ...


Entry = tuple[Shown, Filled]  # a paper of one digest, and why this reader gets it


@dataclass(slots=True, kw_only=True)
class Body:
    """sections: papers under their topic. also: papers past the cap, for a line each.

    unlisted: how many more fell to a cap. more: makes "N more on the web" from a number.
    """

    sections: Sequence[tuple[Heading, Sequence[Entry]]]
    also_heading: Heading
    also: Sequence[Entry]
    unlisted: int
    more: Callable[[int], Twin]
    _largest: Filled | None = field(init=False, default=None)

    @property
    def cards(self) -> int:
        return sum(len(entries) for _, entries in self.sections)

    def set_in(self, room: int | None, values: Mapping[str, bytes]) -> Filled:
        """The body as large as fits. room: bytes of html once it arrived; None for no limit.

        values: encoded, for the gaps of `more`.
        """
        if self._largest is None:  # once for all readers of the same digest
            self._largest = self._set(all_of(self.cards, len(self.also)))
        more = self._more(self.unlisted, values)
        if room is None or self._largest.size + more.size <= room:
            return _with(self._largest, more)
        reserve = more if more.size else self._more(self.cards + len(self.also), values)
        forms = self._forms_for(room, more=more.size, reserve=reserve.size - more.size)
        more = self._more(self.unlisted + forms.count(None), values)
        return _with(self._set(forms), more)

    def _forms_for(self, room: int, *, more: int, reserve: int) -> list[Form | None]:
        entries = [entry for _, of_topic in self.sections for entry in of_topic] + [*self.also]
        headings = [heading for heading, _ in self.sections]
        headings += [self.also_heading] if self.also else []
        return choose(
            cards=self.cards,
            also=len(self.also),
            size=lambda position, form: _size(entries[position], form),
            room=room - more - sum(heading.size for heading in headings),
            reserve=reserve,
        )

    def _set(self, forms: Sequence[Form | None]) -> Filled:
        html: list[bytes] = []
        text: list[bytes] = []
        size, each = 0, iter(forms)
        marks = map(_numbered, count(1))
        for heading, entries in self.sections:
            size += _set_section(heading, entries, each, marks, _LINE_END, html, text)
        size += _set_section(self.also_heading, self.also, each, repeat(_BULLET), b"", html, text)
        return Filled(b"".join(html), b"".join(text[1:]), size)

    def _more(self, number: int, values: Mapping[str, bytes]) -> Filled:
        if not number:
            return NOTHING
        twin = self.more(number)
        size = twin.html.size + sum(len(values[gap]) for gap in twin.html.gaps)
        return Filled(twin.html.fill(values), twin.text.fill(values), size)


def _set_section(
    heading: Heading,
    entries: Sequence[Entry],
    forms: Iterator[Form | None],
    marks: Iterator[bytes],
    apart: bytes,
    html: list[bytes],
    text: list[bytes],
) -> int:
    """Puts the section behind what is there; its size. Nothing when none of its papers is shown.

    marks: what stands before each paper in the text. apart: what stands between them there.
    """
    size, cards = 0, []
    at = len(html)
    for (paper, reason), form in zip(entries, forms, strict=False):
        if form is not None:
            card = paper.card(form)
            html.append(reason.html.join(card.html))
            cards.append(next(marks).join([reason.text.join(part) for part in card.text]))
            size += card.size + reason.size * (len(card.html) - 1)
    if not cards:
        return 0
    html.insert(at, heading.before.html)
    html.append(heading.after.html)
    text += (_EMPTY_LINE, heading.before.text, apart.join(cards), heading.after.text)
    return size + heading.size


def _with(body: Filled, more: Filled) -> Filled:
    if not more.size:
        return body
    return Filled(body.html + more.html, body.text + _EMPTY_LINE + more.text, body.size + more.size)


def _size(entry: Entry, form: Form) -> int:
    paper, reason = entry
    card = paper.card(form)
    return card.size + reason.size * (len(card.html) - 1)


@lru_cache(maxsize=1024)
def _numbered(number: int) -> bytes:
    return inset(f"{number}. ".ljust(4))
