"""Papers to inlined pieces, once; pieces to a digest's html and text, for each reader."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import date
from functools import lru_cache, partial
from itertools import product
from pathlib import Path

from jinja2 import BaseLoader

from newsletter.core import wording
from newsletter.core.bodies import Body, Entry, Twin
from newsletter.core.delivery import Kind
from newsletter.core.digests import Digest, Pick
from newsletter.core.fitting import MAX_HTML, choose
from newsletter.core.mails import Brand, Links, Rendered
from newsletter.core.papers import Paper
from newsletter.core.pieces import gap
from newsletter.core.rehearsal import SAMPLE_DAY, sample_brands, sample_digests, sample_links
from newsletter.core.stock import MAX_TOPIC, NOTHING, PAPERS_KEPT, PaperPieces, Stock, escaped
from newsletter.core.text import clean
from newsletter.errors import NotFound, TemplateProblem

MAX_SUBJECT = 78  # RFC 5322 section 2.1.1: what fits a line
MAX_PREHEADER = 150
MAX_ALSO = 40  # papers past the cap that are listed by title; the others are counted
FRAMES_KEPT = 100
SUBJECTS_KEPT = 5000

__all__ = ["MAX_HTML", "Brand", "Links", "Rendered", "Renderer"]

_LINKS = tuple(link.name for link in fields(Links))
_LINK_GAPS = {name: f"links.{name}" for name in _LINKS}
_DIGEST_GAPS = ("count", "topics", "preheader", "body")
# Without these a reader could not do what the mail is for, or could not leave.
_NEEDED = {
    Kind.DIGEST: ("digest.body", "links.preferences", "links.unsubscribe"),
    Kind.CONFIRM: ("links.confirm",),
    Kind.RECOVER: ("links.preferences",),
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
        self._frame_of = lru_cache(maxsize=FRAMES_KEPT)(self._make_frame)
        self._subject = lru_cache(maxsize=SUBJECTS_KEPT)(self._make_subject)

    def digest(
        self,
        digest: Digest,
        papers: Mapping[str, Paper],
        *,
        edition: date,
        links: Links,
        brand: Brand,
        thumbnails: bool = False,
    ) -> Rendered:
        """One reader's mail of this edition.

        papers: by id, at least those of the digest; one that is gone is passed over. Where the
        html would grow too large, abstracts get shorter, then cards become lines, then only the
        number of the others is given. Raises NotFound when none of the papers is there.
        """
        sections = [
            (section.topic, found)
            for section in digest.sections
            if (found := self._found(section.picks, papers, thumbnails=thumbnails))
        ]
        if not sections:
            raise NotFound("None of this digest's papers is in the store: was it pruned?")
        also = self._found(digest.left_out, papers, thumbnails=False)
        body = self._body(sections, also, more=digest.more, view=links.view)
        values = _link_values(links) | _head_values(sections)
        frame = self._frame(Kind.DIGEST, links=links, brand=brand, edition=edition)
        marked_up = escaped(values)

        room = MAX_HTML - frame.html.size - _size(frame, marked_up)
        reserve = body.more(body.cards + len(also) + digest.more).size
        layout = choose(
            cards=body.cards, also=len(body.also), size=body.size, room=room, reserve=reserve
        )
        html = frame.html.fill(marked_up | {"digest.body": body.html(layout)})
        values["digest.topics"] = wording.wrap(values["digest.topics"])
        text = frame.text.fill(values | {"digest.body": body.text(layout)})
        subject = self._subject(Kind.DIGEST, sections[0][1][0][1].title, body.cards, brand)
        return Rendered(subject=subject, html=html, text=text)

    def note(self, kind: Kind, *, links: Links, brand: Brand) -> Rendered:
        """A mail without papers: confirm, recover or test."""
        if kind is Kind.DIGEST:
            raise ValueError("a digest has papers: use Renderer.digest")
        for name in _NEEDED[kind]:
            if not getattr(links, name.removeprefix("links.")):
                raise ValueError(f"a {kind} mail without {name} is of no use to its reader")
        frame = self._frame(kind, links=links, brand=brand, edition=None)
        values = _link_values(links)
        return Rendered(
            subject=self._subject(kind, "", 0, brand),
            html=frame.html.fill(escaped(values)),
            text=frame.text.fill(values),
        )

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
        for brand, links in product(sample_brands(), sample_links()):
            for digest, papers, thumbnails in sample_digests():
                yield partial(
                    self.digest,
                    digest,
                    papers,
                    edition=SAMPLE_DAY,
                    links=links,
                    brand=brand,
                    thumbnails=thumbnails,
                )
            for kind in (Kind.CONFIRM, Kind.RECOVER, Kind.TEST):
                yield partial(self.note, kind, links=links, brand=brand)

    def _found(
        self, picks: Sequence[Pick], papers: Mapping[str, Paper], *, thumbnails: bool
    ) -> list[tuple[Pick, PaperPieces]]:
        return [
            (pick, self._stock.paper(papers[pick.paper_id], thumbnails=thumbnails))
            for pick in picks
            if pick.paper_id in papers
        ]

    def _body(
        self,
        sections: Sequence[tuple[str, Sequence[tuple[Pick, PaperPieces]]]],
        also: Sequence[tuple[Pick, PaperPieces]],
        *,
        more: int,
        view: str,
    ) -> Body:
        return Body(
            sections=[
                (
                    self._stock.heading(topic, len(found)),
                    [Entry(pieces.twin, self._stock.reason(pick.words)) for pick, pieces in found],
                )
                for topic, found in sections
            ],
            also_heading=self._stock.also_heading(),
            also=[Entry(pieces.twin, NOTHING) for _, pieces in also[:MAX_ALSO]],
            unlisted=max(0, len(also) - MAX_ALSO) + more,
            more=lambda count: self._stock.more(count, view),
        )

    def _frame(self, kind: Kind, *, links: Links, brand: Brand, edition: date | None) -> Twin:
        present = tuple(name for name in _LINKS if getattr(links, name))
        return self._frame_of(kind, present, brand, edition)

    def _make_frame(
        self, kind: Kind, present: tuple[str, ...], brand: Brand, edition: date | None
    ) -> Twin:
        """The mail around its papers, with gaps for what is the reader's own."""
        values: dict[str, object] = {
            "brand": _printable(brand),
            "links": Links(
                **{name: gap(f"links.{name}") if name in present else "" for name in _LINKS}
            ),
        }
        if edition is not None:
            values["edition"] = wording.day_in_words(edition)
            values["digest"] = {name: gap(f"digest.{name}") for name in _DIGEST_GAPS}
        workshop = self._stock.workshop
        frame = Twin(
            workshop.page(f"{kind}.html.j2", values), workshop.text(f"{kind}.txt.j2", values)
        )
        for piece, suffix in ((frame.html, "html"), (frame.text, "txt")):
            for name in _NEEDED[kind]:
                if name not in piece.gaps and name.removeprefix("links.") in (
                    *present,
                    "digest.body",
                ):
                    raise TemplateProblem(
                        f"{kind}.{suffix}.j2 does not show `{name}`: a reader needs it, so put "
                        f"{{{{ {name} }}}} into the template."
                    )
        return frame

    def _make_subject(self, kind: Kind, title: str, count: int, brand: Brand) -> str:
        """The template's line with the title cut, so that the whole fits and the count stays."""
        name = f"{kind}.subject.txt.j2"
        values = {"brand": _printable(brand), "count": count, "more": count - 1}
        without = self._stock.workshop.line(name, {**values, "title": ""})
        room = MAX_SUBJECT - len(without) - 1
        shown = wording.cut_at_word(title, max(room, 20))
        subject = self._stock.workshop.line(name, {**values, "title": shown})
        return wording.cut_at_word(subject, MAX_SUBJECT)


