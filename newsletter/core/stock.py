"""The pieces that mails are joined from, each made once and kept while there is room."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from jinja2 import BaseLoader
from markupsafe import escape

from newsletter.core import wording
from newsletter.core.bodies import Filled, Heading, Twin
from newsletter.core.cards import Form, make_card
from newsletter.core.papers import Paper
from newsletter.core.pieces import Piece, Workshop, gap
from newsletter.core.text import clean

MAX_TOPIC = 60
PAPERS_KEPT = 2000  # one takes about 8 KB in one form
WORDS_KEPT = 20_000  # reasons and headings: some hundred bytes each
PARTS_KEPT = 20
NOTHING = Filled("", "", 0)


class PaperPieces:
    """One paper's pieces; each form is made when it is first wanted."""

    __slots__ = ("_made", "_paper", "_thumbnails", "_workshop", "abstract", "title")

    def __init__(self, paper: Paper, workshop: Workshop, *, thumbnails: bool) -> None:
        self._paper = paper
        card = make_card(paper, Form.BRIEF)
        self.title, self.abstract = card.title, card.abstract
        self._thumbnails = thumbnails
        self._workshop = workshop
        self._made: dict[Form, Twin] = {}

    def twin(self, form: Form) -> Twin:
        """The paper in this form. Gaps: `reason` in html; `number` and `reason` in text."""
        made = self._made.get(form)
        return made or self._made.setdefault(form, self._make(form))

    def _make(self, form: Form) -> Twin:
        card = make_card(self._paper, form, thumbnails=self._thumbnails)
        macro = "line" if form is Form.LINE else "card"
        gaps = {} if form is Form.LINE else {"reason": gap("reason")}
        return Twin(
            self._workshop.part(macro, {"paper": card, **gaps}, is_foreign=True),
            self._workshop.text_part(macro, {"paper": card, "number": gap("number"), **gaps}),
        )


class Stock:
    """Keeps what the workshop made. Every cache is bounded and throws out the least used."""

    def __init__(self, templates: Path | BaseLoader, *, papers_kept: int = PAPERS_KEPT) -> None:
        self.workshop = Workshop(templates)
        self._papers_kept = papers_kept
        self._at_hand: dict[tuple[int, bool], tuple[Paper, PaperPieces]] = {}
        self._by_value = lru_cache(maxsize=papers_kept)(self._make_paper)
        self.reason = lru_cache(maxsize=WORDS_KEPT)(self._make_reason)
        self.heading = lru_cache(maxsize=WORDS_KEPT)(self._make_heading)
        self.also_heading = lru_cache(maxsize=1)(self._make_also_heading)
        self._part = lru_cache(maxsize=PARTS_KEPT)(self._make_part)

    def paper(self, paper: Paper, *, thumbnails: bool) -> PaperPieces:
        """The paper's pieces, found by identity first: hashing all its fields costs more.

        The paper is kept beside its pieces, so its identity cannot become another's meanwhile.
        """
        key = (id(paper), thumbnails)
        at_hand = self._at_hand.get(key)
        if at_hand is not None and at_hand[0] is paper:
            return at_hand[1]
        pieces = self._by_value(paper, thumbnails)
        if len(self._at_hand) >= self._papers_kept:
            self._at_hand.clear()
        self._at_hand[key] = (paper, pieces)
        return pieces

    def more(self, count: int, url: str) -> Filled:
        """How many papers are not in the mail, and where they are when there is such a place."""
        values = {"count": wording.grouped(count), "url": url}
        return _filled(self._part("more", ("count", "url") if url else ("count",)), values)

    def _make_paper(self, paper: Paper, thumbnails: bool) -> PaperPieces:
        return PaperPieces(paper, self.workshop, thumbnails=thumbnails)

    def _make_reason(self, words: tuple[str, ...]) -> Filled:
        if not words:
            return NOTHING
        shown = "every paper" if words == ("*",) else wording.quoted_words(words)
        return _filled(self._part("reason", ("words",)), {"words": shown})

    def _make_heading(self, topic: str, count: int) -> Heading:
        values = {
            "topic": wording.cut_at_word(clean(topic), MAX_TOPIC) or "Your topic",
            "count": wording.counted(count, "paper"),
        }
        return _around(self._part("section", ("topic", "count", "cards")), "cards", values)

    def _make_also_heading(self) -> Heading:
        return _around(self._part("also", ("lines",)), "lines", {})

    def _make_part(self, macro: str, gaps: tuple[str, ...]) -> Twin:
        names = ("topic", "count", "cards", "words", "lines", "url")
        values = {
            name: gap(name) if name in gaps else "" for name in names if name in _TAKES[macro]
        }
        return Twin(self.workshop.part(macro, values), self.workshop.text_part(macro, values))


_TAKES = {
    "section": ("topic", "count", "cards"),
    "reason": ("words",),
    "also": ("lines",),
    "more": ("count", "url"),
}


def escaped(values: Mapping[str, str]) -> dict[str, str]:
    """The values as they may stand in html, in text and between double quotes."""
    return {name: str(escape(value)) for name, value in values.items()}


def _filled(part: Twin, values: Mapping[str, str]) -> Filled:
    html = part.html.fill(escaped(values))
    return Filled(html, _rewrapped(part.text.fill(values)), len(html.encode()))


def _around(part: Twin, name: str, values: Mapping[str, str]) -> Heading:
    """The part cut in two where its papers go."""
    html_before, html_after = _cut(part.html, name, escaped(values))
    text_before, text_after = _cut(part.text, name, values)
    return Heading(
        before=Filled(html_before, _rewrapped(text_before), len(html_before.encode())),
        after=Filled(html_after, text_after.lstrip("\n"), len(html_after.encode())),
    )


def _cut(piece: Piece, name: str, values: Mapping[str, str]) -> tuple[str, str]:
    before, _, after = piece.fill({**values, name: gap(name)}).partition(gap(name))
    return before, after


def _rewrapped(text: str) -> str:
    """Lines that a value made too long are wrapped again, as far right as they were."""
    lines = []
    for line in text.split("\n"):
        indent = len(line) - len(line.lstrip(" "))
        too_long = wording.columns_of(line) > wording.TEXT_WIDTH
        lines.append(wording.wrap(line, indent=indent) if too_long else line)
    return "\n".join(lines)
