"""One digest laid out: its papers' parts found, its masthead written, its body made to fit."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from newsletter.core.bodies import EMPTY_LINE, NOTHING, Body, Filled
from newsletter.core.digests import Digest, Pick
from newsletter.core.mastheads import GAPS, masthead
from newsletter.core.papers import Paper
from newsletter.core.stock import PaperParts, Stock
from newsletter.core.wire import Plate, arrived
from newsletter.errors import NotFound

MAX_ALSO = 40  # papers past the cap that are listed by title; the others are counted
_AROUND = 20_000  # bytes; no reader's own words and links come to more

_NO_BODY = {"html.digest.body": b""}

Rows = tuple[list[bytes], list[bytes]]  # of the html and of the text


class Shelf(dict[str, PaperParts]):
    """The parts of a batch's papers, by id; looking for one that is gone raises KeyError."""

    def __init__(self, stock: Stock, papers: Mapping[str, Paper], *, thumbnails: bool) -> None:
        self.stock, self.papers, self._thumbnails = stock, papers, thumbnails

    def __missing__(self, paper_id: str) -> PaperParts:
        parts = self[paper_id] = self.stock.paper(self.papers[paper_id], self._thumbnails)
        return parts


@dataclass(slots=True)
class Laid:
    """A digest for all who share it. masthead: what the frame tells of it, for its GAPS.

    title, count: for the subject. view: where the digest is on the web, with marks for gaps.
    """

    body: Body
    masthead: tuple[bytes, ...]
    title: str
    count: int
    stock: Stock
    view: str

    def rows(self, frame: Plate, own: Mapping[str, bytes], *, max_html: int | None) -> Rows:
        """The rows of the body, in html and in text, as large as there is room.

        frame: the html around it. own: the reader's own values, encoded, by gap. max_html: bytes
        of the whole html once it arrived; None for no limit.
        """
        body = self.body
        rows, missing = body.largest(), body.unlisted
        more = self._more(missing, own) if missing else NOTHING
        # Most are far from the limit: what stands around them need not be counted.
        if max_html is not None and rows.size + frame.size + _AROUND > max_html:
            room = max_html - frame.size - more.size
            values = dict(zip(GAPS, self.masthead, strict=True)) | {**own, **_NO_BODY}
            room -= sum(arrived(values[gap]) for gap in frame.gaps)
            if rows.size > room:
                everything = len(body.papers) + len(body.also)
                reserve = 0 if missing else self._more(everything, own).size
                rows, dropped = body.within(room, reserve=reserve)
                if missing + dropped:
                    more = self._more(missing + dropped, own)
        if more is NOTHING:
            return rows.html, rows.text
        return [*rows.html, more.html], [*rows.text, EMPTY_LINE, more.text]

    def _more(self, number: int, own: Mapping[str, bytes]) -> Filled:
        twin = self.stock.more(number, self.view)
        size = twin.html.size + sum(arrived(own[gap]) for gap in twin.html.gaps)
        return Filled(twin.html.fill(own), twin.text.fill(own), size)


def lay(digest: Digest, shelf: Shelf, *, view: str) -> Laid:
    """The digest's parts, in order; papers that are gone are passed over.

    Raises NotFound when none is left.
    """
    try:
        return _laid(digest, shelf, view)
    except KeyError:
        there = _without_gone(digest, shelf.papers)
    if not there.sections:
        raise NotFound("None of this digest's papers is in the store: was it pruned?")
    return _laid(there, shelf, view)


def _laid(digest: Digest, shelf: Shelf, view: str) -> Laid:
    stock = shelf.stock
    picks = [pick for section in digest.sections for pick in section.picks]
    topics = [(section.topic, len(section.picks)) for section in digest.sections]
    papers = [shelf[pick.paper_id] for pick in picks]
    also = [shelf[pick.paper_id] for pick in digest.left_out] if digest.left_out else []
    body = Body(
        papers,
        [*map(stock.reason, [pick.words for pick in picks])],
        [(stock.heading(topic, count), count) for topic, count in topics],
        stock.also_heading(),
        also[:MAX_ALSO],
        max(0, len(also) - MAX_ALSO) + digest.more,
    )
    return Laid(body, masthead(topics, papers, stock), papers[0].title, len(papers), stock, view)


def _without_gone(digest: Digest, papers: Mapping[str, Paper]) -> Digest:
    def there(picks: tuple[Pick, ...]) -> tuple[Pick, ...]:
        return tuple(pick for pick in picks if pick.paper_id in papers)

    sections = tuple(
        replace(section, picks=found)
        for section in digest.sections
        if (found := there(section.picks))
    )
    return replace(digest, sections=sections, left_out=there(digest.left_out))
