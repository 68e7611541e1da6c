"""A letter on the wire: its envelope, its content, and why a relay might not take it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from newsletter.core.delivery.states import Outcome, Result, Stage
from newsletter.core.ports import Letter

# Whatever could end a command or its address early. Blanks are legal in a quoted local part.
_UNSAFE = re.compile(r"[\x00-\x1f\x7f<>]|^ | $")
_LINE_END = re.compile(rb"\r\n|\r|\n")
DATA = b"DATA\r\n"


@dataclass(slots=True)
class Parcel:
    """A letter made ready for one relay: what is said before the content, and the content as it
    goes over the wire, up to the final dot.
    """

    letter: Letter
    mail: bytes
    rcpt: bytes
    payload: bytes

    def unpack(self) -> bytes:
        """The payload, which is then forgotten: it is large, and the wire has it."""
        payload, self.payload = self.payload, b""
        return payload

    @property
    def envelope(self) -> bytes:
        """All of it at once, as PIPELINING allows (RFC 2920)."""
        return self.mail + self.rcpt + DATA

    @property
    def commands(self) -> tuple[tuple[Stage, bytes], ...]:
        """One by one, in their order."""
        return (Stage.MAIL, self.mail), (Stage.RCPT, self.rcpt), (Stage.DATA, DATA)


def pack(letter: Letter, offers: Mapping[str, str]) -> Parcel | Outcome:
    """The letter made ready, or why this relay cannot take it, before a word was said."""
    problem = _bad_address(letter)
    if problem is not None:
        return problem
    content = letter.content
    size, is_ascii = len(content), content.isascii()
    words = f"MAIL FROM:<{letter.return_path}>"
    if "SIZE" in offers:  # RFC 1870
        most = offers["SIZE"]
        if most.isdecimal() and 0 < int(most) < size:
            return _failed(552, "5.3.4", f"the relay takes letters up to {most} bytes")
        words += f" SIZE={size}"
    if not is_ascii:  # RFC 6152
        if "8BITMIME" not in offers:
            return _failed(0, "5.6.3", "the relay takes 7-bit content only")
        words += " BODY=8BITMIME"
    if _needs_utf8(letter, b"" if is_ascii else content):  # RFC 6531
        if "SMTPUTF8" not in offers:
            return _failed(0, "5.6.7", "the relay takes no addresses or headers beyond ASCII")
        words += " SMTPUTF8"
    rcpt = f"RCPT TO:<{letter.recipient}>\r\n"
    # to look for line ends costs more than all the rest of a hand-over
    payload = content if letter.is_wire_ready else wire_ready(content)
    return Parcel(letter, f"{words}\r\n".encode(), rcpt.encode(), payload)


def wire_ready(content: bytes) -> bytes:
    """The content as it goes over the wire, up to the final dot: only CRLF, dots doubled.

    RFC 5321 sections 2.3.8 and 4.5.2. A bare CR or LF could smuggle a second letter into the
    relay (CVE-2023-51764); it becomes a line end.
    """
    between = b"".join(content.split(b"\r\n"))  # the quickest of many ways that were timed
    if b"\n" in between or b"\r" in between:
        content = _LINE_END.sub(b"\r\n", content)
    if b"\n." in content:
        content = content.replace(b"\n.", b"\n..")
    if content.startswith(b"."):
        content = b"." + content
    return content if content.endswith(b"\r\n") or not content else content + b"\r\n"


def _bad_address(letter: Letter) -> Outcome | None:
    if _UNSAFE.search(letter.recipient) or "@" not in letter.recipient:
        return _failed(0, "5.1.3", "the recipient is not a mail address")
    if _UNSAFE.search(letter.return_path):
        return Outcome(result=Result.HELD, status="5.1.7", text="the return path is no address")
    return None


def _needs_utf8(letter: Letter, content: bytes) -> bool:
    if not (letter.recipient.isascii() and letter.return_path.isascii()):
        return True
    return not content.partition(b"\r\n\r\n")[0].isascii()  # RFC 6532: headers in UTF-8


def _failed(code: int, status: str, text: str) -> Outcome:
    return Outcome(result=Result.FAILED, code=code, status=status, text=text)
