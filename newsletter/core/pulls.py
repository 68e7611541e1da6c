"""Which days a source is to be asked for, and when again."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta

PULL_INTERVAL = timedelta(minutes=20)  # a day's list grows during the day, and upvotes with it
PULL_LEASE = timedelta(minutes=10)  # longer than a pull with all its retries
LOOK_BACK_DAYS = 3  # after an outage: the window of a daily digest

# Entries are added to a day's list for some hours after the day has ended in UTC.
SETTLED_AFTER = timedelta(hours=12)

Known = Mapping[tuple[str, date], tuple[datetime | None, datetime | None]]


def days_to_pull(source: str, known: Known, *, now: datetime) -> list[date]:
    """The days this source is to be asked for now, oldest first.

    known: per (source, day) when it last answered and when it may be asked again. A day is done
    once it was pulled after it had settled.
    """
    days = [now.date() - timedelta(days=back) for back in range(LOOK_BACK_DAYS, -1, -1)]
    return [day for day in days if _is_due(day, *known.get((source, day), (None, None)), now=now)]


def _is_due(
    day: date, succeeded_at: datetime | None, next_at: datetime | None, *, now: datetime
) -> bool:
    settled_at = datetime.combine(day, time(), tzinfo=UTC) + timedelta(days=1) + SETTLED_AFTER
    if succeeded_at is not None and succeeded_at >= settled_at:
        return False
    return next_at is None or next_at <= now
