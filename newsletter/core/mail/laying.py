"""Digests laid out: their papers' parts found, mastheads written, bodies made to fit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from newsletter.core.digests import Digest, Pick
from newsletter.core.mail.bodies import EMPTY_LINE, Body, Columns, numbers, shrunk
from newsletter.core.mail.cards import Form
from newsletter.core.mail.mastheads import GAPS, masthead
from newsletter.core.mail.stock import PaperParts, Stock
from newsletter.core.mail.wire import Plate, arrived
from newsletter.core.papers import Paper
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
    """A digest for all who share it. body: everything in full, but for what stands behind it.

    masthead: what the frame tells of it, for its GAPS. title, count: for the subject. unlisted:
    how many papers fell to a cap and are only counted. shrunk: what fits, by the room there is.
    """

    digest: Digest
    shelf: Shelf
    body: Body
    masthead: tuple[bytes, ...]
    title: str
    count: int
    unlisted: int
    shrunk: dict[int, tuple[Body, int]]

    def is_far_from(self, max_html: int, frame: Plate) -> bool:
        """Whether `body` certainly fits, whatever stands around it and behind it."""
        return self.body.size + frame.size + _AROUND <= max_html

    def rows(
        self, frame: Plate, own: Mapping[str, bytes], *, view: str, max_html: int | None
    ) -> Rows:
        """The rows of the body, in html and in text, as large as there is room.

        frame: the html around it. own: the reader's own values, encoded, by gap. view: where the
        digest is on the web, with marks for gaps. max_html: bytes of the whole html once it
        arrived; None for no limit.
        """
        body, missing = self.body, self.unlisted
        if max_html is not None and not self.is_far_from(max_html, frame):
            body, missing = self._fitted(frame, own, view, max_html)
        if not missing:
            return body.html, body.text
        more = self.shelf.stock.more(missing, view)
        html, text = more.html.fill(own), more.text.fill(own)
        return [*body.html, html], [*body.text, EMPTY_LINE, text]

    def _fitted(
        self, frame: Plate, own: Mapping[str, bytes], view: str, max_html: int
    ) -> tuple[Body, int]:
        """The body that fits, and how many papers are then only counted."""
        values = dict(zip(GAPS, self.masthead, strict=True)) | {**own, **_NO_BODY}
        room = max_html - frame.size - sum(arrived(values[gap]) for gap in frame.gaps)
        room -= self._size_of_more(self.unlisted, view, own)
        if self.body.size <= room:
            return self.body, self.unlisted
        if room not in self.shrunk:
            most = self.unlisted + self.count + len(self.digest.left_out)
            reserve = self._size_of_more(most, view, own)
            reserve -= self._size_of_more(self.unlisted, view, own)
            self.shrunk[room] = self._shrunk(room, reserve)
        body, dropped = self.shrunk[room]
        return body, self.unlisted + dropped

    def _shrunk(self, room: int, reserve: int) -> tuple[Body, int]:
        digest, shelf, stock = self.digest, self.shelf, self.shelf.stock
        picks = [pick for section in digest.sections for pick in section.picks]
        return shrunk(
            [shelf[pick.paper_id] for pick in picks],
            [stock.reason(pick.words) for pick in picks],
            [
                (stock.heading(section.topic, len(section.picks)), len(section.picks))
                for section in digest.sections
            ],
            stock.also_heading(),
            [shelf[pick.paper_id] for pick in digest.left_out[:MAX_ALSO]],
            room=room,
            reserve=reserve,
        )

    def _size_of_more(self, number: int, view: str, own: Mapping[str, bytes]) -> int:
        """The bytes that it takes to say how many papers are not in the mail."""
        if not number:
            return 0
        more = self.shelf.stock.more(number, view).html
        return more.size + sum(arrived(own[gap]) for gap in more.gaps)


def lay(digest: Digest, shelf: Shelf) -> Laid:
    """The digest's parts, in order; papers that are gone are passed over.

    Raises NotFound when none is left.
    """
    there = _without_gone(digest, shelf.papers)
    if not there.sections:
        raise NotFound("None of this digest's papers is in the store: was it pruned?")
    return lay_all([there], shelf)[0]


def lay_all(digests: Sequence[Digest], shelf: Shelf) -> list[Laid]:
    """Many digests at once, which is twice as fast. Raises KeyError where a paper is gone."""
    stock = shelf.stock
    picks = [pick for each in digests for section in each.sections for pick in section.picks]
    papers = [shelf[pick.paper_id] for pick in picks]
    counts = [sum([len(section.picks) for section in digest.sections]) for digest in digests]
    columns = Columns(
        [paper.full for paper in papers],
        [*map(stock.reason, [pick.words for pick in picks])],
        [number for count in counts for number in numbers(count)],
    )
    if not all(counts):
        raise KeyError("a digest without papers")
    also_heading, laid, start = stock.also_heading(), [], 0
    for digest, count in zip(digests, counts, strict=True):
        topics = [(section.topic, len(section.picks)) for section in digest.sections]
        sections = [(stock.heading(*topic), topic[1]) for topic in topics]
        lines = [shelf[pick.paper_id].card(Form.LINE) for pick in digest.left_out[:MAX_ALSO]]
        laid.append(
            Laid(
                digest,
                shelf,
                columns.body(start, sections, also_heading, lines),
                masthead(topics, papers[start : start + count], stock),
                papers[start].title,
                count,
                max(0, len(digest.left_out) - MAX_ALSO) + digest.more,
                {},
            )
        )
        start += count
    return laid


def _without_gone(digest: Digest, papers: Mapping[str, Paper]) -> Digest:
    def there(picks: tuple[Pick, ...]) -> tuple[Pick, ...]:
        return tuple(pick for pick in picks if pick.paper_id in papers)

    sections = tuple(
        replace(section, picks=found)
        for section in digest.sections
        if (found := there(section.picks))
    )
    return replace(digest, sections=sections, left_out=there(digest.left_out))
