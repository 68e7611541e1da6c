"""Mail text as it goes over the wire: quoted-printable, CRLF only, cut at line ends.

Whatever is encoded on its own begins and ends at a line end, a soft one ("=" and CRLF, which the
reader's program takes out again) where the text has none there. So encoded pieces only need to be
joined, and a reader's own words stand between them on lines of their own.
"""

import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass

from newsletter.core.mail.pieces import Piece

_LINE = 76  # RFC 2045 section 6.7 (5)
SOFT = b"=\r\n"
_DOT = re.compile(rb"(?m)^\.[^\r\n]*")
# Short ASCII that needs no encoding; most readers' words and all their tokens are such.
_PLAIN = re.compile(r"[!-\-/-<>-~](?:[ -<>-~]{0,70}[!-<>-~])?")


@dataclass(frozen=True, slots=True)
class Plate:
    """A piece made ready: `parts` are encoded, and between them belong the encoded values.

    size: the bytes of the parts as a reader's program has them, decoded and with CRLF.
    """

    parts: tuple[bytes, ...]
    gaps: tuple[str, ...]
    size: int

    def rows(self, values: Mapping[str, bytes]) -> list[bytes]:
        """The parts with every gap filled; the values are already encoded for their place."""
        rows = [b""] * (2 * len(self.gaps) + 1)
        rows[::2] = self.parts
        rows[1::2] = map(values.__getitem__, self.gaps)
        return rows

    def fill(self, values: Mapping[str, bytes]) -> bytes:
        return b"".join(self.rows(values))

    def __add__(self, other: "Plate") -> "Plate":
        seam = self.parts[-1] + other.parts[0]
        return Plate(
            (*self.parts[:-1], seam, *other.parts[1:]),
            self.gaps + other.gaps,
            self.size + other.size,
        )


def plate(piece: Piece, side: str) -> Plate:
    """The piece encoded. side: "html" or "text", which goes before the names of its gaps."""
    return Plate(
        tuple(map(inset, piece.parts)),
        tuple(f"{side}.{gap}" for gap in piece.gaps),
        sum(map(size_of, piece.parts)),
    )


def ready(piece: Piece, side: str = "") -> Plate:
    """A piece of ASCII that goes as it is, such as the headers or what parts the bodies."""
    parts = tuple(part.encode("ascii") for part in piece.parts)
    return Plate(parts, tuple(f"{side}.{gap}" for gap in piece.gaps), sum(map(len, parts)))


def size_of(text: str) -> int:
    """Its bytes once it arrived: UTF-8 with CRLF."""
    return len(text.encode()) + text.count("\n")


def arrived(encoded: bytes) -> int:
    """How many bytes of it a reader's program has."""
    return len(binascii.a2b_qp(encoded))


def inset(text: str) -> bytes:
    """The text encoded so that it begins and ends at a line end; b"" for nothing.

    text: with "\\n" for line ends; other kinds become such.
    """
    if _PLAIN.fullmatch(text):
        return text.encode("ascii") + SOFT
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    *lines, last = text.split("\n")
    encoded = b"".join(map(_encoded_line, lines))
    return encoded + _softly_ended(_encoded_line(last)) if last else encoded


def quoted_printable(text: str) -> bytes:
    """The text encoded by RFC 2045 section 6.7, ending with CRLF; lines of 76 at most.

    A dot that begins a line is written =2E, so that dot-stuffing never changes a signed body.
    """
    return inset(text if text.endswith(("\n", "\r")) else text + "\n")


def read_back(encoded: bytes) -> str:
    """The text that was encoded, with "\\n" for line ends."""
    return binascii.a2b_qp(encoded).decode().replace("\r\n", "\n")


def _encoded_line(line: str) -> bytes:
    """One line with its CRLF."""
    if line.endswith((" ", "\t")):
        return _with_blank(_encoded_line(line[:-1] + "!")[:-3], b"=%02X" % ord(line[-1]))
    encoded = binascii.b2a_qp(line.encode() + b"\r\n", istext=True)
    return _DOT.sub(_without_leading_dot, encoded) if b"." in encoded else encoded


def _with_blank(line: bytes, blank: bytes) -> bytes:
    """The line and a last blank, which binascii would put on a line that is full already."""
    is_full = len(line) - line.rfind(b"\n") - 1 + len(blank) > _LINE
    return (_softly_ended(line) if is_full else line) + blank + b"\r\n"


def _without_leading_dot(match: re.Match[bytes]) -> bytes:
    line, start = match[0], b""
    while line.startswith(b"."):
        if len(line) + 2 <= _LINE:
            return start + b"=2E" + line[1:]
        start, line = start + b"=2E=\r\n", line[1:]
    return start + line


def _softly_ended(line: bytes) -> bytes:
    """An encoded line whose CRLF a reader's program takes out again."""
    line = line.removesuffix(b"\r\n")
    start = line.rfind(b"\n") + 1
    if len(line) - start < _LINE:
        return line + SOFT
    end = -3 if line[-3:-2] == b"=" else -1
    last = line[end:].replace(b".", b"=2E")
    return line[:end] + SOFT + last + SOFT
