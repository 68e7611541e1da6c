"""What readers choose: all their wishes at once, or just to pause, to resume, to get fewer mails.

Ids come from signed links: one that is not there raises LinkError.
"""

from dataclasses import replace
from datetime import datetime

from sqlmodel import Session

from newsletter.adapters.store import subscribers as store
from newsletter.core.schedule import Cadence
from newsletter.core.subscribers import (
    Status,
    Subscriber,
    Wishes,
    check_wishes,
    next_due_at,
    without_past_pause,
)

_SCHEDULE = ("cadence", "weekday", "hour", "time_zone", "paused_until")


def change_wishes(
    session: Session, subscriber_id: int, wishes: Wishes, *, now: datetime
) -> Subscriber:
    """Replace all wishes of a reader; a new schedule counts from now.

    Raises FilterError or ChoiceError, and then nothing has changed; LinkError.
    """
    wishes = without_past_pause(check_wishes(wishes), now=now)
    before = store.subscriber_behind(session, subscriber_id, is_locked=True)
    return _set(session, before, wishes, now=now)


def pause(
    session: Session, subscriber_id: int, *, until: datetime | None, now: datetime
) -> Subscriber:
    """Send no digest before `until`, what waits included; None or an instant past resumes at once.

    The first digest afterwards makes up for the pause, see `core.schedule.days_covered`.
    """
    before = store.subscriber_behind(session, subscriber_id, is_locked=True)
    wishes = without_past_pause(replace(before.wishes, paused_until=until), now=now)
    return _set(session, before, wishes, now=now)


def weekly(session: Session, subscriber_id: int, *, now: datetime) -> Subscriber:
    """One digest a week from now on, on the weekday that stands in the wishes."""
    before = store.subscriber_behind(session, subscriber_id, is_locked=True)
    wishes = replace(before.wishes, cadence=Cadence.WEEKLY.value)
    return _set(session, before, wishes, now=now)


def _set(session: Session, before: Subscriber, wishes: Wishes, *, now: datetime) -> Subscriber:
    store.set_wishes(session, before.id, wishes)
    if wishes.paused_until is not None and before.paused_at is None:
        store.set_paused_at(session, before.id, now)
    is_rescheduled = any(
        getattr(wishes, name) != getattr(before.wishes, name) for name in _SCHEDULE
    )
    if before.status is Status.ACTIVE and (is_rescheduled or before.next_due_at is None):
        store.set_next_due(session, before.id, next_due_at(wishes, now=now))
    return store.subscriber_behind(session, before.id)
