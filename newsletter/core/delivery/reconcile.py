"""The ledger held against a relay's log: where they say the same, and where they do not."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from newsletter.core.delivery.relay_logs import BOUNCED, Fate, RelayLog
from newsletter.core.delivery.states import State


class Difference(StrEnum):
    """What one delivery and the log disagree about."""

    LOST = "sent here, not in the log"
    UNRECORDED = "in the log, not sent here"
    DOUBLED = "more than once in the log"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One delivery, as far as it is held against the log."""

    id: int
    message_id: str
    state: State
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One delivery that the log contradicts."""

    difference: Difference
    line: Line
    copies: int = 0


@dataclass(frozen=True, slots=True)
class Evidence:
    """The log by what our deliveries are known by. by_delivery: what only a return path names."""

    by_message_id: Mapping[str, Fate]
    by_delivery: Mapping[int, Fate]

    def of(self, line: Line) -> Fate | None:
        """What the log says of this delivery; None when it does not know it."""
        return self.by_message_id.get(line.message_id) or self.by_delivery.get(line.id)


@dataclass(slots=True)
class Reconciliation:
    """What a comparison came to.

    agreed: both say sent. bounced: of these, what the relay could not deliver later. in_hand:
    being handed over right now, so nothing is said of them. named: messages of the edition that
    the log knows. messages: all that the log holds, of whomever. applied: set right.
    """

    lines: int = 0
    agreed: int = 0
    bounced: int = 0
    in_hand: int = 0
    named: int = 0
    messages: int = 0
    unread: int = 0
    applied: int = 0
    counts: dict[Difference, int] = field(default_factory=lambda: dict.fromkeys(Difference, 0))

    @property
    def is_equal(self) -> bool:
        """Whether ledger and log say the same, after what was set right."""
        left = dict(self.counts)
        left[Difference.UNRECORDED] -= self.applied
        return not any(left.values())

    def take(self, line: Line, fate: Fate | None) -> list[Finding]:
        """Count one delivery; where it and the log differ."""
        self.lines += 1
        if fate is not None:
            self.named += 1
        found = [
            Finding(difference=difference, line=line, copies=fate.copies if fate else 0)
            for difference in self._differences(line, fate)
        ]
        for one in found:
            self.counts[one.difference] += 1
        return found

    def _differences(self, line: Line, fate: Fate | None) -> list[Difference]:
        if line.state is State.SENDING:
            self.in_hand += 1
            return []
        if fate is None:
            return [Difference.LOST] if line.state is State.SENT else []
        found = [Difference.DOUBLED] if fate.copies > 1 else []
        if line.state is State.SENT:
            self.agreed += 1
            self.bounced += fate.status == BOUNCED
            return found
        return [Difference.UNRECORDED, *found]


def begun(log: RelayLog) -> Reconciliation:
    """A comparison with this log that has seen no delivery yet."""
    return Reconciliation(messages=log.messages, unread=log.unread)
