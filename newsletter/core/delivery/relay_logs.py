"""A relay's log, line by line: which messages it took, and what became of them.

Postfix, Exim and OpenSMTPD in their own forms, or plainly one Message-ID a line. A message is known
by its Message-ID, or where the log does not tell that (OpenSMTPD), by its return path.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

# What an MTA says became of a message it took; the last word counts.
SENT, BOUNCED, DEFERRED, QUEUED = "sent", "bounced", "deferred", "queued"

_POSTFIX = re.compile(r"\b[\w-]+\[\d+\]: ([0-9A-Za-z]{5,20}): (.*)")
_POSTFIX_STATUS = re.compile(r"\bstatus=(sent|bounced|deferred|expired|undeliverable)\b")
_EXIM = re.compile(
    r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\S*(?: [+-]\d{4})?(?: \[\d+\])? "
    r"(\w{6}-\w{6,11}-\w{2,4}) (<=|=>|->|\*\*|==|Completed)(.*)"
)
_EXIM_ID = re.compile(r" id=(\S+)")
_OPENSMTPD = re.compile(
    r"\b(smtp|mta) (?:event=)?(envelope|delivery) .*?\bevpid=(\w+).*?\bfrom=<([^<>]*)>(.*)"
)
_OPENSMTPD_RESULT = re.compile(r"\bresult=\"?(\w+)")
_PLAIN = re.compile(r"^\s*<?([^<>\s@]+@[^<>\s@]+)>?\s*$")

_EXIM_STATUS = {"=>": SENT, "->": SENT, "**": BOUNCED, "==": DEFERRED}
_OPENSMTPD_STATUS = {"ok": SENT, "permfail": BOUNCED, "tempfail": DEFERRED}
_POSTFIX_STATUSES = {"sent": SENT, "deferred": DEFERRED}  # whatever else there is ends it


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What the log says of one message. copies: how often the relay took it."""

    copies: int
    status: str


@dataclass(slots=True)
class RelayLog:
    """All messages that the relay took. by_message_id: with angle brackets. unread: lines that
    told nothing."""

    by_message_id: dict[str, Fate] = field(default_factory=dict)
    by_return_path: dict[str, Fate] = field(default_factory=dict)
    unread: int = 0

    @property
    def messages(self) -> int:
        every = (*self.by_message_id.values(), *self.by_return_path.values())
        return sum(fate.copies for fate in every)


@dataclass(slots=True)
class _Message:
    """One message in the relay's queue, as far as the lines so far tell."""

    message_id: str = ""
    return_path: str = ""
    is_taken: bool = False
    status: str = QUEUED


def read_log(lines: Iterable[str]) -> RelayLog:
    """The log of these lines, in their order; what it cannot read is counted."""
    reading = _Reading()
    for line in lines:
        if not any(dialect(reading, line) for dialect in _DIALECTS):
            reading.log.unread += bool(line.strip())
    return reading.ended()


class _Reading:
    """The messages that are still in the queue while the log is read."""

    def __init__(self) -> None:
        self.log = RelayLog()
        self._queue: dict[str, _Message] = {}

    def message(self, queue_id: str) -> _Message:
        return self._queue.setdefault(queue_id, _Message())

    def end(self, queue_id: str) -> None:
        """It left the queue: only now may its number be given to another."""
        if (message := self._queue.pop(queue_id, None)) is not None:
            self.count(message)

    def count(self, message: _Message) -> None:
        if not message.is_taken:
            return
        if message.message_id:
            key, fates = message.message_id, self.log.by_message_id
        else:
            key, fates = message.return_path, self.log.by_return_path
        if key:
            copies = fates[key].copies if key in fates else 0
            fates[key] = Fate(copies=copies + 1, status=message.status)

    def ended(self) -> RelayLog:
        for message in self._queue.values():
            self.count(message)
        self._queue.clear()
        return self.log


def _postfix(reading: _Reading, line: str) -> bool:
    found = _POSTFIX.search(line)
    if found is None:
        return False
    queue_id, rest = found[1], found[2]
    if rest.startswith("message-id="):
        reading.end(queue_id)  # a number that comes again is another message
        reading.message(queue_id).message_id = _bracketed(rest.removeprefix("message-id="))
    elif rest.startswith("from=<"):  # the queue manager has it: it was taken whole
        message = reading.message(queue_id)
        message.return_path, message.is_taken = rest[6:].partition(">")[0], True
    elif rest.startswith("to=<") and (said := _POSTFIX_STATUS.search(rest)):
        message = reading.message(queue_id)
        message.status, message.is_taken = _POSTFIX_STATUSES.get(said[1], BOUNCED), True
    elif rest == "removed":
        reading.end(queue_id)
    else:
        return False
    return True


def _exim(reading: _Reading, line: str) -> bool:
    found = _EXIM.match(line)
    if found is None:
        return False
    queue_id, sign, rest = found[1], found[2], found[3]
    if sign == "Completed":
        reading.end(queue_id)
        return True
    message = reading.message(queue_id)
    message.is_taken = True
    if sign == "<=":
        named = _EXIM_ID.search(rest)
        message.message_id = _bracketed(named[1]) if named else ""
        message.return_path = rest.split()[0] if rest.split() else ""
    else:
        message.status = _EXIM_STATUS[sign]
    return True


def _opensmtpd(reading: _Reading, line: str) -> bool:
    found = _OPENSMTPD.search(line)
    if found is None:
        return False
    message = reading.message(found[3])
    message.return_path, message.is_taken = found[4], True
    if said := _OPENSMTPD_RESULT.search(found[5]):
        message.status = _OPENSMTPD_STATUS.get(said[1].lower(), DEFERRED)
    return True


def _plain(reading: _Reading, line: str) -> bool:
    found = _PLAIN.match(line)
    if found is None:
        return False
    reading.count(_Message(message_id=f"<{found[1]}>", is_taken=True, status=SENT))
    return True


def _bracketed(text: str) -> str:
    return f"<{text.strip().strip('<>')}>"


_DIALECTS: tuple[Callable[[_Reading, str], bool], ...] = (_postfix, _exim, _opensmtpd, _plain)
