"""Papers as an Atom feed (RFC 4287)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from urllib.parse import quote, urlsplit

from lxml import etree
from markupsafe import escape

from newsletter.core.mail.cards import Card, Form, make_card
from newsletter.core.papers import Paper
from newsletter.core.text import clean

ATOM = "http://www.w3.org/2005/Atom"
ARXIV_TERMS = "http://arxiv.org/schemas/atom"
MOST_AUTHORS = 20  # of an entry; a paper may have five hundred
SINCE = "2026"  # RFC 4151: a tag names a day on which its host was whose feed this is


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """What stands above the entries. site: the address all others begin with. filter: canonical,
    "" for every paper. empty_at: the feed's date while it has no entry.
    """

    name: str
    site: str
    filter: str
    empty_at: datetime

    @property
    def address(self) -> str:
        return feed_address(self.site, self.filter)


def feed_address(site: str, filter_text: str) -> str:
    """Where the feed of this filter is; "" is the one of every paper."""
    return f"{site}/feed.xml" + (f"?filter={quote(filter_text)}" if filter_text else "")


def build_feed(feed: Feed, papers: Sequence[Paper]) -> bytes:
    """The feed's XML with these papers in this order.

    An entry has the same id in every feed of the site, whatever filter selected it, and its date is
    the day the paper was announced: so a reader's program shows each paper once.
    """
    root = etree.fromstring(f'<feed xmlns="{ATOM}"/>'.encode())  # so that nothing gets a prefix
    root.set("{http://www.w3.org/XML/1998/namespace}lang", "en")
    _add(root, "id", _tag(feed.site, f"feed/{quote(feed.filter, safe='')}"))
    _add(root, "title", f"{feed.name}: {feed.filter}" if feed.filter else feed.name)
    _add(root, "subtitle", "The day’s trending research papers")
    updated = max((_announced(paper.featured_on) for paper in papers), default=feed.empty_at)
    _add(root, "updated", _instant(updated))
    _add(root, "link", rel="self", type="application/atom+xml", href=feed.address)
    _add(root, "link", rel="alternate", type="text/html", href=_page_of(feed))
    _add(_add(root, "author"), "name", feed.name)
    for paper in papers:
        _add_entry(root, paper, feed.site)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))


def _add_entry(root: etree._Element, paper: Paper, site: str) -> None:
    card = make_card(paper, Form.FULL)
    entry = _add(root, "entry")
    _add(entry, "id", _tag(site, f"paper/{quote(paper.id, safe='')}"))
    _add(entry, "title", card.title)
    _add(entry, "updated", _instant(_announced(paper.featured_on)))
    if paper.published_at is not None:
        _add(entry, "published", _instant(paper.published_at))
    page = card.page or f"{site}/paper/{quote(paper.id)}"
    _add(entry, "link", rel="alternate", type="text/html", href=page)
    for link in card.links:
        if link.url != page:
            _add(entry, "link", rel="related", title=link.label, href=link.url)
    for name in _authors(paper, card):
        _add(_add(entry, "author"), "name", name)
    for category in paper.categories:
        _add(entry, "category", term=clean(category), scheme=ARXIV_TERMS)
    for keyword in paper.keywords:
        _add(entry, "category", term=clean(keyword))
    _add(entry, "summary", _summary(card), type="html")


def _authors(paper: Paper, card: Card) -> list[str]:
    """At least one name: RFC 4287 section 4.1.2 wants it so."""
    names = [name for name in dict.fromkeys(map(clean, paper.authors)) if name]
    return names[:MOST_AUTHORS] or [card.organization or card.authors or "Unknown"]


def _summary(card: Card) -> str:
    byline = " · ".join(part for part in (card.organization, card.authors) if part)
    parts = [part for part in (byline, card.abstract, card.figures) if part]
    return "".join(f"<p>{escape(part)}</p>" for part in parts)


def _page_of(feed: Feed) -> str:
    return f"{feed.site}/archive/search?filter={quote(feed.filter)}" if feed.filter else feed.site


def _tag(site: str, name: str) -> str:
    return f"tag:{quote(urlsplit(site).hostname or 'localhost')},{SINCE}:{name}"


def _announced(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _add(parent: etree._Element, name: str, text: str = "", **attributes: str) -> etree._Element:
    added = etree.SubElement(parent, f"{{{ATOM}}}{name}", attributes)
    if text:
        added.text = text
    return added
