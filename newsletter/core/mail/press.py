"""Messages of one edition, each for its reader: what they share is made once, the rest set in."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from operator import itemgetter
from typing import Protocol

from newsletter.core.addresses import RETURN_PATH_PREFIX, return_path_mac, signed_delivery
from newsletter.core.delivery.states import Kind
from newsletter.core.digests import Digest
from newsletter.core.languages import ENGLISH
from newsletter.core.mail import headers
from newsletter.core.mail.fitting import MAX_HTML
from newsletter.core.mail.laying import Laid, Shelf, lay, lay_all
from newsletter.core.mail.links import STAMPED, Letterhead, LinkSigner, links_with
from newsletter.core.mail.mastheads import GAPS
from newsletter.core.mail.messages import boundary_of, date_line, head_of, subject_line, whole
from newsletter.core.mail.pieces import gap, link_gap
from newsletter.core.mail.rendering import Renderer
from newsletter.core.mail.wire import SOFT
from newsletter.core.papers import Paper
from newsletter.core.ports import Letter
from newsletter.core.signing import base32_of_each


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
    def language(self) -> str: ...
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

    language: of the edition's date.

    What differs from reader to reader is set in by position and is never searched for, so it can
    not be mistaken for anything else.
    """

    def __init__(
        self,
        renderer: Renderer,
        letterhead: Letterhead,
        *,
        kind: Kind,
        edition: date,
        language: str = ENGLISH,
    ) -> None:
        self._renderer, self._letterhead, self._kind = renderer, letterhead, kind
        day = edition if kind is Kind.DIGEST else None
        keys = letterhead.keys
        self._signer = LinkSigner(keys, edition=day, stamped=STAMPED.get(kind))
        self._return_path = return_path_mac(keys.secrets[0])
        names = self._signer.names
        links = links_with(letterhead, {name: gap(f"token.{name}") for name in names})
        self._view = links.view
        self._frame = renderer.frame(kind, links, letterhead.brand, day, language)
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

    def letters(self, orders: Sequence[Order], shelf: Shelf) -> list[Letter]:
        """The letters, the same bytes at every try. shelf: with the papers of all digests.

        Raises whatever is wrong with one of the orders; the others are right by themselves.
        """
        raws = self._signer.columns([one.subscriber_id for one in orders], self._stamps(orders))
        raws.append([signed_delivery(one.id, self._return_path) for one in orders])
        spelled = base32_of_each([raw for column in raws for raw in column])
        *tokens, paths = (
            spelled[at : at + len(orders)] for at in range(0, len(spelled), len(orders))
        )
        # In a body a token has lines of its own; letters and digits need no encoding.
        inset = [[token + SOFT for token in column] for column in tokens]
        laid = self._laid(orders, shelf)
        return [
            Letter(
                delivery_id=one.id,
                epoch=one.epoch,
                return_path=f"{RETURN_PATH_PREFIX}{path.decode()}@{self._letterhead.domain}",
                recipient=one.address,
                parts=self._parts(one, own, laid.get(id(one.digest))),
                is_wire_ready=True,
            )
            for one, path, own in zip(orders, paths, zip(*tokens, *inset, strict=True), strict=True)
        ]

    def _stamps(self, orders: Sequence[Order]) -> list[tuple[datetime, str]]:
        """When each link was asked for; one to a new address also says by which delivery."""
        if self._kind not in STAMPED:
            return []
        is_change = self._kind is Kind.CHANGE
        return [(one.planned_at, str(one.id) if is_change else "") for one in orders]

    def _laid(self, orders: Sequence[Order], shelf: Shelf) -> dict[int, Laid]:
        """The digests, by their identity: one that several readers share is laid out once."""
        digests = {id(one.digest): one.digest for one in orders if one.digest is not None}
        try:
            laid = lay_all([*digests.values()], shelf)
        except KeyError:  # a paper is gone
            laid = [lay(digest, shelf) for digest in digests.values()]
        return dict(zip(digests, laid, strict=True))

    def _parts(self, one: Order, own: tuple[bytes, ...], laid: Laid | None) -> list[bytes]:
        """The message in rows. own: the tokens for the head, then those for the bodies."""
        if self._kind is not Kind.DIGEST:
            return self._filled(one, own, "", 0, _NO_MASTHEAD)
        if laid is None:
            raise ValueError("its digest cannot be read")
        if not laid.unlisted and laid.is_far_from(MAX_HTML, self._frame.html):
            html, text = laid.body.html, laid.body.text
        else:
            values = dict(zip(self._own, own[len(own) // 2 :] * 2, strict=True))
            html, text = laid.rows(self._frame.html, values, view=self._view, max_html=MAX_HTML)
        rows = self._filled(one, own, laid.title, laid.count, laid.masthead)
        html_at, text_at = self._bodies
        rows[html_at : html_at + 1] = html  # the later one first: places stay
        rows[text_at : text_at + 1] = text
        return rows

    def _filled(
        self,
        one: Order,
        own: tuple[bytes, ...],
        title: str,
        count: int,
        masthead: tuple[bytes, ...],
    ) -> list[bytes]:
        """The rows of the message but for a digest's bodies, the reader's own in their places."""
        values = (
            headers.recipient(one.address),
            self._subject(title, count),
            date_line(one.planned_at),
            one.message_id.encode("ascii"),
            *own,
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
) -> tuple[list[Letter], dict[int, Exception]]:
    """The letters of a batch; and by delivery id what went wrong with those that cannot be made.

    papers: by id, those of all digests. One order that is poison does not stop the others.
    """
    letters: list[Letter] = []
    broken: dict[int, Exception] = {}
    groups: dict[tuple[Kind, date, bool, str], list[Order]] = {}
    for one in orders:
        alike = one.kind, one.edition, one.thumbnails, one.language
        groups.setdefault(alike, []).append(one)
    for (kind, edition, thumbnails, language), group in groups.items():
        shelf = renderer.shelf(papers, thumbnails=thumbnails)
        try:
            press = Press(renderer, letterhead, kind=kind, edition=edition, language=language)
            letters += press.letters(group, shelf)
        except Exception as problem:  # noqa: BLE001 - quarantine is the purpose: which one is it?
            if len(group) == 1:
                broken[group[0].id] = problem
                continue
            for one in group:
                made, failed = letters_for([one], papers, renderer=renderer, letterhead=letterhead)
                letters += made
                broken |= failed
    return letters, broken
