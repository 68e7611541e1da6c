"""A letter on the wire: its envelope, its content, and why a relay might not take it."""

import re
from collections.abc import Mapping

from newsletter.core.delivery import Outcome, Result, Stage
from newsletter.core.ports import Letter

# Whatever could end a command or its address early. Blanks are legal in a quoted local part.
_UNSAFE = re.compile(r"[\x00-\x1f\x7f<>]|^ | $")
_LINE_END = re.compile(rb"\r\n|\r|\n")


def obstacle(letter: Letter, offers: Mapping[str, str]) -> Outcome | None:
    """Why this relay cannot take the letter, before a word was said; None when it can."""
    if _UNSAFE.search(letter.recipient) or "@" not in letter.recipient:
        return _failed(0, "5.1.3", "the recipient is not a mail address")
    if _UNSAFE.search(letter.return_path):
        return Outcome(result=Result.HELD, status="5.1.7", text="the return path is no address")
    if _needs_utf8(letter) and "SMTPUTF8" not in offers:
        return _failed(0, "5.6.7", "the relay takes no addresses or headers beyond ASCII")
    if not letter.content.isascii() and "8BITMIME" not in offers:
        return _failed(0, "5.6.3", "the relay takes 7-bit content only")
    most = offers.get("SIZE", "")
    if most.isdecimal() and 0 < int(most) < len(letter.content):
        return _failed(552, "5.3.4", f"the relay takes letters up to {most} bytes")
    return None


def envelope(letter: Letter, offers: Mapping[str, str]) -> dict[Stage, bytes]:
    """The three commands before the content, in their order."""
    words = f"MAIL FROM:<{letter.return_path}>"
    if "SIZE" in offers:  # RFC 1870
        words += f" SIZE={len(letter.content)}"
    if not letter.content.isascii():  # RFC 6152
        words += " BODY=8BITMIME"
    if _needs_utf8(letter):  # RFC 6531
        words += " SMTPUTF8"
    return {
        Stage.MAIL: f"{words}\r\n".encode(),
        Stage.RCPT: f"RCPT TO:<{letter.recipient}>\r\n".encode(),
        Stage.DATA: b"DATA\r\n",
    }


def payload(content: bytes) -> bytes:
    """The content as it goes over the wire: only CRLF, dots doubled, the final dot behind.

    RFC 5321 sections 2.3.8 and 4.5.2. A bare CR or LF could smuggle a second letter into the
    relay (CVE-2023-51764); it becomes a line end.
    """
    ends = content.count(b"\r\n")
    if content.count(b"\n") != ends or content.count(b"\r") != ends:
        content = _LINE_END.sub(b"\r\n", content)
    if b"\n." in content:
        content = content.replace(b"\n.", b"\n..")
    if content.startswith(b"."):
        content = b"." + content
    return content + (b".\r\n" if content.endswith(b"\r\n") or not content else b"\r\n.\r\n")


def _needs_utf8(letter: Letter) -> bool:
    if not (letter.recipient.isascii() and letter.return_path.isascii()):
        return True
    # RFC 6532: headers in UTF-8 need it too. Nearly every letter is plain ASCII as a whole.
    return not letter.content.isascii() and not _headers(letter.content).isascii()


def _headers(content: bytes) -> bytes:
    return content.partition(b"\r\n\r\n")[0]


def _failed(code: int, status: str, text: str) -> Outcome:
    return Outcome(result=Result.FAILED, code=code, status=status, text=text)
