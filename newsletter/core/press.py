"""Messages of one edition, each for its reader: what they share is made once, the rest set in."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from operator import itemgetter
from typing import Protocol

from newsletter.core import headers
from newsletter.core.addresses import RETURN_PATH_PREFIX, return_path_mac, signed_delivery
from newsletter.core.delivery import Kind
from newsletter.core.digests import Digest
from newsletter.core.fitting import MAX_HTML
from newsletter.core.laying import Laid, Shelf, lay, lay_all
from newsletter.core.links import Letterhead, LinkSigner, links_with
from newsletter.core.mastheads import GAPS
from newsletter.core.messages import boundary_of, date_line, head_of, subject_line, whole
from newsletter.core.papers import Paper
from newsletter.core.pieces import gap, link_gap
from newsletter.core.ports import Letter
from newsletter.core.rendering import Renderer
from newsletter.core.signing import base32_of_each
from newsletter.core.wire import SOFT

Broken = dict[int, Exception]


class Order(Protocol):
    """One message that is wanted, as its delivery says it. digest: None for a mail without."""

    @property
    def id(self) -> int: ...
    @property
    def epoch(self) -> int: ...
    @property
    def subscriber_id(self) -> int: ...
    @property
    def address(self) -> str: ...
    @property
    def thumbnails(self) -> bool: ...
    @property
    def kind(self) -> Kind: ...
    @property
    def edition(self) -> date: ...
    @property
    def message_id(self) -> str: ...
    @property
    def planned_at(self) -> datetime: ...
    @property
    def digest(self) -> Digest | None: ...


_HEAD = ("head.to", "head.subject", "head.date", "head.message_id")
_BODIES = ("html.digest.body", "text.digest.body")
_NO_MASTHEAD = (b"",) * len(GAPS)


class Press:
    """Makes the messages of one kind and edition, to readers with or without pictures.

    What differs from reader to reader is set in by position and is never searched for, so it can
    not be mistaken for anything else.
    """

    def __init__(
        self, renderer: Renderer, letterhead: Letterhead, *, kind: Kind, edition: date
    ) -> None:
        self._renderer, self._letterhead, self._kind = renderer, letterhead, kind
        day = edition if kind is Kind.DIGEST else None
        keys = letterhead.keys
        self._signer = LinkSigner(keys, edition=day, is_confirming=kind is Kind.CONFIRM)
        self._return_path = return_path_mac(keys.secrets[0])
        names = self._signer.names
        self._tokens = len(names) + 1
        links = links_with(letterhead, {name: gap(f"token.{name}") for name in names})
        self._view = links.view
        self._frame = renderer.frame(kind, links, letterhead.brand, day)
        feedback = f"{edition.isoformat()}:{kind}:{letterhead.domain}"
        head = head_of(
            sender=letterhead.sender,
            links=links_with(letterhead, {name: link_gap(f"token.{name}") for name in names}),
            list_id=letterhead.list_id,
            kind=kind,
            feedback=feedback,
        )
        message = whole(head, self._frame, boundary=boundary_of(feedback))
        self._rows = message.rows(dict.fromkeys(message.gaps, b""))
        self._own = [f"{side}.token.{name}" for side in ("html", "text") for name in names]
        in_body = [f"body.token.{name}" for name in names]
        places = [*_HEAD, *(f"head.token.{name}" for name in names), *in_body, *GAPS, "body"]
        self._in_order = itemgetter(*(places.index(_place(gap)) for gap in message.gaps))
        self._bodies = [2 * message.gaps.index(x) + 1 for x in _BODIES if x in message.gaps]
        self._subjects: dict[tuple[str, int], bytes] = {}

    def letters(self, orders: Sequence[Order], shelf: Shelf) -> tuple[list[Letter], Broken]:
        """The letters, and what went wrong with those that cannot be made.

        shelf: with the papers of all digests.
        """
        letters: list[Letter] = []
        broken: Broken = {}
        sound, raws = [], []
        for one in orders:
            try:
                raws += self._signed(one)
                sound.append(one)
            except Exception as problem:  # noqa: BLE001 - quarantine is the purpose, here and below
                broken[one.id] = problem
        tokens = iter(base32_of_each(raws))
        laid = self._laid(sound, shelf)
        for one, *spelled in zip(sound, *[tokens] * self._tokens, strict=True):
            try:
                letters.append(self._letter(one, spelled, laid, shelf))
            except Exception as problem:  # noqa: BLE001
                broken[one.id] = problem
        return letters, broken

    def _signed(self, one: Order) -> list[bytes]:
        """What signs the reader's links and, last, the return path; not yet spelled."""
        confirm_at = one.planned_at if self._kind is Kind.CONFIRM else None
        raws = self._signer.raws(one.subscriber_id, confirm_at=confirm_at)
        raws.append(signed_delivery(one.id, self._return_path))
        return raws

    def _laid(self, orders: Sequence[Order], shelf: Shelf) -> dict[int, Laid]:
        """The digests, by their identity: one that several readers share is laid out once."""
        digests = {id(one.digest): one.digest for one in orders if one.digest is not None}
        try:
            return dict(zip(digests, lay_all([*digests.values()], shelf), strict=True))
        except Exception:  # noqa: BLE001 - then each by itself, to find the one that is poison
            return {}

    def _letter(
        self, one: Order, spelled: list[bytes], laid: Mapping[int, Laid], shelf: Shelf
    ) -> Letter:
        """The message, the same bytes at every try. spelled: what `_signed` gave, in base32."""
        return_path = spelled.pop()
        if self._kind is not Kind.DIGEST:
            content = b"".join(self._filled(one, spelled, "", 0, _NO_MASTHEAD))
        elif one.digest is None:
            raise ValueError("its digest cannot be read")
        else:
            content = self._digest(one, spelled, laid.get(id(one.digest)) or lay(one.digest, shelf))
        return Letter(
            delivery_id=one.id,
            epoch=one.epoch,
            return_path=f"{RETURN_PATH_PREFIX}{return_path.decode()}@{self._letterhead.domain}",
            recipient=one.address,
            content=content,
            is_wire_ready=True,
        )

    def _digest(self, one: Order, tokens: list[bytes], laid: Laid) -> bytes:
        if laid.is_far_from(MAX_HTML, self._frame.html):
            html, text = laid.body.html, laid.body.text
        else:
            own = dict(zip(self._own, [token + SOFT for token in tokens] * 2, strict=True))
            html, text = laid.rows(self._frame.html, own, view=self._view, max_html=MAX_HTML)
        rows = self._filled(one, tokens, laid.title, laid.count, laid.masthead)
        html_at, text_at = self._bodies
        rows[html_at : html_at + 1] = html  # the later one first: places stay
        rows[text_at : text_at + 1] = text
        return b"".join(rows)

    def _filled(
        self, one: Order, tokens: list[bytes], title: str, count: int, masthead: tuple[bytes, ...]
    ) -> list[bytes]:
        """The rows of the message but for a digest's bodies, the reader's own in their places.

        In a body, a token has lines of its own; letters and digits need no encoding.
        """
        values = (
            headers.recipient(one.address),
            self._subject(title, count),
            date_line(one.planned_at),
            one.message_id.encode("ascii"),
            *tokens,
            *[token + SOFT for token in tokens],
            *masthead,
            b"",
        )
        rows = self._rows.copy()
        rows[1::2] = self._in_order(values)
        return rows

    def _subject(self, title: str, count: int) -> bytes:
        found = self._subjects.get((title, count))
        if found is None:
            line = self._renderer.subject(self._kind, title, count, self._letterhead.brand)
            found = self._subjects[title, count] = subject_line(line)
        return found


