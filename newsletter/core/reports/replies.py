"""Servers' words turned into records: codes, cause, kind."""

import re
from dataclasses import dataclass
from functools import partial

from newsletter.core.reports.causes import UNKNOWN
from newsletter.core.reports.judging import MAX_WORDS, cause_of
from newsletter.core.reports.values import MAX_REPLY, Kind, Record
from newsletter.core.text import clean

ALL_WORDS = 8_000  # characters of one report that are searched for causes
LEAST_WORDS = 150  # … but of each recipient at least these

_STATUS = re.compile(r"(?<![\d.])([245])\.([0-7])\.(\d{1,3})(?!\.?\d)")
_CODE = re.compile(r"(?<![\d.#-])([245][0-5]\d)(?=[ :-]|$)(?!-\d\d\b)")
_AFTER_DATA = re.compile(
    r"in\s+reply\s+to\s+(?:the\s+)?(?:end\s+of\s+)?DATA|after\s+(?:the\s+)?(?:end\s+of\s+)?data\b"
    r"|after\s+I\s+sent\s+the\s+message"
    # With PIPELINING a refusal of RCPT may stand here too: doubtful, and so it counts as soft.
    r"|>>> (?:DATA|\.)\s*\n<<<",
    re.IGNORECASE,
)
_HAS_WORDS = re.compile(r"^\W*[45]\d\d[ -](?:[\d.#() -]*)[^\W\d]{3}")
_GENERAL = ("", ".0.0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a report tells about one recipient, before it is judged.

    words: the remote server's reply or the reporter's reason. around: what else is written about
    it, which is asked where the words say nothing. status: as the report's field has it.
    """

    recipient: str | None
    words: str
    around: str = ""
    status: str = ""
    is_delay: bool = False


def records_of(said: list[Said]) -> tuple[Record, ...]:
    """The records of failures and delays. The more there are, the less of each is looked at."""
    most = min(MAX_WORDS, max(LEAST_WORDS, ALL_WORDS // max(len(said), 1)))
    return tuple(record_of(one, most=most) for one in said)


def record_of(said: Said, *, most: int = MAX_WORDS) -> Record:
    """The record of a failure or delay. most: characters that are searched for its cause."""
    own = status_of(said.words)
    status = (said.status or own) if is_general(own) else own
    code = code_of(said.words) or code_of(said.around)
    judge = partial(
        cause_of,
        code=code,
        is_after_data=_AFTER_DATA.search(f"{said.words}\n{said.around}") is not None,
        most=most,
    )
    # A server that says x.0.0 could have said x.1.1: what the reporter makes of it is a guess, and
    # so is its heading ("user unknown") where the server's words are its own.
    cause = judge(said.words, status=own or status)
    if cause is UNKNOWN and said.around:
        around = status_of(said.around) if is_general(status) else status
        cause = judge(said.around, status=around)
        cause = UNKNOWN if cause.is_hard and _HAS_WORDS.search(said.words) else cause
        status = around or status
    return Record(
        recipient=said.recipient,
        kind=Kind.HARD if cause.is_hard else Kind.SOFT,
        cause=cause.word,
        status=_completed(status, cause.status, code=code, is_delay=said.is_delay),
        code=code,
        reply=clean((said.words.strip() or said.around)[: 2 * MAX_REPLY])[:MAX_REPLY],
        is_delay=said.is_delay,
    )


def status_of(words: str) -> str:
    """The first enhanced code (RFC 3463) in the words that says more than x.0.0; "" without any."""
    found = [f"{m[1]}.{int(m[2])}.{int(m[3])}" for m in _STATUS.finditer(words[:4_000])]
    return next((one for one in found if not is_general(one)), found[0] if found else "")


def code_of(words: str) -> int:
    """The first SMTP reply code of a failure in the words, 0 without."""
    found = next((m for m in _CODE.finditer(words[:4_000]) if m[1][0] in "45"), None)
    return int(found[1]) if found else 0


def is_general(status: str) -> bool:
    """Whether the code says no more than its first digit."""
    return status[1:] in _GENERAL


def _completed(status: str, of_cause: str, *, code: int, is_delay: bool) -> str:
    """The report's code where it says something, else the cause's one in the report's class."""
    if not is_general(status):
        return status
    digit = status[:1] or str(code)[:1].strip("0") or ("4" if is_delay else of_cause[:1] or "5")
    return f"{digit}{of_cause[1:]}" if of_cause else f"{digit}.0.0"
