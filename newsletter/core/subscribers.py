"""A subscriber and their wishes, as values."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

MAX_TOPICS = 20
MAX_MUTES = 20
MAX_CAP = 50


class Status(StrEnum):
    PENDING = "pending"  # asked for, not yet confirmed
    ACTIVE = "active"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicText:
    """A topic as its reader wrote it; `filter` is text in the filter language."""

    name: str
    filter: str
    cap: int | None = None
    is_on: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """All that a reader can choose.

    cadence: daily, weekdays, weekly or monthly. weekday: for weekly, 0 is Monday. hour: 0 to 23 in
    time_zone (an IANA name). cap: most papers in one digest, 1 to MAX_CAP. mutes: filter texts.
    """

    topics: tuple[TopicText, ...] = ()
    mutes: tuple[str, ...] = ()
    cadence: str = "weekdays"
    weekday: int = 0
    hour: int = 7
    time_zone: str = "UTC"
    cap: int = 10
    thumbnails: bool = False
    paused_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber:
    """One reader; instants are aware UTC, None while they have not happened."""

    id: int
    address: str
    status: Status
    wishes: Wishes
    created_at: datetime
    next_due_at: datetime | None = None
    confirmed_at: datetime | None = None
    ended_at: datetime | None = None
    ended_because: str = ""
