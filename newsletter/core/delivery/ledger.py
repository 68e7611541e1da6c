"""What the ledger says, as values for people: counts, histories, and why mail did not go out."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from newsletter.core.delivery.states import State
from newsletter.core.feedback.rates import Rate
from newsletter.core.results import DeliveryView, EditionView, ReportView

# What was planned and never went out, as far as anybody knows; few in an edition that goes well.
UNSENT = (State.FAILED, State.SKIPPED, State.EXPIRED, State.REVIEW)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many deliveries stand where. deferred: those of `pending` whose next try is later."""

    counts: Mapping[State, int] = field(default_factory=dict)
    deferred: int = 0

    @property
    def planned(self) -> int:
        return sum(self.counts.values())

    @property
    def left(self) -> int:
        """Those that still go out by themselves."""
        return self.of(State.PENDING) + self.of(State.SENDING)

    def of(self, *states: State) -> int:
        return sum(self.counts.get(state, 0) for state in states)


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainTally:
    """The counts of the readers whose mail one domain takes."""

    domain: str
    tally: Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Why deliveries did not go out, in the relay's words without what differs between them."""

    state: State
    code: int
    text: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionReport:
    """One edition in full. domains: the largest first; domain_count: how many there are. rate: what
    came back of it.
    """

    edition: EditionView
    first_sent_at: datetime | None
    last_sent_at: datetime | None
    domains: tuple[DomainTally, ...]
    domain_count: int
    causes: tuple[Cause, ...]
    rate: Rate

    @property
    def per_second(self) -> float | None:
        """Mails a second from the first to the last; None where there are too few to say."""
        first, last = self.first_sent_at, self.last_sent_at
        if first is None or last is None or last <= first:
            return None
        return self.edition.counts.get(State.SENT, 0) / (last - first).total_seconds()


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try that did not end in `sent`. state: where the delivery went."""

    at: datetime
    epoch: int
    state: State
    code: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryHistory:
    """All that is known of one delivery.

    others: the reader's other deliveries of the edition: what it is a resend of, and its resends.
    titles: of its papers, in the mail's order, beside their ids. reports: that came in on it, the
    first one first.
    """

    delivery: DeliveryView
    epoch: int
    recovered: int
    uncertain: int
    lease_until: datetime | None
    attempts: tuple[Attempt, ...]
    others: tuple[DeliveryView, ...]
    titles: tuple[tuple[str, str], ...]
    suppressed_because: str = ""
    suppressed_since_at: datetime | None = None
    reports: tuple[ReportView, ...] = ()


# What servers put into their replies of one message only: addresses, queue ids, hosts' numbers.
_ADDRESS = re.compile(r"<[^<>\s]*>|[^\s<>\"'=:;,()]+@[^\s<>\"'=:;,()]+")
_STATUS = re.compile(r"^#?[245]\.\d{1,3}\.\d{1,3}$")
_PART = re.compile(r"[\w.:/-]+")
MAX_CAUSE = 200


def cause_of(text: str) -> str:
    """The reply without what it says of one message only, so that equal refusals count as one.

    "5.1.1 <ada@example.org>: no such user (q42abc)" and its likes for other readers are the same.
    """
    plain = _ADDRESS.sub("…", " ".join(text.split()))
    return _PART.sub(lambda part: _kept(part[0]), plain)[:MAX_CAUSE]


def _kept(part: str) -> str:
    """The part, or "…" for a number of a message: a digit in something long, but a status code."""
    word = part.rstrip(".:-/")
    has_number = any(letter.isdigit() for letter in word)
    if has_number and len(word) > 4 and not _STATUS.match(word):
        return "…" + part[len(word) :]
    return part


def causes(found: Iterable[tuple[State, int, str, int]], *, most: int) -> tuple[Cause, ...]:
    """The commonest reasons, the largest first. found: (state, code, text, count)."""
    counted: dict[tuple[State, int, str], int] = {}
    for state, code, text, count in found:
        key = (state, code, cause_of(text))
        counted[key] = counted.get(key, 0) + count
    first = sorted(counted.items(), key=lambda one: (-one[1], one[0]))[:most]
    return tuple(Cause(state=s, code=code, text=t, count=n) for (s, code, t), n in first)
