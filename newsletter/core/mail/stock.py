"""The parts that mails are joined from, each made once and kept while there is room."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from jinja2 import BaseLoader

from newsletter.core.mail import wording
from newsletter.core.mail.bodies import NOTHING, Card, Filled, Heading, Twin
from newsletter.core.mail.cards import Card as CardWords
from newsletter.core.mail.cards import Form, make_card
from newsletter.core.mail.pieces import Piece, Workshop, cut_at_marks, gap, gaps_in
from newsletter.core.mail.wire import inset, plate, size_of
from newsletter.core.papers import Paper
from newsletter.core.text import clean
from newsletter.errors import TemplateProblem

MAX_TOPIC = 60
MAX_PREHEADER = 150
PAPERS_KEPT = 2000  # one takes 6 KB in its full form, 12 KB in all forms
WORDS_KEPT = 8192  # of reasons, and of headings: 1 KB each
PARTS_KEPT = 512


@dataclass(frozen=True, slots=True)
class Name:
    """A topic in the masthead, encoded. is_long: it takes several lines of text.

    columns: of the text's last line.
    """

    html: bytes
    text: bytes
    is_long: bool
    columns: int


class PaperParts:
    """One paper's parts; each form is made when it is first wanted."""

    __slots__ = (
        "_made", "_paper", "_thumbnails", "_workshop", "abstract", "full", "preview", "title",
    )  # fmt: skip

    def __init__(self, paper: Paper, workshop: Workshop, *, thumbnails: bool) -> None:
        card = make_card(paper, Form.BRIEF)
        self._paper, self._thumbnails, self._workshop = paper, thumbnails, workshop
        self.title = card.title
        self.preview = _preview(card.title)
        self.abstract = _preview(card.abstract)
        self._made: dict[int, Card] = {}
        self.full = self.card(Form.FULL)

    def card(self, form: Form) -> Card:
        made = self._made.get(form.value)
        if made is None:
            made = self._made[form.value] = self._make(form)
        return made

    def _make(self, form: Form) -> Card:
        card = make_card(self._paper, form, thumbnails=self._thumbnails)
        if form < Form.LINE:
            return self._make_card(card)
        macro = "line" if form is Form.LINE else "tight"
        html = self._workshop.part(macro, {"paper": card}, is_foreign=True)
        text = self._text(macro, {"paper": card}, ("number",))
        silent = inset(text.parts[1])
        return Card(inset(html.parts[0]), b"", silent, b"", silent, size_of(html.parts[0]))

    def _make_card(self, card: CardWords) -> Card:
        html = self._workshop.part(
            "card", {"paper": card, "reason": gap("reason")}, is_foreign=True
        )
        if html.gaps != ("reason",):
            raise TemplateProblem(
                "cards.html.j2: macro card must show {{ reason }} once; for mails without reasons "
                "leave the macro `reason` empty."
            )
        # In the text a reason ends its line, which is taken away again behind the gap.
        given = {"paper": card, "reason": gap("reason") + "\n"}
        text = self._text("card", given, ("number", "reason"))
        silent = self._text("card", {"paper": card, "reason": ""}, ("number",))
        return Card(
            inset(html.parts[0]),
            inset(html.parts[1]),
            inset(text.parts[1]),
            inset(text.parts[2].removeprefix("\n")),
            inset(silent.parts[1]),
            sum(map(size_of, html.parts)),
        )

    def _text(self, macro: str, given: Mapping[str, object], gaps: tuple[str, ...]) -> Piece:
        text = self._workshop.text_part(macro, {**given, "number": gap("number")})
        if text.gaps != gaps or text.parts[0]:
            raise TemplateProblem(
                f"cards.txt.j2: macro {macro} must begin with {{{{ number }}}}"
                + (" and then show {{ reason }} once." if "reason" in gaps else ".")
            )
        return text


