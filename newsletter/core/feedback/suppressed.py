"""What admins see of suppressions, as values."""

from dataclasses import dataclass
from datetime import datetime

from newsletter.core.reports import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class SuppressionView:
    """An address that must not be mailed.

    address: "" where nobody knows it any more: only its keyed hash is kept, which outlives the
    reader's row. address_hash: 64 hex digits.
    """

    address: str
    address_hash: str
    reason: str
    since_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What was once told of mail to an address. by: the way it came ("ses", "the relay")."""

    at: datetime
    by: str
    kind: Kind
    cause: str
    status: str
    reply: str
    delivery_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SuppressionAccount:
    """Why an address is not mailed, or that nothing is against it.

    suppression: None where it may be mailed. status: of its subscription, "" without one. told: the
    newest first. bad_days: days that count in its score of soft bounces, of most_bad_days that end
    its mail. lifted_at: when an admin last let it be mailed again.
    """

    address: str
    suppression: SuppressionView | None
    status: str
    told: tuple[Told, ...]
    bad_days: int
    most_bad_days: int
    lifted_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppressing:
    """What adding a list of addresses comes to. wrong: lines that are no address, with why."""

    new: tuple[str, ...] = ()
    already: int = 0
    twice: int = 0
    wrong: tuple[tuple[str, str], ...] = ()
