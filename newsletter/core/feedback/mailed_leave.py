"""A mail that asks to be mailed no more: sent to the address that List-Unsubscribe names."""

import re

from newsletter.core.feedback.arriving import Arrival, key_of
from newsletter.core.feedback.intake import CameBy
from newsletter.core.reports import Kind, Nature, Record, Report

MAX_HEAD = 64 << 10  # bytes
MAX_TOKENS = 10

# Where the mail's own recipient stands. What the mail holds or sends back is no request.
_FIELDS = (
    b"to", b"cc", b"delivered-to", b"x-original-to", b"envelope-to", b"x-envelope-to", b"x-rcpt-to",
)  # fmt: skip
_FOLD = re.compile(rb"\r?\n[ \t]+")
_TOKEN = re.compile(rb"\bunsubscribe\+([a-z2-7]{20,200})@", re.IGNORECASE)


def leave_tokens(raw: bytes, *, envelope_to: str = "") -> tuple[str, ...]:
    """The tokens in the addresses that a message was sent to, the surest first; none of most.

    envelope_to: as the mail system knows it, "" where only the message tells. A token is proof
    only once its signature was read.
    """
    head = re.split(rb"\r?\n\r?\n", raw[:MAX_HEAD], maxsplit=1)[0]
    places = [envelope_to.encode(errors="replace")]
    if _TOKEN.search(head):
        fields = (line.partition(b":") for line in _FOLD.sub(b" ", head).split(b"\n"))
        places += [value for name, _, value in fields if name.strip().lower() in _FIELDS]
    found = [token.decode().lower() for place in places for token in _TOKEN.findall(place)]
    return tuple(dict.fromkeys(found))[:MAX_TOKENS]


def leave_arrival(raw: bytes, *, came_by: CameBy) -> Arrival:
    """A note that this mail asked for no more, so that it does so once."""
    record = Record(recipient=None, kind=Kind.IGNORE, cause="asked by mail for no more")
    report = Report(nature=Nature.OTHER, records=(record,))
    return Arrival(key=key_of(raw), came_by=came_by, report=report)
