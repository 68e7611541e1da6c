"""Papers to inlined parts, once; parts to a digest's html and text, for each reader."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from datetime import date
from functools import lru_cache, partial
from itertools import product
from pathlib import Path

from jinja2 import BaseLoader
from markupsafe import escape

from newsletter.core.delivery.states import Kind
from newsletter.core.digests import Digest
from newsletter.core.languages import ENGLISH, day_in
from newsletter.core.mail import wording
from newsletter.core.mail.bodies import Twin
from newsletter.core.mail.fitting import MAX_HTML
from newsletter.core.mail.laying import Shelf, lay
from newsletter.core.mail.mails import Brand, Links, Rendered
from newsletter.core.mail.mastheads import GAPS
from newsletter.core.mail.pieces import gap, gaps_in
from newsletter.core.mail.rehearsal import (
    SAMPLE_DAY,
    page_links,
    sample_brands,
    sample_digests,
    sample_links,
)
from newsletter.core.mail.stock import PAPERS_KEPT, Stock
from newsletter.core.mail.wire import inset, plate, read_back
from newsletter.core.papers import Paper
from newsletter.core.text import clean
from newsletter.errors import TemplateProblem

MAX_SUBJECT = 78  # RFC 5322 section 2.1.1: what fits a line
MAX_BRAND, MAX_POSTAL_ADDRESS = 100, 300
FRAMES_KEPT = 100
SUBJECTS_KEPT = 5000

__all__ = ["MAX_HTML", "Brand", "Links", "Rendered", "Renderer"]

_LINKS = tuple(link.name for link in fields(Links))
_DIGEST_GAPS = ("count", "topics", "preheader", "body")
# Without these a reader could not do what the mail is for, or could not leave.
_NEEDED = {
    Kind.DIGEST: ("links.preferences", "links.unsubscribe"),
    Kind.CONFIRM: ("links.confirm",),
    Kind.RECOVER: ("links.preferences",),
    Kind.WELCOME: ("links.preferences", "links.unsubscribe"),
    Kind.CHANGE: ("links.change",),
    Kind.MOVED: (),
    Kind.TEST: (),
}


class Renderer:
    """Makes mails. The same input gives the same bytes, on every machine.

    templates: the folder of the mail templates, or a Jinja2 loader. Templates run and style is
    inlined once for each paper, form and frame; a reader costs a join. What is kept is bounded.
    Raises TemplateProblem, with file and line, where a template is wrong.
    """

    def __init__(self, templates: Path | BaseLoader, *, papers_kept: int = PAPERS_KEPT) -> None:
        self._stock = Stock(templates, papers_kept=papers_kept)
        self.frame = lru_cache(maxsize=FRAMES_KEPT)(self._make_frame)
        self.subject = lru_cache(maxsize=SUBJECTS_KEPT)(self._make_subject)

    def digest(
        self,
        digest: Digest,
        papers: Mapping[str, Paper],
        *,
        edition: date,
        links: Links,
        brand: Brand,
        thumbnails: bool = False,
        language: str = ENGLISH,
        max_html: int | None = MAX_HTML,
    ) -> Rendered:
        """One reader's mail of this edition.

        papers: by id, at least those of the digest; one that is gone is passed over. Where the
        html would grow larger than max_html bytes, abstracts get shorter, then cards become
        lines, then only the number of the others is given; None shows everything, as for the web.
        Raises NotFound when none of the papers is there.
        """
        marked, own = _own_links(links)
        frame = self.frame(Kind.DIGEST, marked, brand, edition, language)
        laid = lay(digest, self.shelf(papers, thumbnails=thumbnails))
        html, text = laid.rows(frame.html, own, view=marked.view, max_html=max_html)
        values = own | dict(zip(GAPS, laid.masthead, strict=True))
        values |= {"html.digest.body": b"".join(html), "text.digest.body": b"".join(text)}
        return Rendered(
            subject=self.subject(Kind.DIGEST, laid.title, laid.count, brand),
            html=read_back(frame.html.fill(values)),
            text=read_back(frame.text.fill(values)),
        )

    def note(self, kind: Kind, *, links: Links, brand: Brand) -> Rendered:
        """A mail without papers: of any kind but a digest."""
        if kind is Kind.DIGEST:
            raise ValueError("a digest has papers: use Renderer.digest")
        for name in _NEEDED[kind]:
            if not _link(links, name):
                raise ValueError(f"a {kind} mail without {name} is of no use to its reader")
        marked, values = _own_links(links)
        frame = self.frame(kind, marked, brand, None)
        return Rendered(
            subject=self.subject(kind, "", 0, brand),
            html=read_back(frame.html.fill(values)),
            text=read_back(frame.text.fill(values)),
        )

    def shelf(self, papers: Mapping[str, Paper], *, thumbnails: bool) -> Shelf:
        """Where `laying` finds the parts of these papers."""
        return Shelf(self._stock, papers, thumbnails=thumbnails)

    def check(self) -> list[str]:
        """What is wrong with the mail templates, one sentence each; empty when all is well.

        Every mail is rendered, and every part of a digest, in all its forms.
        """
        problems = self._stock.workshop.unreadable()
        for rehearse in () if problems else self._rehearsals():
            try:
                rehearse()
            except TemplateProblem as problem:
                problems.append(str(problem))
        return list(dict.fromkeys(problems))

    def _rehearsals(self) -> Iterator[Callable[[], Rendered]]:
        for brand, links in product(sample_brands(), (*sample_links(), *page_links())):
            for digest, papers, thumbnails in sample_digests():
                yield partial(
                    self.digest,
                    digest,
                    papers,
                    edition=SAMPLE_DAY,
                    links=links,
                    brand=brand,
                    thumbnails=thumbnails,
                    language="fr" if thumbnails else ENGLISH,
                )
        for brand, links in product(sample_brands(), sample_links()):
            for kind in (kind for kind in Kind if kind is not Kind.DIGEST):
                yield partial(self.note, kind, links=links, brand=brand)

    def _make_frame(
        self,
        kind: Kind,
        links: Links,
        brand: Brand,
        edition: date | None,
        language: str = ENGLISH,
    ) -> Twin:
        """The mail around its papers, with gaps for what is the reader's own.

        links: with marks for gaps, "" for what there is not. edition: of a digest. language: of
        its date.
        """
        values: dict[str, object] = {"brand": _printable(brand), "links": links}
        needed = {at: name for name in _NEEDED[kind] for at in gaps_in(_link(links, name))}
        if kind is Kind.DIGEST and edition is not None:
            values["edition"], values["language"] = day_in(language, edition), language
            values["digest"] = {name: gap(f"digest.{name}") for name in _DIGEST_GAPS}
            needed["digest.body"] = "digest.body"
        html = self._stock.workshop.page(f"{kind}.html.j2", values)
        text = self._stock.workshop.text(f"{kind}.txt.j2", values)
        for piece, name in ((html, f"{kind}.html.j2"), (text, f"{kind}.txt.j2")):
            for missing in (needed[at] for at in needed if at not in piece.gaps):
                raise TemplateProblem(
                    f"{name} does not show `{missing}`: a reader needs it, so put "
                    f"{{{{ {missing} }}}} into the template."
                )
        return Twin(plate(html, "html"), plate(text, "text"))

    def _make_subject(self, kind: Kind, title: str, count: int, brand: Brand) -> str:
        """The template's line with the title cut, so that the whole fits and the count stays."""
        name = f"{kind}.subject.txt.j2"
        values = {"brand": _printable(brand), "count": count, "more": count - 1}
        without = self._stock.workshop.line(name, {**values, "title": ""})
        room = MAX_SUBJECT - len(without) - 1
        shown = wording.cut_at_word(title, max(room, 20))
        subject = self._stock.workshop.line(name, {**values, "title": shown})
        return wording.cut_at_word(subject, MAX_SUBJECT)


def _link(links: Links, name: str) -> str:
    return str(getattr(links, name.removeprefix("links.")))


def _own_links(links: Links) -> tuple[Links, dict[str, bytes]]:
    """The links as gaps, and what belongs there."""
    marked, values = {}, {}
    for name in _LINKS:
        link = getattr(links, name)
        marked[name] = gap(f"links.{name}") if link else ""
        link = link if link.isprintable() else clean(link)
        values[f"text.links.{name}"] = inset(link)
        values[f"html.links.{name}"] = inset(str(escape(link)))
    return Links(**marked), values


def _printable(brand: Brand) -> Brand:
    return Brand(
        name=wording.cut_at_word(clean(brand.name), MAX_BRAND),
        base_url=wording.safe_url(brand.base_url),
        postal_address=wording.cut_at_word(clean(brand.postal_address), MAX_POSTAL_ADDRESS),
    )
