"""Reports as they arrive: read, told apart from those seen before, and what became of each."""

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from newsletter.core.addresses import parse_address
from newsletter.core.feedback.intake import CameBy, Fate
from newsletter.core.reports import MAX_REPORT_BYTES, Kind, Nature, Record, Report, parse_report
from newsletter.core.text import clean
from newsletter.errors import AddressError

__all__ = ["MAX_KEPT", "Arrival", "CameBy", "Fate", "TakenIn", "deciding", "fate_of", "key_of",
           "messages_in_mbox", "read_arrival", "recipient_keys", "unread_arrival",
           "without_addresses"]  # fmt: skip

MAX_KEPT = 64 << 10  # bytes of a message that are kept for a person to read
MAX_PATHS = 60  # that may be our return path, and as many Message-IDs
_KEY_BYTES = 256 << 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One report as it came in, read.

    key: says whether it was seen before: of its words, or the provider's number of the event.
    envelope_to: the address it was sent to, as whoever took it in knows; "" unknown. A provider's
    event gives our return path here. message_ids: that may be of our message, with or without
    angle brackets. raw: as it came; MAX_KEPT bytes are kept where nobody could make use of it.
    """

    key: str
    came_by: CameBy
    report: Report
    raw: bytes = b""
    envelope_to: str = ""
    message_ids: tuple[str, ...] = ()

    @property
    def return_paths(self) -> tuple[str, ...]:
        """Addresses that may be our return path, the surest first."""
        found = (self.envelope_to, *self.report.envelope_to, *_paths_in(self.raw))
        return tuple(dict.fromkeys(one for one in found if one))[:MAX_PATHS]


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenIn:
    """What an arrival came to.

    report_id: its row, None for one seen before. delivery_id, subscriber_id, edition_id: whom it
    speaks of, None unless a signed path of ours said so. record: what decided; None where nothing
    does. suppressed_because: set where it ended the mail to its address.
    """

    fate: Fate
    report_id: int | None = None
    delivery_id: int | None = None
    subscriber_id: int | None = None
    edition_id: int | None = None
    record: Record | None = None
    suppressed_because: str = ""


def read_arrival(raw: bytes, *, came_by: CameBy, envelope_to: str = "") -> Arrival:
    """A message as it came in, read. Anything may come, of any size; nothing is raised."""
    raw = raw[:MAX_REPORT_BYTES]
    return Arrival(
        key=key_of(raw),
        came_by=came_by,
        report=parse_report(raw),
        raw=raw,
        envelope_to=envelope_to,
        message_ids=_message_ids_in(raw),
    )


def unread_arrival(raw: bytes, *, came_by: CameBy, envelope_to: str = "") -> Arrival:
    """The same of a message that our reading of it fails on: kept, and acting on nobody.

    Its key is another: once our reading is mended it can be given to us again.
    """
    raw = raw[:MAX_REPORT_BYTES]
    return Arrival(
        key="unread" + key_of(raw)[6:],
        came_by=came_by,
        report=Report(nature=Nature.OTHER),
        raw=raw,
        envelope_to=envelope_to,
    )


_BEGINS_MESSAGE = re.compile(rb"From .{0,400}\d:\d\d", re.DOTALL)


def messages_in_mbox(lines: Iterable[bytes]) -> Iterator[bytes]:
    """The messages of an mbox, each at most MAX_REPORT_BYTES, the rest of it left out.

    lines: as a file gives them, or pieces of long ones. A line such as "From ada@example.org Mon
    Jun 15 12:00:00 2026" begins a message, at the start and behind an empty line.
    """
    pieces: list[bytes] = []
    room, is_behind_gap = MAX_REPORT_BYTES, True
    for line in lines:
        if is_behind_gap and _BEGINS_MESSAGE.match(line):
            if pieces:
                yield b"".join(pieces)
            pieces, room = [], MAX_REPORT_BYTES
        elif room > 0 and (pieces or line.strip()):
            pieces.append(line[:room])
            room -= len(line)
        is_behind_gap = not line.strip()
    if pieces:
        yield b"".join(pieces)


# What a message keeps on all its ways. Servers add and change the other fields as they pass it on.
_OF_THE_MESSAGE = (b"message-id", b"date", b"from", b"to", b"subject", b"in-reply-to",
                   b"references", b"x-failed-recipients", b"content-type")  # fmt: skip
_QUOTED_FROM = re.compile(rb"^>+(?=From )", re.MULTILINE)  # as an mbox keeps lines of a text


def key_of(raw: bytes) -> str:
    """64 hex digits, the same whichever way the message came and however often."""
    text = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n").lstrip(b"\n")
    if text.startswith((b"From ", b">From ")):
        text = text.partition(b"\n")[2]
    head, _, body = text[:_KEY_BYTES].partition(b"\n\n")
    fields = [
        field
        for field in re.split(rb"\n(?![ \t])", head)
        if field.partition(b":")[0].strip().lower() in _OF_THE_MESSAGE
    ]
    if not fields:  # it has no header that anybody could know
        body = text[:_KEY_BYTES]
    digest = hashlib.sha256(b"\n".join(fields))
    digest.update(b"\n\n" + _QUOTED_FROM.sub(b"", body).rstrip())
    return digest.hexdigest()


def deciding(records: tuple[Record, ...], address_key: str) -> Record | None:
    """The record that speaks for the reader whom the message was sent to; None without records.

    address_key: `Address.key`. Where several others are named the address stands for all of them,
    and the mildest decides: as long as one of them reads, it is no dead address.
    """
    own = [record for record in records if _key(record.recipient) == address_key]
    return min(own or records, key=lambda record: _GRAVITY[record.kind], default=None)


_GRAVITY = {Kind.IGNORE: 0, Kind.SOFT: 1, Kind.HARD: 2, Kind.COMPLAINT: 3}


_WANTS_RECORDS = (Nature.BOUNCE, Nature.COMPLAINT, Nature.OTHER)


def fate_of(report: Report, *, is_ours: bool) -> Fate:
    """What becomes of a report that was not seen before. is_ours: a delivery of ours is known."""
    if not report.records and report.nature in _WANTS_RECORDS:
        return Fate.UNREAD
    if all(record.kind is Kind.IGNORE for record in report.records):
        return Fate.IGNORED
    return Fate.COUNTED if is_ours else Fate.UNCLAIMED


def recipient_keys(report: Report) -> tuple[str, ...]:
    """The readers whom the report names, by `Address.key`: hearsay, until something of ours
    stands beside it.
    """
    return tuple(dict.fromkeys(_key(one.recipient) for one in report.records if one.recipient))


def _key(recipient: str | None) -> str:
    text = clean(recipient or "").strip("<>")
    try:
        return parse_address(text).key
    except AddressError:
        return text.casefold()


_ADDRESS = re.compile(r"[^\s<>\"'=:;,()\[\]]+@[^\s<>\"'=:;,()\[\]]+")


def without_addresses(reply: str) -> str:
    """A server's words without the reader whom they name: what is kept outlives the reader."""
    return _ADDRESS.sub("…", reply)


_PATH = re.compile(rb"\bb\+[a-z2-7]{17,40}@[a-z0-9.-]{1,253}", re.IGNORECASE)
_MESSAGE_ID = re.compile(rb"<[0-9a-f]{32}@[a-z0-9.-]{1,253}>", re.IGNORECASE)


def _paths_in(raw: bytes) -> list[str]:
    """Whatever looks like a return path of ours, wherever in the message."""
    return [found.decode() for found in _unique(_PATH, raw)]


def _message_ids_in(raw: bytes) -> tuple[str, ...]:
    return tuple(found.decode() for found in _unique(_MESSAGE_ID, raw))


def _unique(pattern: re.Pattern[bytes], raw: bytes) -> list[bytes]:
    return list(dict.fromkeys(pattern.findall(raw)))[:MAX_PATHS]
