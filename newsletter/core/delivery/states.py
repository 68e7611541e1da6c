"""The delivery's states, which reply leads where, and how long to wait."""

import random
import re
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

MAX_ATTEMPTS = 8
FIRST_WAIT = timedelta(minutes=5)  # short at first: greylisting usually asks for five minutes
LONGEST_WAIT = timedelta(hours=4)
UNCERTAIN_WAIT = timedelta(minutes=10)
JITTER = 0.25  # what one relay put off together does not come back together
MAX_UNCERTAIN = 2
MAX_RECOVERIES = 5
ALONE_FROM = 2  # recoveries: from then on handed over alone, so that poison harms only itself
LEASE = timedelta(minutes=7)  # longer than the longest hand-over of a batch, six minutes


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
    WELCOME = "welcome"
    CHANGE = "change"  # asks a new address whether a subscription may move there
    MOVED = "moved"  # tells the old one
    TEST = "test"


class Result(StrEnum):
    SENT = "sent"
    DEFERRED = "deferred"
    FAILED = "failed"
    UNCERTAIN = "uncertain"  # the reply was lost after the final dot
    HELD = "held"  # speaks of us or the relay, not of the reader: no try was used
    DELAYED = "delayed"  # not begun: there is no room for it before `wait`; no try was used


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one try came to, with the server's own words.

    code: the SMTP reply code, 0 when there was none. status: the enhanced code "5.1.1"
    (RFC 3463), "" when absent. text: the reply or the cause, at most 500 characters. wait: until
    there is room for a delayed one. is_after_data: the reply came to the message, when its address
    had been accepted.
    """

    result: Result
    code: int = 0
    status: str = ""
    text: str = ""
    wait: timedelta = timedelta()
    is_after_data: bool = field(default=False, compare=False)


# Nothing is sent of an edition that is older. Its last readers, at UTC-12, come 26 hours after its
# first, and a relay may be away for a day.
LIFETIMES = {
    Kind.DIGEST: timedelta(hours=72),
    Kind.CONFIRM: timedelta(hours=24),
    Kind.RECOVER: timedelta(hours=24),
    Kind.WELCOME: timedelta(hours=24),
    Kind.CHANGE: timedelta(hours=24),
    Kind.MOVED: timedelta(hours=24),
    Kind.TEST: timedelta(hours=24),
}
LEAST_LIFE = timedelta(hours=24)  # left to an edition whenever something is added to it


class Stage(StrEnum):
    """How far a conversation with the relay had come when it ended for this letter."""

    CONNECT = "connect"
    GREETING = "greeting"
    TLS = "tls"
    LOGIN = "login"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    DOT = "dot"  # the whole message was handed over, only its reply is missing


# Before an envelope is named nothing that fails can speak of the reader.
OF_THE_RELAY = (Stage.CONNECT, Stage.GREETING, Stage.TLS, Stage.LOGIN)

# These speak of our sender, our login or our letter, at whatever stage they come.
OF_US = ("5.1.7", "5.1.8", "5.7.8", "5.7.9", "5.7.11", "5.7.14")
OF_US_CODES = (530, 534, 535, 538)  # login wanted, or not good enough (RFC 4954 section 6)
# Postfix, Exchange and sendmail refuse to relay for us with a code that many also use for spam.
NO_RELAY = re.compile(
    r"relay(ing)? (access )?(denied|prohibited|not (permitted|allowed))|unable to relay"
    r"|not permitted to relay",
    re.IGNORECASE,
)
OF_THE_LETTER = ("5.3.4", "5.6.7")  # too large; needs SMTPUTF8: the next letter may pass

_STATUS = re.compile(r"\s*#?([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")


def outcome_of(stage: Stage, code: int, text: str) -> Outcome:
    """What a try came to that ended at `stage` with this reply.

    code: the reply's, 0 when none came or none could be read. text: the reply's text without the
    code, or the cause. Only a 2xx at the dot means `sent`: everywhere else it is out of place.
    """
    status = parse_status(code, text)
    result = _result(stage, code, status, text)
    return Outcome(
        result=result,
        code=code,
        status=status,
        text=" ".join(text.split())[:500],
        is_after_data=stage is Stage.DOT,
    )


def parse_status(code: int, text: str) -> str:
    """The enhanced code at the start of a reply's text, or "" (RFC 2034 section 4).

    One that contradicts the class of its reply code is not believed.
    """
    found = _STATUS.match(text)
    if found is None or found[1] != str(code)[:1]:
        return ""
    return f"{found[1]}.{int(found[2])}.{int(found[3])}"


def retry_delay(attempts: int, *, seed: int) -> timedelta | None:
    """The wait before the next try of a deferred delivery, or None to give up.

    attempts: tries made so far, from 1. Waits 5, 15, 45, 135, 192 … minutes, and up to a quarter
    longer, never over LONGEST_WAIT. seed: the delivery's number; the same one waits alike.
    """
    if attempts >= MAX_ATTEMPTS:
        return None
    steady: timedelta = min(FIRST_WAIT * 3 ** (attempts - 1), LONGEST_WAIT / (1 + JITTER))
    share = random.Random(f"{seed}:{attempts}").random()
    return steady * (1 + JITTER * share)


def _result(stage: Stage, code: int, status: str, text: str) -> Result:
    kind = code // 100
    if stage in OF_THE_RELAY or (stage is Stage.MAIL and code == 421):  # no reader was named
        return Result.HELD
    if stage is Stage.DOT and kind == 2:
        return Result.SENT
    if kind == 5:
        return Result.HELD if _speaks_of_us(stage, code, status, text) else Result.FAILED
    if stage is Stage.DOT and kind != 4:
        return Result.UNCERTAIN
    return Result.DEFERRED


def _speaks_of_us(stage: Stage, code: int, status: str, text: str) -> bool:
    if status in OF_THE_LETTER or code == 552:
        return False
    of_us = code in OF_US_CODES or status in OF_US or NO_RELAY.search(text) is not None
    return of_us or stage is Stage.MAIL
