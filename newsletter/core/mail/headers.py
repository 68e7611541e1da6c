"""Message headers: encoded where they are not ASCII, folded where they are long."""

import base64
import re

from newsletter.core.mail import wording
from newsletter.core.text import clean
from newsletter.errors import AddressError, SettingsError

LINE = 76  # columns of a folded line; RFC 5322 section 2.1.1 allows 78
_NAME_ROOM = len("List-Id: ")  # the longest header that begins with a name
_LONGEST_WORD = 60  # longer ones are encoded, so that they can be broken
_WORD_START, _WORD_END = "=?utf-8?b?", "?="
_FOLD = "\r\n "
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]{1,60}")
_UNSAFE_IN_ADDRESS = re.compile(r"[\x00-\x20\x7f-\xa0<>,;:\"()\[\]\\\u2028\u2029\ud800-\udfff]")


def header(name: str, value: str) -> str:
    """A whole header of free text with its CRLF. No text can end it early or break its lines."""
    value = clean(value)
    if _is_plain(value):
        return f"{name}: {_folded(value, len(name) + 2)}\r\n"
    return f"{name}: {_encoded(value, len(name) + 2)}\r\n"


def structured(name: str, *items: str) -> str:
    """A header of ready ASCII items, each on its own line after the first, parted by commas."""
    return f"{name}: {f',{_FOLD}'.join(items)}\r\n"


def mailbox(text: str) -> str:
    """ "Name <address>" as a header wants it: the name quoted or encoded where it must be.

    Raises SettingsError where the text holds no address.
    """
    name, _, address = clean(text).removesuffix(">").rpartition("<")
    name = _unquoted(name.strip())
    if "@" not in address or _UNSAFE_IN_ADDRESS.search(address) or not address.isascii():
        raise SettingsError(
            f"{text!r} is not a sender: write it such as Daily Papers <papers@example.org>."
        )
    if not name:
        return address
    phrase = _phrase(name)
    gap = " " if len(phrase) + len(address) < LINE - len("From:  <>") else _FOLD
    return f"{phrase}{gap}<{address}>"


def _unquoted(name: str) -> str:
    if len(name) > 1 and name[0] == name[-1] == '"':
        return re.sub(r"\\(.)", r"\1", name[1:-1])
    return name


def _phrase(name: str) -> str:
    """A display name: as it is, quoted, or encoded, whichever it needs."""
    if not _is_plain(name):
        return _encoded(name, _NAME_ROOM)
    if _ATOMS.fullmatch(name):
        return name
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}"'


def list_id(text: str) -> str:
    """The List-Id header (RFC 2919) from "Name <papers.example.org>" or the bare id."""
    name, _, bare = clean(text).rpartition("<")
    bare = re.sub(r"[^A-Za-z0-9._-]", "", bare)
    name = _unquoted(name.strip())
    shown = f"{_phrase(name)} " if name else ""
    return f"List-Id: {shown}<{bare}>\r\n"


def recipient(address: str) -> bytes:
    """The To header. An address that is not ASCII goes as UTF-8 (RFC 6532), which needs SMTPUTF8.

    Raises AddressError for one that could end the header or name somebody else as well.
    """
    if _UNSAFE_IN_ADDRESS.search(address) or address.count("@") != 1:
        raise AddressError(
            f"{address!r} cannot stand in a header: subscribe it again, as one address."
        )
    return f"To: {address}\r\n".encode()


def ready(url: str) -> str:
    """A link between angle brackets; "" where it is none that a header may hold."""
    if url.lower().startswith("mailto:"):
        return "" if re.search(r"[^!-~]|[<>]", url) else f"<{url}>"
    safe = wording.safe_url(url)
    return f"<{safe}>" if safe else ""


def _is_plain(text: str) -> bool:
    """Whether the text may stand as it is: ASCII, no encoded word by chance, no overlong word."""
    return text.isascii() and "=?" not in text and max(map(len, text.split(" "))) <= _LONGEST_WORD


def _folded(text: str, used: int) -> str:
    """Broken before words; what unfolds it gets the same text back."""
    lines, line = [], ""
    for word in text.split(" "):
        if line and used + len(line) + 1 + len(word) > LINE:
            lines.append(line)
            line, used = word, 1
        else:
            line = f"{line} {word}" if line else word
    return _FOLD.join([*lines, line])


def _encoded(text: str, used: int) -> str:
    """Encoded words (RFC 2047), cut between characters; blanks between words are not read.

    used: columns of the first line that are taken.
    """
    words, chunk = [], b""
    for letter in text:
        encoded = letter.encode()
        if len(chunk) + len(encoded) > _room(used):
            words.append(chunk)
            chunk, used = b"", 1
        chunk += encoded
    words.append(chunk)
    return _FOLD.join(_WORD_START + base64.b64encode(w).decode() + _WORD_END for w in words)


def _room(used: int) -> int:
    """How many bytes fit into an encoded word on a line of which `used` columns are taken."""
    return (LINE - used - len(_WORD_START) - len(_WORD_END)) // 4 * 3
