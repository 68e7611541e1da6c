"""Mails as they lie in a folder, one `.eml` file each, made ready for the inbox pages.

Any bytes may lie there at any time: what cannot be understood is shown as it is, with a note, and
never hides the other mails.
"""

import os
import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage, MIMEPart
from email.parser import BytesHeaderParser, BytesParser
from email.policy import compat32, default
from pathlib import Path

SUFFIX = ".eml"
MAX_BYTES = 10_000_000  # of one mail; what follows is left out and the page says so
MAX_HEAD_BYTES = 65_536  # read of each mail for the list

KINDS = ("html", "plain")

_LINK = re.compile(r"<(https?://[^<>\s]+)>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One line of the list. to and subject: "" where the mail has none. size: bytes."""

    name: str
    to: str
    subject: str
    arrived_at: datetime
    size: int

    @property
    def size_text(self) -> str:
        return _size_text(self.size)


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """One header, decoded. links: the web addresses in angle brackets, as in List-Unsubscribe."""

    name: str
    value: str
    links: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One mail. html, text: the first part of that kind, None where there is none.

    notes: sentences on what is wrong with it, none for a sound mail. size: bytes of the file.
    """

    name: str
    source: bytes
    headers: tuple[Header, ...]
    html: str | None
    text: str | None
    notes: tuple[str, ...]
    arrived_at: datetime
    size: int

    def header(self, name: str) -> str:
        """The value of the first header of this name in any case, "" without one."""
        wanted = name.lower()
        return next((one.value for one in self.headers if one.name.lower() == wanted), "")

    @property
    def size_text(self) -> str:
        return _size_text(self.size)

    @property
    def source_text(self) -> str:
        return self.source.decode("utf-8", "replace")


def names(folder: Path) -> list[str]:
    """The names of the mails in the folder, the last to arrive first; [] without a folder.

    Links and folders are no mails: only a regular file of the folder itself can be shown.
    """
    found = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if _is_mail(entry):
                    with suppress(FileNotFoundError):  # taken away since the folder was read
                        found.append((entry.stat(follow_symlinks=False).st_mtime_ns, entry.name))
    except (FileNotFoundError, NotADirectoryError):
        return []
    return [name for _, name in sorted(found, reverse=True)]


def listed(folder: Path, name: str) -> Listed | None:
    """The line of one mail, None when it is gone. name: one of names()."""
    read = _read(folder / name, MAX_HEAD_BYTES)
    if read is None:
        return None
    content, arrived_at, size = read
    headers = _headers(content)
    values = {header.name.lower(): header.value for header in reversed(headers)}
    return Listed(
        name=name,
        to=values.get("to", ""),
        subject=values.get("subject", ""),
        arrived_at=arrived_at,
        size=size,
    )


def mail(folder: Path, name: str) -> Mail | None:
    """One mail in full, None when there is none of this name.

    name: may be anything a stranger typed. It is looked up among names(), never made into a path.
    """
    if name not in names(folder):
        return None
    read = _read(folder / name, MAX_BYTES)
    if read is None:
        return None
    content, arrived_at, size = read
    headers = _headers(content)
    parts, notes = _parts(content) if headers else ({}, [])
    return Mail(
        name=name,
        source=content,
        headers=headers,
        html=parts.get("html"),
        text=parts.get("plain"),
        notes=tuple(_complaints(content, size, headers, parts) + notes),
        arrived_at=arrived_at,
        size=size,
    )


def _size_text(size: int) -> str:
    return f"{size / 1000:,.1f} KB" if size >= 1000 else f"{size} bytes"


def _is_mail(entry: os.DirEntry[str]) -> bool:
    name = entry.name
    # A name of bytes that are no UTF-8 cannot stand in an address, nor one with a line break.
    if not name.endswith(SUFFIX) or name.startswith(".") or not name.isprintable():
        return False
    return entry.is_file(follow_symlinks=False)


def _complaints(
    content: bytes, size: int, headers: tuple[Header, ...], parts: dict[str, str]
) -> list[str]:
    notes = []
    if size > len(content):
        notes.append(f"Only the first {len(content):,} of {size:,} bytes are shown.")
    if not content.strip():
        notes.append("The file is empty.")
    elif not headers:
        notes.append("This is not a message: it does not start with headers.")
    elif not any(parts.values()):
        notes.append("It has no part that is text or HTML.")
    return notes


def _read(path: Path, most: int) -> tuple[bytes, datetime, int] | None:
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            content = file.read(most)
    except (FileNotFoundError, PermissionError, IsADirectoryError):
        return None
    return content, datetime.fromtimestamp(status.st_mtime, UTC), status.st_size


def _headers(content: bytes) -> tuple[Header, ...]:
    message = BytesHeaderParser(policy=compat32).parsebytes(content)
    return tuple(_header(name, str(value)) for name, value in message.raw_items())


def _header(name: str, raw: str) -> Header:
    shown = " ".join(_printable(_decoded(name, raw)).split())
    return Header(name=_printable(name), value=shown, links=tuple(_LINK.findall(shown)))


def _decoded(name: str, raw: str) -> str:
    try:
        return str(default.header_fetch_parse(name, raw))
    except Exception:  # noqa: BLE001 - the library fails in many ways on a header made to break it
        return raw


def _parts(content: bytes) -> tuple[dict[str, str], list[str]]:
    """The text of the first part of each of KINDS, and what is wrong with the mail."""
    parts: dict[str, str] = {}
    notes: list[str] = []
    try:
        message = BytesParser(EmailMessage, policy=default).parsebytes(content)
        for kind in KINDS:
            part = message.get_body((kind,))
            if part is not None:
                parts[kind] = _printable(_content(part, notes))
        notes.extend(_sentence(defect) for one in message.walk() for defect in one.defects)
    except Exception:  # noqa: BLE001 - as above; the source can still be shown
        notes.append("Its parts cannot be told apart.")
    return parts, list(dict.fromkeys(notes))


def _content(part: MIMEPart, notes: list[str]) -> str:
    try:
        return str(part.get_content())
    except (LookupError, ValueError):
        notes.append(f"Nobody knows the character set {part.get_content_charset()!r} of a part.")
        content = part.get_payload(decode=True)
        return content.decode("utf-8", "replace") if isinstance(content, bytes) else ""


def _sentence(defect: object) -> str:
    """What the library says of a defect, such as "The claimed start boundary was never found."."""
    return (type(defect).__doc__ or type(defect).__name__).strip().partition("\n")[0]


def _printable(text: str) -> str:
    """Without the lone surrogates that stand for bytes in no known character set."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
