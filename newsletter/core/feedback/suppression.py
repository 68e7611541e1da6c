"""When an address must not be mailed any more. The rule, pure; who keeps it is no matter here.

A dead address stops at once, and so does a complaint. Anything else is only counted where it
speaks of the reader's mailbox: what speaks of us (policy, reputation, spam, our message) or of the
way costs no reader the mail, however often it comes.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from newsletter.core.reports.causes import CAUSES
from newsletter.core.reports.values import Kind, Record

# Five daily papers in a row that a mailbox did not take. A full mailbox is emptied within days
# after a holiday of two weeks or so; who reads once a week reaches five in five weeks, which is
# longer than the window, so only a reader with more mails than that can be counted out.
MOST_BAD_DAYS = 5
WINDOW = timedelta(days=30)

_COUNTS = frozenset(cause.word for cause in CAUSES if cause.is_about_reader)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What became of one message to the address before.

    at: aware UTC. cause: of the record of a failure; "" of a message that the next server took and
    no report came back for: a success.
    """

    at: datetime
    cause: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """An address must not be mailed from now on. reason: a sentence for the admin."""

    reason: str
    since: datetime


def decide(record: Record, history: Iterable[Event], *, now: datetime) -> Suppression | None:
    """Whether this record ends the mail to its address, and why.

    history: earlier events of the same address, in any order, this record not among them. now:
    aware UTC, when the record came. A delay decides nothing: the server tries on and tells again.
    """
    if record.is_delay or record.kind is Kind.IGNORE:
        return None
    if record.kind is Kind.COMPLAINT:
        return Suppression(reason=f"the reader complained ({record.cause})", since=now)
    if record.kind is Kind.HARD:
        return Suppression(reason=f"hard bounce: {_told(record)}", since=now)
    if not wants_history(record):
        return None
    days = len(bad_days([*history, Event(at=now, cause=record.cause)], now=now))
    if days < MOST_BAD_DAYS:
        return None
    return Suppression(
        reason=f"soft bounces on {days} days within {WINDOW.days}, the last: {_told(record)}",
        since=now,
    )


def wants_history(record: Record) -> bool:
    """Whether `decide` looks at the earlier events at all: most records decide without them."""
    return record.kind is Kind.SOFT and not record.is_delay and record.cause in _COUNTS


def bad_days(history: Iterable[Event], *, now: datetime) -> frozenset[date]:
    """The score: days (UTC) in the window on which the address failed, since it last worked.

    One day counts once however many reports it brings; each falls out of the window by itself.
    """
    events = [event for event in history if now - WINDOW < event.at <= now]
    worked_at = max((event.at for event in events if not event.cause), default=now - WINDOW)
    return frozenset(
        event.at.astimezone(UTC).date()
        for event in events
        if event.cause in _COUNTS and event.at > worked_at
    )


def _told(record: Record) -> str:
    return f"{record.cause}, {record.status}" if record.status else record.cause
