"""A subscriber and their wishes, as values, and the rules that wishes must keep."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TypeVar

from newsletter.core.filters import parse_filter
from newsletter.core.languages import check_language
from newsletter.core.schedule import (
    Cadence,
    check_cadence,
    check_hour,
    check_time_zone,
    check_weekday,
    days_covered,
    edition_of,
    next_due,
)
from newsletter.core.text import clean, cut, fold
from newsletter.errors import ChoiceError, FilterError

MAX_TOPICS = 20
MAX_MUTES = 20
MAX_CAP = 50
MAX_NAME = 100
MOST_CONFIRMATIONS = 3  # a day and address: a stranger can type any address into a form
LEFT_BY_READER = ("one click", "page", "mail")  # reasons of an end that its reader may take back
# Where the provider would send them nothing any more, whatever we say.
LEFT_AT_PROVIDER = "at the mail provider"
_SHOWN = 60
_INSTANT = timedelta(microseconds=1)

T = TypeVar("T")


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
    language: in which dates are written.
    """

    topics: tuple[TopicText, ...] = ()
    mutes: tuple[str, ...] = ()
    cadence: str = "weekdays"
    weekday: int = 0
    hour: int = 7
    time_zone: str = "UTC"
    cap: int = 10
    thumbnails: bool = False
    language: str = "en"
    paused_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber:
    """One reader; instants are aware UTC, None while they have not happened.

    paused_at: when a pause began that no digest has followed yet; it may be over by now.
    """

    id: int
    address: str
    status: Status
    wishes: Wishes
    created_at: datetime
    next_due_at: datetime | None = None
    paused_at: datetime | None = None
    confirmed_at: datetime | None = None
    ended_at: datetime | None = None
    ended_because: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One wish that cannot be kept. field: "cap", "topics", "topics-0-filter", "mutes-2", …"""

    field: str
    error: FilterError | ChoiceError


def check_wishes(wishes: Wishes) -> Wishes:
    """The same wishes with clean names and canonical filters, as they are stored.

    Raises FilterError or ChoiceError for the first wish that cannot be kept.
    """
    checked, problems = review_wishes(wishes)
    if problems:
        raise problems[0].error
    return checked


def review_wishes(wishes: Wishes) -> tuple[Wishes, tuple[Problem, ...]]:
    """The wishes as they would be stored, and every problem in them, in a form's order.

    What has a problem comes back as it was given, so that nothing a reader typed is lost.
    """
    review = _Review()
    review.keep("topics", _check_topic_count, wishes.topics)
    topics = tuple(review.topic(n, topic, wishes) for n, topic in enumerate(wishes.topics))
    review.keep("mutes", _check_mute_count, wishes.mutes)
    mutes = tuple(review.keep(f"mutes-{n}", _canonical, t) for n, t in enumerate(wishes.mutes))
    review.keep("cadence", check_cadence, wishes.cadence)
    review.keep("weekday", check_weekday, wishes.weekday)
    review.keep("hour", check_hour, wishes.hour)
    review.keep("time_zone", _check_zone, wishes.time_zone)
    review.keep("cap", _check_cap, wishes.cap)
    review.keep("language", check_language, wishes.language)
    review.keep("paused_until", _check_pause, wishes.paused_until)
    return replace(wishes, topics=topics, mutes=mutes), tuple(review.problems)


@dataclass(slots=True)
class _Review:
    """Goes over a reader's wishes and collects what cannot be kept."""

    problems: list[Problem] = field(default_factory=list)

    def keep(self, name: str, check: Callable[[T], T], value: T) -> T:
        """What the check makes of the value; the value itself, and a problem, when it raises."""
        try:
            return check(value)
        except (FilterError, ChoiceError) as error:
            self.problems.append(Problem(field=name, error=error))
            return value

    def topic(self, number: int, topic: TopicText, wishes: Wishes) -> TopicText:
        """One topic; names must differ, since a mail says by name what brought a paper."""
        before = {fold(clean(other.name)) for other in wishes.topics[:number]}
        lead = f"topics-{number}"
        return replace(
            topic,
            name=self.keep(f"{lead}-name", lambda name: _checked_name(name, before), topic.name),
            filter=self.keep(f"{lead}-filter", _canonical, topic.filter),
            cap=self.keep(f"{lead}-cap", _check_topic_cap, topic.cap),
        )


def next_due_at(wishes: Wishes, *, now: datetime) -> datetime:
    """When the next digest of these wishes is due: after now, and not before a pause ends."""
    after = now
    if wishes.paused_until is not None:
        after = max(now, wishes.paused_until - _INSTANT)  # that instant itself is no longer paused
    return next_due(
        check_cadence(wishes.cadence),
        hour=wishes.hour,
        weekday=wishes.weekday,
        time_zone=wishes.time_zone,
        after=after,
    )


def first_day(subscriber: Subscriber, edition: date) -> date:
    """The first date that this reader's digest of this edition covers, if it is made now."""
    wishes, paused_on = subscriber.wishes, None
    if subscriber.paused_at is not None:
        paused_on = edition_of(subscriber.paused_at, wishes.time_zone)
    days = days_covered(Cadence(wishes.cadence), edition=edition, paused_on=paused_on)
    return edition - timedelta(days=days - 1)


def without_past_pause(wishes: Wishes, *, now: datetime) -> Wishes:
    """The same wishes; a pause that is over is none."""
    is_over = wishes.paused_until is not None and wishes.paused_until <= now
    return replace(wishes, paused_until=None) if is_over else wishes


def _canonical(text: str) -> str:
    return parse_filter(text).text


def _checked_name(name: str, before: set[str]) -> str:
    cleaned = clean(name)
    if not cleaned:
        raise ChoiceError("A topic has no name: give it one, such as “Agents”.")
    if len(cleaned) > MAX_NAME:
        raise ChoiceError(
            f"The topic’s name “{cut(cleaned, _SHOWN)}” has {len(cleaned)} characters: "
            f"at most {MAX_NAME} are allowed."
        )
    if fold(cleaned) in before:
        raise ChoiceError(
            f"Two topics have the name “{cut(cleaned, _SHOWN)}”: give one of them another."
        )
    return cleaned


def _check_topic_count(topics: tuple[TopicText, ...]) -> tuple[TopicText, ...]:
    if not topics:
        raise ChoiceError("There is no topic: add at least one, or no paper can match.")
    if len(topics) > MAX_TOPICS:
        raise ChoiceError(f"There are {len(topics)} topics: at most {MAX_TOPICS} are allowed.")
    return topics


def _check_mute_count(mutes: tuple[str, ...]) -> tuple[str, ...]:
    if len(mutes) > MAX_MUTES:
        raise ChoiceError(f"There are {len(mutes)} mutes: at most {MAX_MUTES} are allowed.")
    return mutes


def _check_zone(name: str) -> str:
    return check_time_zone(name).key


def _check_cap(cap: int) -> int:
    if not 1 <= cap <= MAX_CAP:
        raise ChoiceError(
            f"The most papers in one mail is {cap}: it must be a number from 1 to {MAX_CAP}."
        )
    return cap


def _check_topic_cap(cap: int | None) -> int | None:
    if cap is not None and not 1 <= cap <= MAX_CAP:
        raise ChoiceError(
            f"The most papers of one topic is {cap}: it must be a number from 1 to {MAX_CAP}, "
            "or left empty."
        )
    return cap


def _check_pause(paused_until: datetime | None) -> datetime | None:
    if paused_until is not None and paused_until.tzinfo is None:
        raise ValueError(f"{paused_until!r} has no time zone: instants are aware UTC")
    return paused_until
