"""The mail as bytes: headers and the two bodies, ready for the wire but for its dots."""

import hashlib
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache

from newsletter.core.delivery.states import Kind
from newsletter.core.mail import headers
from newsletter.core.mail.bodies import Twin
from newsletter.core.mail.mails import Links
from newsletter.core.mail.pieces import Piece, cut_at_marks
from newsletter.core.mail.pieces import link_gap as gap
from newsletter.core.mail.wire import Plate, ready
from newsletter.core.signing import Mac, mac

_LABEL = b"newsletter message id\0"


def message_id(
    secret: bytes, *, kind: str, edition: str, subscriber_id: int, resend_no: int, domain: str
) -> str:
    """`<32 hex digits@domain>`: the same on every attempt at one delivery, new on a resend.

    Nobody without the secret can tell or guess whose it is.
    """
    named = "\0".join((kind, edition, str(subscriber_id), str(resend_no))).encode()
    return f"<{_mac(secret)(_LABEL + named)[:16].hex()}@{domain}>"


@lru_cache(maxsize=16)
def _mac(secret: bytes) -> Mac:
    return mac(secret)


def head_of(*, sender: str, links: Links, list_id: str, kind: Kind, feedback: str) -> Plate:
    """The headers of all messages of a kind and edition, up to the empty line.

    Gaps: head.to, head.subject and head.date, whole lines each; head.message_id; and those that
    are marked in the links.
    """
    lines = [
        "MIME-Version: 1.0\r\n",
        headers.structured("From", headers.mailbox(sender)),
        "Auto-Submitted: auto-generated\r\n",
        headers.header("Feedback-ID", feedback),
    ]
    if kind is Kind.DIGEST:
        lines += [headers.list_id(list_id), "Precedence: bulk\r\n"]
    lines += [gap(name) for name in ("to", "subject", "date")]
    lines.append(headers.structured("Message-ID", gap("message_id")))
    if kind is Kind.DIGEST:
        lines += _list_headers(links)
    boundary = boundary_of(feedback)
    lines.append(f'Content-Type: multipart/alternative;\r\n boundary="{boundary}"\r\n')
    return ready(cut_at_marks("".join(lines)), "head")


def boundary_of(feedback: str) -> str:
    """Parts the bodies. Quoted-printable can not hold "=_", so it is in neither (RFC 2045 6.7)."""
    return "=_" + hashlib.sha256(feedback.encode()).hexdigest()[:32]


def whole(head: Plate, bodies: Twin, *, boundary: str) -> Plate:
    """The message: head, text and html; readers' programs show the last that they can."""
    parting = f"\r\n--{boundary}"  # the line end before it is not the body's (RFC 2046)
    return (
        head
        + ready(Piece((parting + _PART.format("plain"),), ()))
        + bodies.text
        + ready(Piece((parting + _PART.format("html"),), ()))
        + bodies.html
        + ready(Piece((f"{parting}--\r\n",), ()))
    )


_PART = (
    "\r\nContent-Type: text/{}; charset=utf-8\r\n"
    "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
)


@lru_cache(maxsize=4096)
def subject_line(subject: str) -> bytes:
    """The Subject header."""
    return headers.header("Subject", subject).encode("ascii")


@lru_cache(maxsize=256)
def date_line(date: datetime) -> bytes:
    """The Date header, in UTC. date: aware."""
    return headers.structured("Date", format_datetime(date.astimezone(UTC))).encode("ascii")


def _list_headers(links: Links) -> list[str]:
    """RFC 2369 and RFC 8058; a reader's mail program makes its own button of them."""
    ways_out = [
        way for way in map(headers.ready, (links.unsubscribe, links.unsubscribe_mailto)) if way
    ]
    lines = []
    if ways_out:
        lines.append(headers.structured("List-Unsubscribe", *ways_out))
    if links.unsubscribe:  # RFC 8058 section 3.1 wants https; a laptop's demo shows it all the same
        lines.append("List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n")
    for name, url in (
        ("List-Help", links.help or links.preferences),
        ("List-Archive", links.archive),
    ):
        if address := headers.ready(url):
            lines.append(headers.structured(name, address))
    return lines
