"""The mail as bytes: headers and the two bodies, ready for the wire but for its dots."""

import binascii
import hashlib
import hmac
import re
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache

from newsletter.core import headers
from newsletter.core.delivery import Kind
from newsletter.core.mails import Links, Rendered

_LABEL = b"newsletter message id\0"
_DOT = re.compile(rb"(?m)^\.[^\r\n]*")
LINES_KEPT = 20_000  # of 200 bytes at the median
_LINE = 76  # RFC 2045 section 6.7 (5)


def message_id(
    secret: bytes, *, kind: str, edition: str, subscriber_id: int, resend_no: int, domain: str
) -> str:
    """`<32 hex digits@domain>`: the same on every attempt at one delivery, new on a resend.

    Nobody without the secret can tell or guess whose it is.
    """
    named = "\0".join((kind, edition, str(subscriber_id), str(resend_no))).encode()
    return f"<{hmac.digest(secret, _LABEL + named, 'sha256')[:16].hex()}@{domain}>"


def build(
    rendered: Rendered,
    *,
    sender: str,
    recipient: str,
    message_id: str,
    date: datetime,
    links: Links,
    list_id: str,
    kind: Kind,
    feedback: str,
) -> bytes:
    """The whole message: CRLF only, ASCII but for a foreign address; no line begins with a dot.

    sender: "Name <address>". recipient: a bare address. date: aware. list_id: "Name <id>" or a
    bare id. feedback: the Feedback-ID, such as "digest:2026-06-18:newsletter".
    Only digests are bulk mail: the others get no List- headers and no Precedence.
    Raises AddressError for a recipient, SettingsError for a sender that can not stand in a header.
    """
    # A quoted-printable body can not hold "=_", so the boundary is in neither (RFC 2045 6.7).
    boundary = "=_" + hashlib.sha256(message_id.encode()).hexdigest()[:32]
    parting = b"\r\n--" + boundary.encode()  # the line end before it is not the body's (RFC 2046)
    return b"".join(
        (
            _standing_headers(sender, list_id if kind is Kind.DIGEST else "", feedback),
            headers.recipient(recipient),
            _subject(rendered.subject),
            headers.structured("Date", format_datetime(date.astimezone(UTC))),
            headers.structured("Message-ID", message_id),
            _list_headers(links) if kind is Kind.DIGEST else b"",
            b'Content-Type: multipart/alternative;\r\n boundary="' + boundary.encode() + b'"\r\n',
            parting,
            _PART % b"plain",
            quoted_printable(rendered.text),
            parting,
            _PART % b"html",
            quoted_printable(rendered.html),
            parting,
            b"--\r\n",
        )
    )


_PART = (
    b"\r\nContent-Type: text/%s; charset=utf-8\r\n"
    b"Content-Transfer-Encoding: quoted-printable\r\n\r\n"
)


def quoted_printable(text: str) -> bytes:
    """The text encoded by RFC 2045 section 6.7, ending with CRLF; lines of 76 at most.

    A dot that begins a line is written =2E, so that dot-stuffing never changes a signed body.
    """
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return b"".join(map(_encoded_line, text.removesuffix("\n").split("\n")))


@lru_cache(maxsize=LINES_KEPT)
def _encoded_line(line: str) -> bytes:
    """One line with its CRLF. Most lines of a digest are those of its papers, so they are kept:
    looking them up takes a twentieth of the time of encoding them."""
    encoded = binascii.b2a_qp(line.encode() + b"\r\n", istext=True)
    return _DOT.sub(_without_leading_dot, encoded) if b"." in encoded else encoded


def _without_leading_dot(match: re.Match[bytes]) -> bytes:
    line, start = match[0], b""
    while line.startswith(b"."):
        if len(line) + 2 <= _LINE:
            return start + b"=2E" + line[1:]
        start, line = start + b"=2E=\r\n", line[1:]
    return start + line


@lru_cache(maxsize=256)
def _standing_headers(sender: str, list_id: str, feedback: str) -> bytes:
    """Those that are the same for a whole edition."""
    lines = [
        b"MIME-Version: 1.0\r\n",
        headers.structured("From", headers.mailbox(sender)),
        b"Auto-Submitted: auto-generated\r\n",
        headers.header("Feedback-ID", feedback),
    ]
    if list_id:
        lines += [headers.list_id(list_id), b"Precedence: bulk\r\n"]
    return b"".join(lines)


@lru_cache(maxsize=4096)
def _subject(subject: str) -> bytes:
    return headers.header("Subject", subject)


def _list_headers(links: Links) -> bytes:
    """RFC 2369 and RFC 8058; a reader's mail program makes its own button of them."""
    ways_out = [
        way for way in map(headers.ready, (links.unsubscribe, links.unsubscribe_mailto)) if way
    ]
    lines = []
    if ways_out:
        lines.append(headers.structured("List-Unsubscribe", *ways_out))
    if links.unsubscribe:  # RFC 8058 section 3.1 wants https; a laptop's demo shows it all the same
        lines.append(b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n")
    for name, url in (
        ("List-Help", links.help or links.preferences),
        ("List-Archive", links.archive),
    ):
        if address := headers.ready(url):
            lines.append(headers.structured(name, address))
    return b"".join(lines)
