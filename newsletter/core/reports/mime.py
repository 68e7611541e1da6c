"""Messages from strangers taken apart within bounds: no depth, no count and no size can hurt.

The parser of the standard library takes seconds for some broken messages and gives up on others;
reports need less than it does (text, fields, what is returned) and from worse messages.
"""

import base64
import binascii
import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.header import decode_header
from quopri import decodestring

MAX_REPORT_BYTES = 1 << 20  # what follows is not looked at: it is the returned message
MAX_DEPTH = 6
MAX_PARTS = 60
MAX_HEADER_LINES = 600
MAX_HEADER = 4_000  # characters of one field
MAX_TEXT = 64_000  # characters of one part
MAX_ENCODED = 120_000  # characters of one part before it is decoded

_FIELD = re.compile(r"([!-9;-~]{1,80})[ \t]*:[ \t]?(.*)")
_BOUNDARY = re.compile(r"boundary\s*=\s*(?:\"([^\"]{1,200})\"|([^\s;\"]{1,200}))", re.IGNORECASE)
_CHARSET = re.compile(r"charset\s*=\s*\"?([\w.:-]{1,40})", re.IGNORECASE)
_BEGINS_PART = re.compile(r"^--(\S{5,200})[ \t]*\n(?:[ \t]*\n)?content-[a-z-]+:", re.I | re.M)
_TAG = re.compile(r"<[^<>]{0,3000}>")
_NEW_LINE = re.compile(r"<(?:br|/?p|/?div|/?tr|/?li|/?h\d|/?table|hr)\b[^<>]{0,1000}>", re.I)
_CELL = re.compile(r"<t[dh]\b[^<>]{0,1000}>", re.I)
_MAIL_LINK = re.compile(
    r"<a\b[^<>]{0,500}?href=[\"']?mailto:([^\"'<>?\s]{3,254})[^<>]{0,500}>", re.I
)
_UNSEEN = re.compile(r"<(style|script|head|title)\b[^<>]{0,500}>[^<]{0,20000}</\1>", re.I)
_NOT_BASE64 = re.compile(r"[^A-Za-z0-9+/=]")
_CHARSETS = {"unicode-1-1-utf-7": "utf-7", "unicode": "utf-8", "x-unknown": "utf-8",
             "iso-2022-jp": "iso2022_jp_ext", "ks_c_5601-1987": "cp949", "gb2312": "gb18030",
             "iso-8859-1": "cp1252", "us-ascii": "utf-8"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Headers:
    """The fields of a message or part, unfolded; names do not count capitals."""

    fields: tuple[tuple[str, str], ...]

    def all(self, *names: str) -> list[str]:
        """The values of all these fields, in the order of the names."""
        return [value for name in names for field, value in self.fields if field == name]

    def get(self, name: str) -> str:
        """The first value, "" without the field."""
        return next((value for field, value in self.fields if field == name), "")


@dataclass(frozen=True, slots=True)
class Part:
    """A leaf of a message. text: decoded, lines end in \\n, at most MAX_TEXT characters.

    kind: "text/plain". is_returned: of the message that came back or is complained about.
    """

    kind: str
    headers: Headers
    text: str
    is_returned: bool = False


# A returned message is a leaf: nothing in it may be taken for a word of the report.
_RETURNED = (
    "message/rfc822",
    "text/rfc822-headers",
    "text/rfc822-header",
    "message/rfc822-headers",
    "message/partial",
    "message/global",
    "message/global-headers",
)


def parts_of(raw: bytes) -> tuple[Headers, list[Part]]:
    """The header of a message and its leaves in order. Reads anything, as well as it can."""
    text = raw[:MAX_REPORT_BYTES].decode("latin-1")
    text = text.replace("\r\n", "\n").replace("\r", "\n").lstrip("\n")
    if text.startswith(("From ", ">From ")):  # as an mbox begins a message
        text = text.partition("\n")[2]
    headers, body = split_header(text)
    parts: list[Part] = []
    for part in _leaves(headers, body, depth=0):
        parts.append(part)
        if len(parts) == MAX_PARTS:
            break
    return headers, parts


def split_header(text: str) -> tuple[Headers, str]:
    """The fields at the beginning of the text and what follows them.

    A text that does not begin with a field is all body.
    """
    fields: list[list[str]] = []
    at = 0
    for _ in range(MAX_HEADER_LINES):
        end = text.find("\n", at)
        line = text[at : end if end >= 0 else len(text)]
        found = _FIELD.match(line)
        if found:
            fields.append([found[1].lower(), found[2]])
        elif line[:1] in (" ", "\t") and line.strip() and fields:
            if len(fields[-1][1]) < MAX_HEADER:
                fields[-1][1] += " " + line.strip()
        elif not fields or not line.strip():
            break
        at = end + 1
        if end < 0:
            at = len(text)
            break
    pairs = tuple((name, value[:MAX_HEADER].strip()) for name, value in fields)
    return Headers(pairs), text[at:] if fields else text


def readable(value: str) -> str:
    """A header's value with its encoded words (RFC 2047) decoded, as far as they can be."""
    if "=?" not in value:
        return _utf8(value)
    try:
        pieces = decode_header(value[:MAX_HEADER])
    except (HeaderParseError, ValueError):
        return value
    return "".join(
        piece if isinstance(piece, str) else _in_charset(piece, charset or "")
        for piece, charset in pieces
    )


def _leaves(headers: Headers, body: str, *, depth: int) -> Iterator[Part]:
    content = headers.get("content-type")
    kind = content.partition(";")[0].strip().lower() or "text/plain"
    pieces = _pieces(content, kind, body) if depth < MAX_DEPTH else []
    if pieces:
        for piece in pieces:
            begins = piece.lstrip("\n") if kind == "multipart/digest" else piece.removeprefix("\n")
            inner, inner_body = split_header(begins)
            yield from _leaves(inner, inner_body, depth=depth + 1)
        return
    yield Part(kind, headers, _text(headers, kind, body), kind in _RETURNED)


def _pieces(content: str, kind: str, body: str) -> list[str]:
    """The parts of a multipart body, raw; none when it is no such body.

    A report whose Content-Type was lost on the way is known by how its first part begins.
    """
    if kind in _RETURNED or kind.startswith("image/"):
        return []
    found = _BOUNDARY.search(content)
    boundary = (found[1] or found[2]) if found else ""
    if not boundary or f"--{boundary.rstrip()}" not in body:
        begins = _BEGINS_PART.search(body[:MAX_TEXT])
        is_lost = not content and body[:MAX_TEXT].lstrip().startswith("--")
        if begins is None or not (kind.startswith("multipart/") or is_lost):
            return []
        boundary = begins[1]
    lines = re.compile(rf"\n--{re.escape(boundary.rstrip())}(--)?[ \t]*(?=\n|\Z)")
    pieces = lines.split("\n" + body, maxsplit=MAX_PARTS)
    return [
        piece
        for piece, closed in zip(pieces[2::2], pieces[1::2], strict=False)
        if not closed and piece.strip()
    ]


def _text(headers: Headers, kind: str, body: str) -> str:
    """The text of a leaf; "" of what holds none."""
    if kind.startswith(("image/", "audio/", "video/", "font/")):
        return ""
    encoding = headers.get("content-transfer-encoding").lower()
    raw = body[:MAX_ENCODED].encode("latin-1", "replace")
    if "base64" in encoding:
        raw = _base64(body[:MAX_ENCODED]) or raw
    elif "quoted" in encoding:
        raw = decodestring(raw)
    found = _CHARSET.search(headers.get("content-type"))
    text = _in_charset(raw, found[1] if found else "")
    # A NUL is a letter that was lost: taking it out would join what stood apart.
    text = text.replace("\r\n", "\n").replace("\x00", "\ufffd")
    return _plain(text[: 2 * MAX_TEXT]) if kind == "text/html" else text[:MAX_TEXT]


def _base64(body: str) -> bytes:
    """What the letters stand for; pieces that were coded one by one may follow each other."""
    pieces = _NOT_BASE64.sub("", body).split("=")[:MAX_PARTS]
    return b"".join(_decoded(piece) for piece in pieces)


def _decoded(letters: str) -> bytes:
    whole = letters[:-1] if len(letters) % 4 == 1 else letters  # one letter alone is no byte
    try:
        return base64.b64decode(whole + "==")
    except binascii.Error:
        return b""


def _in_charset(raw: bytes, charset: str) -> str:
    """The text in the charset that is named, else in the one it seems to be in."""
    name = charset.lower()
    if not name and b"\x1b$" in raw:
        name = "iso-2022-jp"  # mail in Japan often does not say so
    name = _CHARSETS.get(name, name) or "utf-8"
    try:
        return raw.decode(name)
    except (LookupError, ValueError):
        return _guessed(raw, name)


def _guessed(raw: bytes, name: str) -> str:
    try:
        return raw.decode("utf-8")
    except ValueError:
        pass
    try:
        return raw.decode(name if name != "utf-8" else "cp1252", "replace")
    except (LookupError, ValueError):
        return raw.decode("latin-1")


def _utf8(value: str) -> str:
    """A value that was read as latin-1, in UTF-8 where it is (RFC 6532)."""
    return value if value.isascii() else _in_charset(value.encode("latin-1", "replace"), "")


def _plain(text: str) -> str:
    """The words of an HTML part, a line for each block."""
    text = _UNSEEN.sub("", text)
    text = _CELL.sub("  ", _NEW_LINE.sub("\n", text.replace("\n", " ")))
    text = _MAIL_LINK.sub(r" &lt;\1&gt; ", text)
    return html.unescape(_TAG.sub("", text))[:MAX_TEXT]
