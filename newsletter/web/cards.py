"""A paper as a page shows it: the same hand as in the mail."""

from collections.abc import Iterable
from dataclasses import dataclass

from newsletter.core.mail.wording import authors_line, counted, cut_at_sentence, safe_url
from newsletter.core.papers import Paper
from newsletter.core.text import clean

MAX_ABSTRACT = 420  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """All texts are plain: the template escapes them. links: (label, address) pairs."""

    id: str
    title: str
    page: str
    authors: str
    organization: str
    abstract: str
    figures: tuple[str, ...]
    links: tuple[tuple[str, str], ...]


def cards_of(papers: Iterable[Paper]) -> list[Card]:
    return [_card(paper) for paper in papers]


def _card(paper: Paper) -> Card:
    summary = paper.short_summary or paper.abstract
    addresses = (("PDF", paper.pdf), ("Code", paper.code_url), ("Project", paper.project_url))
    return Card(
        id=paper.id,
        title=clean(paper.title),
        page=safe_url(paper.page),
        authors=authors_line(paper.authors, paper.author_count),
        organization=clean(paper.organization.full_name) if paper.organization else "",
        abstract=cut_at_sentence(clean(summary), MAX_ABSTRACT),
        figures=_figures(paper),
        links=tuple((label, url) for label, raw in addresses if (url := safe_url(raw))),
    )


def _figures(paper: Paper) -> tuple[str, ...]:
    known = (
        (paper.upvotes, "upvote"),
        (paper.comments, "comment"),
        (paper.code_stars, "star"),
    )
    return tuple(counted(number, thing) for number, thing in known if number)
