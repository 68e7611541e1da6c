"""What the obvious way shows one reader: the subject, the html and the text of their mail."""

import logging
import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import count

from jinja2 import Environment
from markupsafe import Markup
from premailer import Premailer

from newsletter.core.delivery.states import Kind
from newsletter.core.digests import Digest, Pick
from newsletter.core.languages import day_in
from newsletter.core.mail import wording
from newsletter.core.mail.cards import Card, Form, make_card, readable_title
from newsletter.core.mail.fitting import MAX_HTML
from newsletter.core.mail.links import Letterhead
from newsletter.core.mail.mails import Links
from newsletter.core.mail.press import Order
from newsletter.core.papers import Paper
from newsletter.core.text import clean

MAX_SUBJECT, MAX_PREVIEW, MAX_TOPIC, MAX_ALSO = 78, 150, 60, 40

Found = Sequence[tuple[Pick, Paper]]
Forms = Sequence[Form | None]

_BODY = "\ufdd0"  # where the ready text goes, so that it is not tidied twice
_MACROS = {
    Form.FULL: "card", Form.SHORT: "card", Form.BRIEF: "card",
    Form.LINE: "line", Form.TIGHT: "tight",
}  # fmt: skip


class PlainMail:
    """One reader's mail while it is made."""

    def __init__(
        self,
        environment: Environment,
        one: Order,
        papers: Mapping[str, Paper],
        links: Links,
        letterhead: Letterhead,
    ) -> None:
        digest = one.digest or Digest(sections=())
        self._environment, self._one, self._links = environment, one, links
        self._brand = replace(
            letterhead.brand,
            name=wording.cut_at_word(clean(letterhead.brand.name), 100),
            postal_address=wording.cut_at_word(clean(letterhead.brand.postal_address), 300),
        )
        self._sections = [
            (section.topic, found)
            for section in digest.sections
            if (found := _found(section.picks, papers))
        ]
        also = _found(digest.left_out, papers)
        self._papers = [paper for _, found in self._sections for _, paper in found]
        self._also = [paper for _, paper in also[:MAX_ALSO]]
        self._unlisted = max(0, len(also) - MAX_ALSO) + digest.more

    def subject(self) -> str:
        """The template's line; the title is cut where it would be too long, not the count."""
        title = readable_title(self._papers[0]) if self._papers else ""
        room = MAX_SUBJECT - len(self._subject("")) - 1
        shown = self._subject(wording.cut_at_word(title, max(room, 20)))
        return wording.cut_at_word(shown, MAX_SUBJECT)

    def _subject(self, title: str) -> str:
        found = len(self._papers)
        values = {"brand": self._brand, "count": found, "more": found - 1, "title": title}
        return clean(self._rendered(f"{self._one.kind}.subject.txt.j2", values))

    def forms(self) -> Forms:
        """What is shown of each paper: the first step of shrinking after which the html fits."""
        steps = list(_steps(len(self._papers), len(self._also)))

        def after(done: int) -> Forms:
            forms: list[Form | None] = [Form.FULL] * len(self._papers)
            forms += [Form.LINE] * len(self._also)
            for position, form in steps[:done]:
                forms[position] = form
            return forms

        def fits(done: int) -> bool:
            return len(self.html(after(done)).replace("\n", "\r\n").encode()) <= MAX_HTML

        if fits(0):
            return after(0)
        return after(bisect_left(range(len(steps)), 1, key=lambda done: int(fits(done))))

    def html(self, forms: Forms) -> str:
        body = ""
        for topic, shown in self._shown(forms):
            cards = "".join(
                self._html(
                    _MACROS[form],
                    paper=self._card(paper, form),
                    **({"reason": self._html_reason(pick)} if form < Form.LINE else {}),
                )
                for pick, paper, form in shown
            )
            body += self._html("section", **_heading(topic, len(shown)), cards=_ready(cards))
        lines = [
            self._html(_MACROS[form], paper=make_card(paper, form))
            for paper, form in self._shown_also(forms)
        ]
        if lines:
            body += self._html("also", lines=_ready("".join(lines)))
        if more := self._unlisted + forms.count(None):
            body += self._html("more", count=wording.grouped(more), url=self._links.view)
        names = " · ".join(self._names())
        page = self._rendered(f"{self._one.kind}.html.j2", self._values(_ready(body), names))
        return _inlined(page).rstrip() + "\n"

    def text(self, forms: Forms) -> str:
        blocks, numbers = [], count(1)
        for topic, shown in self._shown(forms):
            cards = []
            for pick, paper, form in shown:
                reason = {"reason": self._text_reason(pick)} if form < Form.LINE else {}
                given = {"paper": self._card(paper, form), "number": f"{next(numbers)}. ".ljust(4)}
                cards.append(self._text(_MACROS[form], **given, **reason))
            heading = self._text("section", **_heading(topic, len(shown)), cards=_BODY)
            blocks.append(_around(_rewrapped(heading), "\n".join(cards)))
        lines = [
            self._text(_MACROS[form], paper=make_card(paper, form), number="  - ")
            for paper, form in self._shown_also(forms)
        ]
        if lines:
            blocks.append(_around(self._text("also", lines=_BODY), "".join(lines)))
        if more := self._unlisted + forms.count(None):
            blocks.append(self._text("more", count=wording.grouped(more), url=self._links.view))
        values = self._values(_BODY, _in_lines(self._names() or [""]))
        frame = _tidy(self._rendered(f"{self._one.kind}.txt.j2", values))
        return frame.replace(_BODY, "\n\n".join(blocks))

    def _shown(self, forms: Forms) -> Iterator[tuple[str, list[tuple[Pick, Paper, Form]]]]:
        each = iter(forms)
        for topic, found in self._sections:
            shown = [
                (pick, paper, form)
                for (pick, paper), form in zip(found, each, strict=False)
                if form is not None
            ]
            if shown:
                yield topic, shown

    def _shown_also(self, forms: Forms) -> list[tuple[Paper, Form]]:
        of_lines = forms[len(self._papers) :]
        return [
            (paper, form)
            for paper, form in zip(self._also, of_lines, strict=True)
            if form is not None
        ]

    def _card(self, paper: Paper, form: Form) -> Card:
        return make_card(paper, form, thumbnails=self._one.thumbnails)

    def _names(self) -> list[str]:
        """The topics as the masthead has them, with their counts where there are several."""
        return [
            _topic(topic) + (f" {len(found)}" if len(self._sections) > 1 else "")
            for topic, found in self._sections
        ]

    def _preview(self) -> str:
        titles = [wording.cut_at_word(readable_title(paper), MAX_PREVIEW) for paper in self._papers]
        if len(titles) == 1:
            abstract = make_card(self._papers[0], Form.BRIEF).abstract
            return wording.cut_at_word(abstract, MAX_PREVIEW)
        shown = titles[1:4]
        while len(" · ".join(shown)) > MAX_PREVIEW:
            shown.pop()
        return " · ".join(shown)

    def _values(self, body: str, topics: str) -> dict[str, object]:
        values: dict[str, object] = {"brand": self._brand, "links": self._links}
        if self._one.kind is Kind.DIGEST:
            values["edition"] = day_in(self._one.language, self._one.edition)
            values["language"] = self._one.language
            values["digest"] = {
                "count": wording.counted(len(self._papers), "paper"),
                "topics": topics,
                "preheader": self._preview(),
                "body": body,
            }
        return values

    def _html_reason(self, pick: Pick) -> Markup:
        return _ready(self._html("reason", words=_words(pick)) if pick.words else "")

    def _text_reason(self, pick: Pick) -> str:
        return _rewrapped(self._text("reason", words=_words(pick))) if pick.words else ""

    def _html(self, macro: str, **values: object) -> str:
        return self._macro("cards.html.j2", macro, values).strip() + "\n"

    def _text(self, macro: str, **values: object) -> str:
        return _tidy(self._macro("cards.txt.j2", macro, values))

    def _macro(self, name: str, macro: str, values: Mapping[str, object]) -> str:
        return str(getattr(self._environment.get_template(name).module, macro)(**values))

    def _rendered(self, name: str, values: Mapping[str, object]) -> str:
        return self._environment.get_template(name).render(values)