def _printable(brand: Brand) -> Brand:
    return Brand(
        name=clean(brand.name),
        base_url=wording.safe_url(brand.base_url),
        postal_address=clean(brand.postal_address),
    )


def _link_values(links: Links) -> dict[str, str]:
    found = {}
    for name, key in _LINK_GAPS.items():
        link = getattr(links, name)
        found[key] = link if link.isprintable() else clean(link)
    return found


def _head_values(
    sections: Sequence[tuple[str, Sequence[tuple[Pick, PaperPieces]]]],
) -> dict[str, str]:
    """How many papers, on what, and for the inbox's preview the titles after the subject's."""
    found = [pieces for _, papers in sections for _, pieces in papers]
    topics = [
        wording.cut_at_word(clean(topic), MAX_TOPIC)
        + (f" {len(papers)}" if len(sections) > 1 else "")
        for topic, papers in sections
    ]
    others = " · ".join(pieces.title for pieces in found[1:4])
    return {
        "digest.count": wording.counted(len(found), "paper"),
        "digest.topics": " · ".join(topics),
        "digest.preheader": wording.cut_at_word(others or found[0].abstract, MAX_PREHEADER),
    }


def _size(frame: Twin, values: Mapping[str, str]) -> int:
    """The bytes that the values take in the frame's html; the body is not among them."""
    return sum(len(values[name].encode()) for name in frame.html.gaps if name != "digest.body")
