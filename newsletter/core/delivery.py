"""The delivery's states, which reply leads where, and how long to wait."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

MAX_ATTEMPTS = 8
FIRST_WAIT = timedelta(minutes=5)  # short at first: greylisting usually asks for five minutes
LONGEST_WAIT = timedelta(hours=4)
UNCERTAIN_WAIT = timedelta(minutes=10)
MAX_UNCERTAIN = 2
MAX_RECOVERIES = 3
LEASE = timedelta(minutes=5)


class State(StrEnum):
    """Where a delivery stands. Only `pending` and `sending` move by themselves."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    SKIPPED = "skipped"  # the reader left, paused or was suppressed after planning
    EXPIRED = "expired"
    REVIEW = "review"  # a person must look: perhaps sent twice, perhaps never


# A digest in one of these was, or still may be, in front of its reader.
COUNTS_AS_SEEN = (State.PENDING, State.SENDING, State.SENT, State.REVIEW)


class Kind(StrEnum):
    """What a message is for; each has its templates, named by it."""

    DIGEST = "digest"
    CONFIRM = "confirm"
    RECOVER = "recover"
    TEST = "test"


class Result(StrEnum):
    SENT = "sent"
    DEFERRED = "deferred"
    FAILED = "failed"
    UNCERTAIN = "uncertain"  # the reply was lost after the final dot
    HELD = "held"  # speaks of us or the relay, not of the reader: no try was used


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one try came to, with the server's own words.

    code: the SMTP reply code, 0 when there was none. status: the enhanced code "5.1.1"
    (RFC 3463), "" when absent. text: the reply or the cause, at most 500 characters.
    """

    result: Result
    code: int = 0
    status: str = ""
    text: str = ""