def _ready(html: str) -> Markup:
    """Html that the templates made, and so is escaped where it must be."""
    return Markup(html)  # noqa: S704


def _found(picks: Sequence[Pick], papers: Mapping[str, Paper]) -> list[tuple[Pick, Paper]]:
    return [(pick, papers[pick.paper_id]) for pick in picks if pick.paper_id in papers]


def _steps(cards: int, also: int) -> Iterator[tuple[int, Form | None]]:
    for form in (Form.SHORT, Form.BRIEF, Form.LINE):
        yield from ((position, form) for position in range(cards - 1, -1, -1))
    yield from ((position, Form.TIGHT) for position in range(cards + also - 1, -1, -1))
    yield from ((position, None) for position in range(cards + also - 1, 0, -1))


def _topic(topic: str) -> str:
    return wording.cut_at_word(clean(topic), MAX_TOPIC) or "Your topic"


def _heading(topic: str, number: int) -> dict[str, object]:
    return {"topic": _topic(topic), "count": wording.counted(number, "paper")}


def _words(pick: Pick) -> str:
    return "every paper" if pick.words == ("*",) else wording.quoted_words(pick.words)


def _inlined(page: str) -> str:
    inliner = Premailer(
        page,
        keep_style_tags=False,
        strip_important=False,
        remove_classes=False,
        allow_network=False,
        allow_loading_external_files=False,
        disable_validation=True,
        cssutils_logging_level=logging.CRITICAL,
    )
    return str(inliner.transform(pretty_print=False))


def _tidy(text: str) -> str:
    lines = "\n".join(x if x == "-- " else x.rstrip() for x in text.splitlines())
    return re.sub(r"\n{3,}", "\n\n", lines).strip("\n") + "\n"


def _around(heading: str, cards: str) -> str:
    before, _, after = heading.partition(_BODY)
    return before + cards + after.lstrip("\n")


def _in_lines(names: Sequence[str]) -> str:
    """The names with dots between, no line longer than the text is wide."""
    text = wording.wrap(names[0])
    for shown in map(wording.wrap, names[1:]):
        last = text.rpartition("\n")[2]
        columns = wording.columns_of(f"{last} · {shown} ·")
        fits = "\n" not in shown and columns <= wording.TEXT_WIDTH
        text += (" · " if fits else " ·\n") + shown
    return text


def _rewrapped(text: str) -> str:
    lines = []
    for line in text.split("\n"):
        at = len(line) - len(line.lstrip(" "))
        is_long = wording.columns_of(line) > wording.TEXT_WIDTH
        lines.append(wording.wrap(line, indent=at) if is_long else line)
    return "\n".join(lines)
