"""How fast mail may go: what a relay allows us, and what a recipient's domain bears.

Seconds are those of one clock that all workers share. The adapters keep the values; every rule
that moves them is here.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from newsletter.core.delivery.states import Outcome, Result

SLOT_SECONDS = 600.0
DAY_SLOTS = 144

LEAST_RATE = 0.2  # messages a second; even a domain that refuses everything is asked now and then
CLIMB = 1.03  # a second: costs one refusal in about seventy while it stands at a limit
LEAST_CLIMB = 0.2  # a second, a second
STEP_BACK = 0.95  # of what it took
LEAST_KEPT = 0.1  # of the rate, by one step back
REACTION = 1.0  # seconds until a new rate shows; refusals before that were meant for the old one
FORGIVEN_AFTER = 600.0  # seconds without a refusal: then the domain is as free as any other
LONGEST_LINE = 120.0  # seconds; the rate may have risen meanwhile
EAGER = 1.5  # more are called back than there is room for, since the rate rises

FIRST_PAUSE, LONGEST_PAUSE = 5.0, 60.0  # seconds

# These ask for fewer messages, whoever the reader is.
PUSHING_BACK = (421, 450, 451, 454)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a relay allows us, over all workers; None: as much as it takes."""

    per_second: int | None = None
    per_day: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """`count` may go now; for the next one there is room after `wait_seconds`, and for those
    behind it every `step_seconds`."""

    count: int
    wait_seconds: float = 0.0
    step_seconds: float = 0.0

    def wait_of(self, place: int) -> float:
        """The seconds until the turn of the one at this place, from 0, of those not granted."""
        return min(self.wait_seconds + place * self.step_seconds, LONGEST_LINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """How many may go at once, `level`, as it was at the second `at`."""

    level: float
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Slowed:
    """A domain that asked for fewer messages.

    rate: messages a second, as it was set at `since`; it rises from there. accepted, refused:
    counted since `counted_since`. line_until: when the last one that was sent away comes back.
    """

    rate: float
    since: float
    bucket: Bucket
    accepted: int = 0
    refused: int = 0
    counted_since: float
    line_until: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How things stand. processes: that send now, this one included. closed: relay → (seconds
    until it is tried again, why). troubled: relays that were closed and have not sent since.
    slowed: domains."""

    processes: int = 1
    closed: Mapping[str, tuple[float, str]]
    troubled: frozenset[str] = frozenset()
    slowed: frozenset[str] = frozenset()


def take(
    bucket: Bucket | None, wanted: int, *, burst: float, rate: float, now: float
) -> tuple[Bucket, Grant]:
    """What of the wanted may go now. None is a full bucket: `burst` at once, then `rate` a second.

    In any time of T seconds that is at most burst + rate × T.
    """
    level = burst
    if bucket is not None:
        level = min(burst, bucket.level + max(now - bucket.at, 0.0) * rate)
    count = max(min(wanted, int(level + 1e-9)), 0)
    level -= count
    wait = 0.0 if count >= wanted else max(1.0 - level, 0.0) / rate
    return Bucket(level=level, at=now), Grant(count=count, wait_seconds=wait)


def pace_of(per_second: int) -> tuple[float, float]:
    """(burst, rate) that give at most so many messages in any second."""
    burst = max(per_second // 10, 1)
    return float(burst), float(per_second - burst + 1)


def day_room(counts: Mapping[int, int], per_day: int, *, now: float) -> Grant:
    """How many more may go, given how many went in each slot of ten minutes.

    Any 24 hours touch 145 slots, so no 24 hours see more than per_day.
    """
    slot = slot_of(now)
    lately = {one: count for one, count in counts.items() if slot - DAY_SLOTS <= one and count > 0}
    room = per_day - sum(lately.values())
    if room > 0:
        return Grant(count=room)
    first_to_leave = min(lately, default=slot) + DAY_SLOTS + 1
    return Grant(count=0, wait_seconds=max(first_to_leave * SLOT_SECONDS - now, 1.0))


def slot_of(now: float) -> int:
    return int(now // SLOT_SECONDS)


def pushes_back(outcome: Outcome) -> bool:
    """Whether the reply asks for fewer messages. 4.2.x speaks of one mailbox (RFC 3463)."""
    if outcome.result is not Result.DEFERRED or outcome.status.startswith("4.2."):
        return False
    return outcome.code in PUSHING_BACK or outcome.status.startswith("4.7.")


def rate_of(slowed: Slowed, *, now: float) -> float:
    """Messages a second now: they rise with every second without a step back."""
    seconds = max(now - slowed.since, 0.0)
    return max(slowed.rate * math.pow(CLIMB, seconds), slowed.rate + LEAST_CLIMB * seconds)


def leave(slowed: Slowed, wanted: int, *, now: float) -> tuple[Slowed, Grant]:
    """What of the wanted may go to this domain now; the others get places in the line."""
    rate = rate_of(slowed, now=now)
    bucket, grant = take(slowed.bucket, wanted, burst=max(rate, 1.0), rate=rate, now=now)
    if grant.count >= wanted:
        return replace(slowed, bucket=bucket), grant
    step = 1.0 / (rate * EAGER)
    first = max(slowed.line_until - now, grant.wait_seconds)
    line_until = now + min(first + (wanted - grant.count) * step, LONGEST_LINE)
    grant = replace(grant, wait_seconds=first, step_seconds=step)
    return replace(slowed, bucket=bucket, line_until=line_until), grant


def note(
    slowed: Slowed | None, *, accepted: int, refused: int, rate: float, now: float
) -> Slowed | None:
    """The domain after these replies; None while it is free.

    rate: at which messages went there, all workers together; asked only of a domain that was free.
    A step back leaves what was accepted of late, a little less, and never less than a tenth. A
    slow process tells late what it handed over at the old rate: however many of those were
    refused, what the domain took in that time it bears.
    """
    if slowed is None:
        if not refused:
            return None
        rate = max(rate * _kept(accepted, refused), LEAST_RATE)
        empty = Bucket(level=0.0, at=now)
        return Slowed(rate=rate, since=now, bucket=empty, counted_since=now)
    accepted, refused = slowed.accepted + accepted, slowed.refused + refused
    if now - slowed.counted_since < REACTION:
        return replace(slowed, accepted=accepted, refused=refused)
    counted = replace(slowed, accepted=0, refused=0, counted_since=now)
    if not refused:
        return counted
    rate = rate_of(slowed, now=now)
    borne = min(accepted / (now - slowed.counted_since), rate)
    rate = max(rate * _kept(accepted, refused), borne * STEP_BACK, LEAST_RATE)
    return replace(counted, rate=rate, since=now)


def pause_of(failures: int) -> float:
    """For how many seconds a relay is left alone that failed so often in a row, from 1."""
    return min(FIRST_PAUSE * 2.0 ** min(failures - 1, 10), LONGEST_PAUSE)


def _kept(accepted: int, refused: int) -> float:
    """The share of its rate that a domain keeps. A few refusals may have other reasons."""
    share = refused / (accepted + refused)
    return max(STEP_BACK * (1 - share), 1 - 2 * share, LEAST_KEPT)
