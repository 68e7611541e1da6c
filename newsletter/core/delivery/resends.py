"""Who gets an edition once more: the wish of an admin, and why a reader is left out of it."""

from dataclasses import dataclass
from datetime import date, datetime

from newsletter.core.delivery.ledger import UNSENT
from newsletter.core.delivery.states import State
from newsletter.core.subscribers import Status

# What readers without their digest have in the ledger, where they have anything there.
MISSED = UNSENT
# Whatever does not move by itself any more may be sent again.
SETTLED = (State.SENT, *MISSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which readers an admin asks to mail again.

    addresses: exactly these; to name a reader is to say that a digest already sent may go out
    again. Otherwise those whose last delivery of the edition is in one of `states`. is_missing:
    also those who were due and for whom none was ever planned. since: sent, or refused for good,
    no earlier. domain: whose mail this domain takes.
    """

    edition: date
    because: str
    addresses: tuple[str, ...] = ()
    states: tuple[State, ...] = ()
    is_missing: bool = False
    since: datetime | None = None
    domain: str = ""
    even_if_sent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A reader of an edition with their last delivery of it.

    delivery_id, state: None when nothing was planned for them. because: why that one was a resend.
    was_sent: whether any delivery of the edition to them was.
    """

    subscriber_id: int
    address: str
    domain: str
    status: str
    paused_until: datetime | None
    suppressed_because: str | None
    delivery_id: int | None = None
    state: State | None = None
    resend_no: int = 0
    because: str = ""
    was_sent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A reader who was asked for. refused: why they get nothing, "" for who does.

    state: of their last delivery, None where none was planned. delivery_id: of the new delivery;
    None in a dry run and for who gets none.
    """

    subscriber_id: int
    address: str
    domain: str
    state: State | None
    refused: str = ""
    delivery_id: int | None = None


def refusal(one: Candidate, wanted: Wanted, *, now: datetime) -> str:
    """Why this reader must not get the edition again, as the end of a sentence; "" when they may.

    A set that is asked for once more, after a crash perhaps, doubles nothing: who got theirs for
    the very same reason is left out.
    """
    if one.suppressed_because is not None:
        return (
            f"is suppressed ({one.suppressed_because}): only an admin who knows better lifts that"
        )
    if one.status != Status.ACTIVE:
        return f"is {one.status}, not active: they must subscribe again themselves"
    if one.paused_until is not None and one.paused_until > now:
        return f"pauses until {one.paused_until:%Y-%m-%d}: they asked for no mail before"
    if one.state in (State.PENDING, State.SENDING):
        return "has one waiting already: it goes out by itself"
    if wanted.addresses:
        return ""
    if one.resend_no and one.because == wanted.because:
        return "was in this resend already: say another --reason to do it again"
    if one.was_sent and not wanted.even_if_sent:
        return "was sent theirs: say --even-if-sent if they must get it again"
    return ""
