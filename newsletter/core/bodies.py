"""A digest's body: its pieces in order, in html and in text, for a given layout."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from newsletter.core.cards import Form
from newsletter.core.fitting import Layout
from newsletter.core.pieces import Piece


@dataclass(frozen=True, slots=True)
class Twin:
    """The same part of a mail in html and in text."""

    html: Piece
    text: Piece


@dataclass(frozen=True, slots=True)
class Filled:
    """A part with nothing left to set in. size: bytes of the html."""

    html: str
    text: str
    size: int


@dataclass(frozen=True, slots=True)
class Heading:
    """What stands before and after the papers of a section."""

    before: Filled
    after: Filled


@dataclass(frozen=True, slots=True)
class Entry:
    """One paper of one digest: its pieces by form, and why this reader gets it."""

    twin: Callable[[Form], Twin]
    reason: Filled

    def size(self, form: Form) -> int:
        html = self.twin(form).html
        return html.size + self.reason.size * html.gaps.count("reason")


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """sections: papers under their topic. also: papers past the cap, for a line each.

    unlisted: how many more fell to a cap. more: makes "N more on the web" from a number.
    """

    sections: Sequence[tuple[Heading, Sequence[Entry]]]
    also_heading: Heading
    also: Sequence[Entry]
    unlisted: int
    more: Callable[[int], Filled]

    @property
    def cards(self) -> int:
        return sum(len(entries) for _, entries in self.sections)

    def size(self, layout: Layout) -> int:
        """The bytes of `html(layout)`, by adding up alone."""
        total = 0
        for heading, entries in self._kept(layout):
            total += heading.before.size + heading.after.size
            for entry, form in entries:
                total += entry.size(form)
        if layout.also:
            total += self.also_heading.before.size + self.also_heading.after.size
            total += sum(entry.size(Form.LINE) for entry in self.also[: layout.also])
        more = self._more(layout)
        return total + (more.size if more else 0)

    def html(self, layout: Layout) -> str:
        pieces = []
        for heading, entries in self._kept(layout):
            pieces.append(heading.before.html)
            for entry, form in entries:
                pieces.append(entry.twin(form).html.fill({"reason": entry.reason.html}))
            pieces.append(heading.after.html)
        if layout.also:
            pieces.append(self.also_heading.before.html)
            pieces += [entry.twin(Form.LINE).html.fill({}) for entry in self.also[: layout.also]]
            pieces.append(self.also_heading.after.html)
        more = self._more(layout)
        return "".join(pieces) + (more.html if more else "")

    def text(self, layout: Layout) -> str:
        blocks = []
        number = 0
        for heading, entries in self._kept(layout):
            cards = []
            for entry, form in entries:
                number += 1
                values = {"number": f"{number}. ".ljust(4), "reason": entry.reason.text}
                cards.append(entry.twin(form).text.fill(values))
            blocks.append(heading.before.text + "\n".join(cards) + heading.after.text)
        if layout.also:
            lines = [
                entry.twin(Form.LINE).text.fill({"number": "  - "})
                for entry in self.also[: layout.also]
            ]
            blocks.append(
                self.also_heading.before.text + "".join(lines) + self.also_heading.after.text
            )
        more = self._more(layout)
        return "\n\n".join(blocks + ([more.text] if more else []))

    def _kept(self, layout: Layout) -> Iterator[tuple[Heading, list[tuple[Entry, Form]]]]:
        """Sections with those of their papers that are shown, each with its form."""
        position = 0
        for heading, entries in self.sections:
            first, position = position, position + len(entries)
            kept = [
                (entry, layout.form if number < layout.whole else Form.LINE)
                for number, entry in enumerate(islice(entries, max(0, layout.kept - first)), first)
            ]
            if kept:
                yield heading, kept

    def _more(self, layout: Layout) -> Filled | None:
        count = self.cards - layout.kept + len(self.also) - layout.also + self.unlisted
        return self.more(count) if count else None
