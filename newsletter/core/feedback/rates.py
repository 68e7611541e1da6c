"""How many of those who got an edition sent it back or complained, and when that is too many.

Gmail and Yahoo ask bulk senders to stay below 0.1 % complaints and never to reach 0.3 %: from there
on their filters turn against all of a sender's mail.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from newsletter.core.reports.values import Kind

WARN_COMPLAINTS = 0.001
MOST_COMPLAINTS = 0.003
LEAST_SENT = 1000  # below it one complaint is a large share, and says little
LEAST_COMPLAINTS = 2  # one angry reader is no trend


class Standing(StrEnum):
    """What a rate calls for. FEW: too little was sent to say anything."""

    FEW = "too few"
    FINE = "fine"
    WARN = "warn"
    HOLD = "hold"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """Reports on the messages of one edition, or on those to one domain. name: says which.

    hard, soft, complaints: messages of which one came. A message that the relay did not take was
    never sent, and stands in the ledger alone.
    """

    name: str
    sent: int = 0
    hard: int = 0
    soft: int = 0
    complaints: int = 0

    @property
    def bounces(self) -> int:
        return self.hard + self.soft

    @property
    def bounce_rate(self) -> float:
        return self.bounces / self.sent if self.sent else 0.0

    @property
    def complaint_rate(self) -> float:
        return self.complaints / self.sent if self.sent else 0.0

    @property
    def standing(self) -> Standing:
        if self.sent < LEAST_SENT:
            return Standing.FEW
        if self.complaints < LEAST_COMPLAINTS or self.complaint_rate < WARN_COMPLAINTS:
            return Standing.FINE
        return Standing.HOLD if self.complaint_rate >= MOST_COMPLAINTS else Standing.WARN


def rate_of(name: str, sent: int, reported: Iterable[tuple[Kind, int]]) -> Rate:
    """reported: (kind, messages) of what came back."""
    counted = Counter[Kind]()
    for kind, count in reported:
        counted[kind] += count
    return Rate(
        name=name,
        sent=sent,
        hard=counted[Kind.HARD],
        soft=counted[Kind.SOFT],
        complaints=counted[Kind.COMPLAINT],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """editions: newest first. domains: of all of them, those with most reports first."""

    editions: tuple[Rate, ...] = ()
    domains: tuple[Rate, ...] = ()


def share(rate: float) -> str:
    """ "0.15 %": two digits, since what matters is around a tenth of one in a hundred."""
    return f"{rate:.2%}".replace("%", " %")
