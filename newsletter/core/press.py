"""Messages of one edition, each for its reader: what they share is made once, the rest set in."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from operator import itemgetter
from typing import Protocol

from newsletter.core import headers
from newsletter.core.addresses import RETURN_PATH_PREFIX, return_path_mac, signed_delivery
from newsletter.core.delivery import Kind
from newsletter.core.digests import Digest
from newsletter.core.fitting import MAX_HTML
from newsletter.core.laying import Laid, lay
from newsletter.core.links import Letterhead, LinkSigner, links_with
from newsletter.core.mastheads import GAPS
from newsletter.core.messages import boundary_of, date_line, head_of, subject_line, whole
from newsletter.core.papers import Paper
from newsletter.core.pieces import gap, link_gap
from newsletter.core.ports import Letter
from newsletter.core.rendering import Renderer
from newsletter.core.signing import base32_of_each
from newsletter.core.wire import SOFT


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

    papers: by id, those of all the digests. shared: by identity, the digests that several readers
    have in common; they outlive the press. What differs from reader to reader is set in by position
    and is never searched for, so it can not be mistaken for anything else.
    """

    def __init__(
        self,
        renderer: Renderer,
        letterhead: Letterhead,
        papers: Mapping[str, Paper],
        *,
        kind: Kind,
        edition: date,
        thumbnails: bool,
        shared: dict[int, Laid | None],
    ) -> None:
        self._renderer, self._letterhead = renderer, letterhead
        self._kind = kind
        day = edition if kind is Kind.DIGEST else None
        keys = letterhead.keys
        self._signer = LinkSigner(keys, edition=day, is_confirming=kind is Kind.CONFIRM)
        self._return_path = return_path_mac(keys.secrets[0])
        names = self._signer.names
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
        self._own = [f"{side}.token.{name}" for name in names for side in ("html", "text")]
        places = (*_HEAD, *(f"head.token.{name}" for name in names), *self._own, *GAPS, *_BODIES)
        self._in_order = itemgetter(*map(places.index, message.gaps))
        self._bodies = [2 * message.gaps.index(x) + 1 for x in _BODIES if x in message.gaps]
        self._shelf = renderer.shelf(papers, thumbnails=thumbnails)
        self._shared = shared
        self._subjects: dict[tuple[str, int], bytes] = {}

    def signed(self, one: Order) -> list[bytes]:
        """What signs the reader's links and, last, the return path; not yet spelled."""
        confirm_at = one.planned_at if self._kind is Kind.CONFIRM else None
        raws = self._signer.raws(one.subscriber_id, confirm_at=confirm_at)
        raws.append(signed_delivery(one.id, self._return_path))
        return raws

    def letter(self, one: Order, spelled: Sequence[bytes]) -> Letter:
        """The message, the same bytes at every try. spelled: what `signed` gave, in base32."""
        return Letter(
            delivery_id=one.id,
            epoch=one.epoch,
            return_path=f"{RETURN_PATH_PREFIX}{spelled[-1].decode()}@{self._letterhead.domain}",
            recipient=one.address,
            content=self._content(one, spelled[:-1]),
            is_wire_ready=True,
        )

    def _content(self, one: Order, tokens: Sequence[bytes]) -> bytes:
        inset = [token + SOFT for token in tokens for _ in range(2)]
        if self._kind is not Kind.DIGEST:
            rows = self._filled(one, "", 0, tokens, inset, _NO_MASTHEAD)
            return b"".join(rows)
        if one.digest is None:
            raise ValueError("its digest cannot be read")
        laid = self._lay(one.digest)
        own = dict(zip(self._own, inset, strict=True))
        html, text = laid.rows(self._frame.html, own, max_html=MAX_HTML)
        rows = self._filled(one, laid.title, laid.count, tokens, inset, laid.masthead)
        html_at, text_at = self._bodies
        rows[html_at : html_at + 1] = html  # the later one first: places stay
        rows[text_at : text_at + 1] = text
        return b"".join(rows)

    def _filled(
        self,
        one: Order,
        title: str,
        count: int,
        tokens: Sequence[bytes],
        inset: Sequence[bytes],
        masthead: Sequence[bytes],
    ) -> list[bytes]:
        """The rows of the message but for its bodies, the reader's own in their places."""
        values = (
            headers.recipient(one.address),
            self._subject(title, count),
            date_line(one.planned_at),
            one.message_id.encode("ascii"),
            *tokens,
            *inset,
            *masthead,
            b"",
            b"",
        )
        rows = self._rows.copy()
        rows[1::2] = self._in_order(values)
        return rows

    def _lay(self, digest: Digest) -> Laid:
        """Once for all readers who share the digest."""
        laid = self._shared.get(id(digest))
        if laid is None:
            laid = lay(digest, self._shelf, view=self._view)
            if id(digest) in self._shared:
                self._shared[id(digest)] = laid
        return laid

    def _subject(self, title: str, count: int) -> bytes:
        found = self._subjects.get((title, count))
        if found is None:
            line = self._renderer.subject(self._kind, title, count, self._letterhead.brand)
            found = self._subjects[title, count] = subject_line(line)
        return found


def letters_for(
    orders: Sequence[Order],
    papers: Mapping[str, Paper],
    *,
    renderer: Renderer,
    letterhead: Letterhead,
) -> tuple[list[Letter], dict[int, Exception]]:
    """The letters of a batch; and by delivery id what went wrong with those that cannot be made.

    papers: by id, those of all digests. One order that is poison does not stop the others.
    """
    presses: dict[tuple[Kind, date, bool], Press] = {}
    times = Counter(id(one.digest) for one in orders)
    shared = [digest for digest, count in times.items() if count > 1]
    signed: list[tuple[Order, Press, list[bytes]]] = []
    letters: list[Letter] = []
    broken: dict[int, Exception] = {}
    made_for: tuple[Kind, date, bool] | None = None
    for one in orders:
        try:
            if made_for != (made_for := (one.kind, one.edition, one.thumbnails)):
                press = presses.get(made_for) or Press(
                    renderer, letterhead, papers,
                    kind=one.kind, edition=one.edition, thumbnails=one.thumbnails,
                    shared=dict.fromkeys(shared),
                )  # fmt: skip
                presses[made_for] = press
            signed.append((one, press, press.signed(one)))
        except Exception as problem:  # noqa: BLE001 - quarantine is the purpose, here and below
            broken[one.id] = problem
            made_for = None
    spelled = base32_of_each([raw for _, _, raws in signed for raw in raws])
    at = 0
    for one, press, raws in signed:
        tokens = spelled[at : (at := at + len(raws))]
        try:
            letters.append(press.letter(one, tokens))
        except Exception as problem:  # noqa: BLE001
            broken[one.id] = problem
    return letters, broken
