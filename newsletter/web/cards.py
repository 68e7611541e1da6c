"""A paper as a page shows it: the card of the mail, with the words that were asked for marked."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from urllib.parse import quote

from newsletter.core import tex
from newsletter.core.backtest import Match
from newsletter.core.filters import parse_filter
from newsletter.core.filters.tree import Everything, Node
from newsletter.core.mail import cards as mail
from newsletter.core.mail.wording import cut_at_word, quoted_words, safe_url
from newsletter.core.marking import Span, mark, pieces, words_for
from newsletter.core.papers import Paper
from newsletter.core.text import clean

MOST_AUTHORS = 200  # on a paper's page; one has 573
PASSAGE, BEFORE_MARK = 170, 60  # characters
MAX_ABSTRACT = 10_000  # characters; the longest recorded one has 1,919
Pieces = tuple[tuple[str, bool], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PageCard:
    """What the mail shows of a paper (see core.mail.cards.Card) and what only a page can.

    title, abstract: in pieces: (text, whether the filter's words stand there). passage: where they
    stand first in the whole abstract, () where the title has them or nobody asked. own: the path
    of the paper's page here. matched: the filter's words that brought it, "" likewise.
    """

    paper: mail.Card
    title: Pieces
    abstract: Pieces
    own: str
    on: date
    matched: str = ""
    passage: Pieces = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """All that is known of a paper. more_authors: how many are not named. keywords, categories:
    (as it is shown, the filter that finds it). doi: where it leads, "" without one.
    """

    card: mail.Card
    own: str
    authors: tuple[str, ...]
    more_authors: int
    summary: str
    paragraphs: tuple[str, ...]
    keywords: tuple[tuple[str, str], ...]
    categories: tuple[tuple[str, str], ...]
    on: date
    published_at: datetime | None
    doi: str


def details_of(paper: Paper) -> Details:
    names = tuple(name for name in dict.fromkeys(map(clean, paper.authors)) if name)
    abstract = tex.readable(clean(paper.abstract[:MAX_ABSTRACT], lines=True))
    return Details(
        card=mail.make_card(paper, mail.Form.FULL),
        own=own_path(paper.id),
        authors=names[:MOST_AUTHORS],
        more_authors=max(0, max(paper.author_count, len(names)) - len(names[:MOST_AUTHORS])),
        summary=clean(tex.readable(clean(paper.short_summary))),
        paragraphs=tuple(filter(None, map(clean, abstract.split("\n\n")))),
        keywords=tuple((clean(word), _filter("keyword", word)) for word in paper.keywords),
        categories=tuple((clean(name), f"cat:{clean(name)}") for name in paper.categories),
        on=paper.featured_on,
        published_at=paper.published_at,
        doi=safe_url(f"https://doi.org/{paper.doi}") if paper.doi else "",
    )


def _filter(field: str, words: str) -> str:
    """A filter that finds these words in this order in one field."""
    bare = clean(words.replace('"', " "))
    return f'{field}:"{bare}"'


def cards_of(papers: Iterable[Paper]) -> list[PageCard]:
    return [_card(paper, None) for paper in papers]


def cards_of_matches(matches: Iterable[Match], filter_text: str) -> list[PageCard]:
    """The matches of this filter, which can be read, with its words marked."""
    tree = parse_filter(filter_text).tree
    if isinstance(tree, Everything):
        return [_card(match.paper, None) for match in matches]
    return [_card(match.paper, tree, quoted_words(match.words)) for match in matches]


def with_passage(card: PageCard, abstract: str, filter_text: str) -> PageCard:
    """The card with the passage of the whole abstract that has the filter's words."""
    if any(is_marked for _, is_marked in card.title):
        return card
    text = clean(tex.readable(clean(abstract[:MAX_ABSTRACT])))
    spans = mark(text, words_for(parse_filter(filter_text).tree, "abstract"))
    return replace(card, passage=_passage(text, spans)) if spans else card


def _passage(text: str, spans: Sequence[Span]) -> Pieces:
    """Some words before the first mark, and as many characters as a passage has."""
    start = max(0, spans[0][0] - BEFORE_MARK)
    start = text.find(" ", start) + 1 if start else 0
    shown = cut_at_word(text[start:], PASSAGE)
    within = [(a - start, b - start) for a, b in spans if b - start < len(shown)]
    lead = (("…", False),) if start else ()
    return (*lead, *pieces(shown, within))


def own_path(paper_id: str) -> str:
    """The path of a paper's page; an id may hold slashes, which stay."""
    return f"/paper/{quote(paper_id)}"


def _card(paper: Paper, tree: Node | None, matched: str = "") -> PageCard:
    card = mail.make_card(paper, mail.Form.FULL)
    return PageCard(
        paper=card,
        title=_marked(card.title, tree, "title"),
        abstract=_marked(card.abstract, tree, "abstract"),
        own=own_path(paper.id),
        on=paper.featured_on,
        matched=matched,
    )


def _marked(text: str, tree: Node | None, place: str) -> Pieces:
    terms = words_for(tree, place) if tree is not None else ()
    if not text or not terms:
        return ((text, False),) if text else ()
    return tuple(pieces(text, mark(text, terms)))
