"""Messages of one edition, each for its reader: what they share is made once, the rest set in."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Protocol

from newsletter.core import headers
from newsletter.core.addresses import RETURN_PATH_PREFIX, signed_delivery
from newsletter.core.delivery import Kind
from newsletter.core.digests import Digest
from newsletter.core.links import Letterhead, links_with, signed_tokens
from newsletter.core.messages import boundary_of, date_line, head_of, subject_line, whole
from newsletter.core.papers import Paper
from newsletter.core.pieces import gap, link_gap
from newsletter.core.ports import Letter
from newsletter.core.rendering import Laid, Renderer, set_in
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


class Press:
    """Makes the messages of one kind and edition, to readers with or without pictures.

    papers: by id, those of all the digests. What differs from reader to reader is set in by
    position and is never searched for, so it can not be mistaken for anything else.
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
    ) -> None:
        self._renderer, self._letterhead, self._papers = renderer, letterhead, papers
        self._kind, self._edition, self._thumbnails = kind, edition, thumbnails
        is_digest = kind is Kind.DIGEST
        names = _TOKENS[kind]
        links = links_with(letterhead, {name: gap(f"token.{name}") for name in names})
        feedback = f"{edition.isoformat()}:{kind}:{letterhead.domain}"
        head = head_of(
            sender=letterhead.sender,
            links=links_with(letterhead, {name: link_gap(f"token.{name}") for name in names}),
            list_id=letterhead.list_id,
            kind=kind,
            feedback=feedback,
        )
        self._view = links.view
        self._places = [(f"head.token.{x}", f"text.token.{x}", f"html.token.{x}") for x in names]
        self._frame = renderer.frame(kind, links, letterhead.brand, edition if is_digest else None)
        self._message = whole(head, self._frame, boundary=boundary_of(feedback))
        self._laid: dict[int, tuple[Digest, Laid]] = {}
        self._subjects: dict[tuple[str, int], bytes] = {}

    def signed(self, one: Order) -> list[bytes]:
        """What signs the reader's links and, last, the return path; not yet spelled."""
        keys = self._letterhead.keys
        tokens = signed_tokens(
            keys,
            one.subscriber_id,
            confirm_at=one.planned_at if self._kind is Kind.CONFIRM else None,
            edition=self._edition if self._kind is Kind.DIGEST else None,
        )
        return [*tokens.values(), signed_delivery(one.id, secret=keys.secrets[0])]

    def letter(self, one: Order, spelled: Sequence[bytes]) -> Letter:
        """The message, the same bytes at every try. spelled: what `signed` gave, in base32."""
        values: dict[str, bytes] = {}
        for (in_head, in_text, in_html), token in zip(self._places, spelled, strict=False):
            values[in_head] = token
            values[in_text] = values[in_html] = token + SOFT
        title, count = "", 0
        if self._kind is Kind.DIGEST:
            if one.digest is None:
                raise ValueError("its digest cannot be read")
            laid = self._lay(one.digest)
            title, count = laid.title, laid.count
            values = set_in(laid, self._frame, values)
        values["head.to"] = headers.recipient(one.address)
        values["head.subject"] = self._subject(title, count)
        values["head.date"] = date_line(one.planned_at)
        values["head.message_id"] = one.message_id.encode("ascii")
        return Letter(
            delivery_id=one.id,
            epoch=one.epoch,
            return_path=f"{RETURN_PATH_PREFIX}{spelled[-1].decode()}@{self._letterhead.domain}",
            recipient=one.address,
            content=self._message.fill(values),
            is_wire_ready=True,
        )

    def _lay(self, digest: Digest) -> Laid:
        """Once for all readers who share the digest; it is kept beside it, so that its identity
        cannot become another's."""
        found = self._laid.get(id(digest))
        if found is None:
            laid = self._renderer.lay(
                digest, self._papers, view=self._view, thumbnails=self._thumbnails
            )
            found = self._laid[id(digest)] = digest, laid
        return found[1]

    def _subject(self, title: str, count: int) -> bytes:
        found = self._subjects.get((title, count))
        if found is None:
            line = self._renderer.subject(self._kind, title, count, self._letterhead.brand)
            found = self._subjects[title, count] = subject_line(line)
        return found


# Which links of a mail are signed, in the order of `links.signed_tokens`.
_TOKENS = {
    Kind.DIGEST: ("manage", "unsubscribe", "view"),
    Kind.CONFIRM: ("manage", "unsubscribe", "confirm"),
    Kind.RECOVER: ("manage", "unsubscribe"),
    Kind.TEST: ("manage", "unsubscribe"),
}


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
    signed: list[tuple[Order, Press, list[bytes]]] = []
    letters: list[Letter] = []
    broken: dict[int, Exception] = {}
    for one in orders:
        key = (one.kind, one.edition, one.thumbnails)
        try:
            press = presses.get(key)
            if press is None:
                press = presses[key] = Press(
                    renderer, letterhead, papers,
                    kind=one.kind, edition=one.edition, thumbnails=one.thumbnails,
                )  # fmt: skip
            signed.append((one, press, press.signed(one)))
        except Exception as problem:  # noqa: BLE001 - quarantine is the purpose, here and below
            broken[one.id] = problem
    spelled = base32_of_each([raw for _, _, raws in signed for raw in raws])
    at = 0
    for one, press, raws in signed:
        tokens = spelled[at : (at := at + len(raws))]
        try:
            letters.append(press.letter(one, tokens))
        except Exception as problem:  # noqa: BLE001
            broken[one.id] = problem
    return letters, broken
