"""What a mail shows of a paper: its words made readable and cut to the room there is."""

from dataclasses import dataclass, replace
from enum import IntEnum

from markupsafe import escape

from newsletter.core import tex
from newsletter.core.mail import wording
from newsletter.core.papers import Paper
from newsletter.core.text import clean

MAX_TITLE = 180  # characters; the longest recorded one has 142
MAX_NAME = 50
MAX_ORGANIZATION = 80
MAX_TIGHT_TITLE, MAX_TIGHT_PAGE = 90, 80  # bytes as html holds them


class Form(IntEnum):
    """How much of a paper is shown; a digest that grows too large goes down this list."""

    FULL = 0
    SHORT = 1
    BRIEF = 2
    LINE = 3
    TIGHT = 4  # a line of so few bytes that a hundred of them always fit


ABSTRACT_LIMITS = {Form.FULL: 420, Form.SHORT: 280, Form.BRIEF: 150}


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """`label` is one word: Paper, PDF, Code, Project."""

    label: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A paper as the templates see it: plain text, not yet escaped, "" for what there is not.

    name: the title in few words. page: where it leads. upvotes: the first of the figures.
    figures: "163 upvotes · 6 comments · 1,204 code stars".
    links: only those that exist, each address once.
    """

    title: str
    name: str
    page: str
    authors: str
    organization: str
    abstract: str
    figures: str
    upvotes: str
    links: tuple[Link, ...]
    thumbnail: str


def make_card(paper: Paper, form: Form, *, thumbnails: bool = False) -> Card:
    """The paper's card. The source's own short summary is preferred to a cut abstract."""
    links = _links(paper)
    title = readable_title(paper)
    organization = paper.organization.full_name if paper.organization else ""
    card = Card(
        title=title,
        name=wording.cut_at_word(title.partition(": ")[0], MAX_NAME),
        page=wording.safe_url(paper.page),
        authors=wording.authors_line(paper.authors, paper.author_count),
        organization=wording.cut_at_word(clean(organization), MAX_ORGANIZATION),
        abstract=_abstract(paper, ABSTRACT_LIMITS.get(form, 0)),
        figures=_figures(paper),
        upvotes=wording.counted(paper.upvotes, "upvote") if paper.upvotes else "",
        links=links,
        thumbnail=wording.safe_url(paper.thumbnail_url) if thumbnails and form < Form.BRIEF else "",
    )
    return _tight(card) if form is Form.TIGHT else card


def _tight(card: Card) -> Card:
    """What is left of a card for a line of few bytes; a page too long for it is left out."""
    title = card.title
    while len(escape(title).encode()) > MAX_TIGHT_TITLE:
        title = wording.cut_at_word(title, len(title) * 9 // 10)
    page = card.page if len(escape(card.page)) <= MAX_TIGHT_PAGE else ""
    return replace(card, title=title, page=page, upvotes="")


def readable_title(paper: Paper) -> str:
    """The title without TeX, on one line, never empty."""
    title = clean(tex.readable(clean(paper.title)))
    return wording.cut_at_word(title, MAX_TITLE) or paper.id


def _abstract(paper: Paper, limit: int) -> str:
    if not limit:
        return ""
    # Long enough to cut well at any limit, so that a megabyte of text costs nothing.
    text = (paper.short_summary or paper.abstract)[: 8 * ABSTRACT_LIMITS[Form.FULL]]
    text = clean(tex.readable(clean(text)))
    # A letter of Chinese or Japanese takes the room of two and says as much.
    return wording.cut_at_sentence(text, limit * len(text) // max(1, wording.columns_of(text)))


def _figures(paper: Paper) -> str:
    """What the source counted; a zero says nothing and is left out."""
    figures = (
        (paper.upvotes, "upvote"),
        (paper.comments, "comment"),
        (paper.code_stars, "code star"),
    )
    return " · ".join(wording.counted(number, thing) for number, thing in figures if number)


def _links(paper: Paper) -> tuple[Link, ...]:
    addresses = {
        "Paper": paper.page,
        "PDF": paper.pdf,
        "Code": paper.code_url,
        "Project": paper.project_url,
    }
    found: dict[str, str] = {}
    for label, address in addresses.items():
        url = wording.safe_url(address)
        if url and url not in found:
            found[url] = label
    return tuple(Link(label=label, url=url) for url, label in found.items())