class Stock:
    """Keeps what the workshop made. Every cache is bounded and throws out the least used."""

    def __init__(self, templates: Path | BaseLoader, *, papers_kept: int = PAPERS_KEPT) -> None:
        self.workshop = Workshop(templates)
        self._papers_kept = papers_kept
        self._at_hand: dict[tuple[int, bool], tuple[Paper, PaperParts]] = {}
        self._by_value = lru_cache(maxsize=papers_kept)(self._make_paper)
        self.reason = lru_cache(maxsize=WORDS_KEPT)(self._make_reason)
        self.heading = lru_cache(maxsize=WORDS_KEPT)(self._make_heading)
        self.name = lru_cache(maxsize=WORDS_KEPT)(_make_name)
        self.also_heading = lru_cache(maxsize=1)(self._make_also_heading)
        self.more = lru_cache(maxsize=PARTS_KEPT)(self._make_more)
        self._part = lru_cache(maxsize=PARTS_KEPT)(self._make_part)

    def paper(self, paper: Paper, thumbnails: bool) -> PaperParts:
        """The paper's parts, found by identity first: hashing all its fields costs more.

        The paper is kept beside its parts, so its identity cannot become another's meanwhile.
        """
        key = (id(paper), thumbnails)
        at_hand = self._at_hand.get(key)
        if at_hand is not None and at_hand[0] is paper:
            return at_hand[1]
        parts = self._by_value(paper, thumbnails)
        if len(self._at_hand) >= self._papers_kept:
            self._at_hand.clear()
        self._at_hand[key] = (paper, parts)
        return parts

    def _make_paper(self, paper: Paper, thumbnails: bool) -> PaperParts:
        return PaperParts(paper, self.workshop, thumbnails=thumbnails)

    def _make_reason(self, words: tuple[str, ...]) -> Filled:
        if not words:
            return NOTHING
        shown = "every paper" if words == ("*",) else wording.quoted_words(words)
        reason = _filled(self._part("reason", (("words", gap("words")),)), {"words": shown})
        return reason._replace(text=b"") if reason.text == b"\r\n" else reason

    def _make_heading(self, topic: str, count: int) -> Heading:
        values = {"topic": _shown_topic(topic), "count": wording.counted(count, "paper")}
        gaps = tuple((name, gap(name)) for name in ("topic", "count", "cards"))
        return _around(self._part("section", gaps), "cards", values)

    def _make_also_heading(self) -> Heading:
        return _around(self._part("also", (("lines", gap("lines")),)), "lines", {})

    def _make_more(self, count: int, url: str) -> Twin:
        """How many papers are not in the mail, and where they are when there is such a place.

        url: with marks in place of the reader's own part, which become gaps.
        """
        html, text = self._part("more", (("count", gap("count")), ("url", url)))
        shown = {name: gap(name) for name in gaps_in(url)} | {"count": wording.grouped(count)}
        return Twin(
            plate(cut_at_marks(html.fill(shown)), "html"),
            plate(cut_at_marks(text.fill(shown)), "text"),
        )

    def _make_part(self, macro: str, values: tuple[tuple[str, str], ...]) -> tuple[Piece, Piece]:
        given = dict(values)
        return self.workshop.part(macro, given), self.workshop.text_part(macro, given)


def as_text(value: str) -> str:
    """The value as html has it between tags, and as the inliner writes it."""
    return value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _as_texts(values: Mapping[str, str]) -> dict[str, str]:
    return {name: as_text(value) for name, value in values.items()}


def _shown_topic(topic: str) -> str:
    return wording.cut_at_word(clean(topic), MAX_TOPIC) or "Your topic"


def _preview(text: str) -> tuple[bytes, int]:
    """Words for the inbox's preview, encoded, with how many characters they are."""
    shown = wording.cut_at_word(text, MAX_PREHEADER)
    return inset(as_text(shown)), len(shown)


def _make_name(topic: str, count: int | None) -> Name:
    """A topic in the masthead, with its count where there are several."""
    shown = _shown_topic(topic) + (f" {count}" if count is not None else "")
    lines = wording.wrap(shown)
    return Name(
        html=inset(as_text(shown)),
        text=inset(lines),
        is_long="\n" in lines,
        columns=wording.columns_of(lines.rpartition("\n")[2]),
    )


def _filled(part: tuple[Piece, Piece], values: Mapping[str, str]) -> Filled:
    html, text = part
    return _encoded(html.fill(_as_texts(values)), _rewrapped(text.fill(values)))


def _around(part: tuple[Piece, Piece], name: str, values: Mapping[str, str]) -> Heading:
    """The part cut in two where its papers go."""
    html_before, html_after = _cut(part[0], name, _as_texts(values))
    text_before, text_after = _cut(part[1], name, values)
    return Heading(
        before=_encoded(html_before, _rewrapped(text_before)),
        after=_encoded(html_after, text_after.lstrip("\n")),
    )


def _encoded(html: str, text: str) -> Filled:
    return Filled(inset(html), inset(text), size_of(html))


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