def _place(gap: str) -> str:
    """Where a gap's value stands among all: in html and text a token is the same."""
    side, _, name = gap.partition(".")
    if gap in _BODIES:
        return "body"
    return gap if side == "head" or not name.startswith("token.") else f"body.{name}"


def letters_for(
    orders: Sequence[Order],
    papers: Mapping[str, Paper],
    *,
    renderer: Renderer,
    letterhead: Letterhead,
) -> tuple[list[Letter], Broken]:
    """The letters of a batch; and by delivery id what went wrong with those that cannot be made.

    papers: by id, those of all digests. One order that is poison does not stop the others.
    """
    letters: list[Letter] = []
    broken: Broken = {}
    groups: dict[tuple[Kind, date, bool], list[Order]] = {}
    for one in orders:
        groups.setdefault((one.kind, one.edition, one.thumbnails), []).append(one)
    for (kind, edition, thumbnails), group in groups.items():
        try:
            press = Press(renderer, letterhead, kind=kind, edition=edition)
            made, failed = press.letters(group, renderer.shelf(papers, thumbnails=thumbnails))
        except Exception as problem:  # noqa: BLE001 - such as a broken template
            made, failed = [], dict.fromkeys([one.id for one in group], problem)
        letters += made
        broken |= failed
    return letters, broken
