"""When a subscriber's digest is due: in their time zone, on their days, at their hour."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from difflib import get_close_matches
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from newsletter.errors import ChoiceError

_DAY = timedelta(days=1)
_SHOWN = 60  # characters of a wrong value that a message repeats
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_NOT_PLACES = {"localtime", "posixrules", "Factory"}  # what a machine was set to, not a zone


class Cadence(StrEnum):
    """How often a subscriber gets a digest."""

    DAILY = "daily"
    WEEKDAYS = "weekdays"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


LONGEST_WINDOW = 32  # dates; no digest covers more, not even the first after a long pause

# Dates that a digest covers, that of its edition included. What the reader has seen is left out
# anyway, so a window may reach over the one before: it must never fall short of it, since a day's
# list still grows after the reader's hour.
_WINDOW_DAYS = {
    Cadence.DAILY: 3,
    # Monday's digest follows that of Friday morning: Friday to Monday, or what Friday afternoon
    # brought would never arrive.
    Cadence.WEEKDAYS: 4,
    Cadence.WEEKLY: 8,
    Cadence.MONTHLY: LONGEST_WINDOW,
}


def window_days(cadence: Cadence) -> int:
    """How many dates a digest covers, counted back from its edition's own date, which is one."""
    return _WINDOW_DAYS[cadence]


def days_covered(cadence: Cadence, *, edition: date, paused_on: date | None) -> int:
    """How many dates this reader's digest covers, counted back from its edition's own date.

    paused_on: the date on which a pause began after which they had no digest yet, None for no
    such pause. Their first one reaches as far back as one of that date would have, and no further
    than LONGEST_WINDOW.
    """
    days = window_days(cadence)
    if paused_on is None:
        return days
    return min(days + max((edition - paused_on).days, 0), LONGEST_WINDOW)


def edition_of(now: datetime, time_zone: str) -> date:
    """The date in this time zone: the edition that a reader there gets. now: aware."""
    return _aware(now).astimezone(check_time_zone(time_zone)).date()


def next_due(
    cadence: Cadence, *, hour: int, weekday: int, time_zone: str, after: datetime
) -> datetime:
    """The next instant when a digest is due, in UTC, later than `after` (aware).

    hour: 0 to 23 in the time zone. weekday: for weekly, 0 is Monday; the others do not look at it.
    Weekdays are Monday to Friday, monthly is the first of a month. Each local day has exactly one
    due instant: an hour that the clocks skip is due right after, as far as they moved on; one that
    comes twice is due the first time. Raises ChoiceError for a choice out of its range.
    """
    cadence, hour, weekday = check_cadence(cadence), check_hour(hour), check_weekday(weekday)
    zone = check_time_zone(time_zone)
    after = _aware(after)
    day = after.astimezone(zone).date() - _DAY
    while True:
        if _is_day_of(cadence, day, weekday):
            due = datetime.combine(day, time(hour), zone).astimezone(UTC)
            # A day that a zone left out (Samoa, 30 December 2011) has no hour of its own.
            if due > after and due.astimezone(zone).date() == day:
                return due
        day += _DAY


def due_on(
    edition: date, cadence: Cadence, *, hour: int, weekday: int, time_zone: str
) -> datetime | None:
    """When the digest of this edition is due to a reader; None on a day that is not theirs."""
    before = midnight_of(edition, time_zone) - timedelta(microseconds=1)
    due = next_due(cadence, hour=hour, weekday=weekday, time_zone=time_zone, after=before)
    return due if edition_of(due, time_zone) == edition else None


def midnight_of(day: date, time_zone: str) -> datetime:
    """The first instant of this date in this time zone, in UTC."""
    return datetime.combine(day, time(), check_time_zone(time_zone)).astimezone(UTC)


def _is_day_of(cadence: Cadence, day: date, weekday: int) -> bool:
    match cadence:
        case Cadence.DAILY:
            return True
        case Cadence.WEEKDAYS:
            return day.weekday() < 5
        case Cadence.WEEKLY:
            return day.weekday() == weekday
        case Cadence.MONTHLY:
            return day.day == 1


def check_cadence(cadence: str) -> Cadence:
    """The cadence of this name. Raises ChoiceError."""
    try:
        return Cadence(cadence)
    except ValueError:
        hint = _suggestion(str(cadence), Cadence) or f"choose {', '.join(Cadence)}"
        raise ChoiceError(f"the cadence is {_shown(cadence)}: {hint}") from None


def check_hour(hour: int) -> int:
    """The hour. Raises ChoiceError when it is not a whole number from 0 to 23."""
    if _is_whole(hour) and 0 <= hour <= 23:
        return hour
    raise ChoiceError(f"the hour is {_shown(hour)}: choose a full hour from 0 to 23")


def check_weekday(weekday: int) -> int:
    """The weekday. Raises ChoiceError when it is not a whole number from 0, Monday, to 6."""
    if _is_whole(weekday) and 0 <= weekday <= 6:
        return weekday
    raise ChoiceError(f"the weekday is {_shown(weekday)}: choose 0 for Monday to 6 for Sunday")


@lru_cache(maxsize=1024)
def check_time_zone(name: str) -> ZoneInfo:
    """The time zone of this IANA name. Raises ChoiceError, with the name that was meant."""
    if name in _time_zones():
        return ZoneInfo(name)
    hint = _suggestion(name, _time_zones()) or "choose a name such as Europe/Berlin, or UTC"
    raise ChoiceError(f"the time zone is {_shown(name)}: {hint}")


def time_zone_meant(text: str) -> str:
    """The name of the zone that a person means, or the text as it is where that is none.

    Capitals do not matter, a blank may stand for an underscore, and a city for its zone: "new york"
    is America/New_York.
    """
    return _zones_by_word().get(text.strip()[:_SHOWN].casefold().replace(" ", "_"), text)


@lru_cache(maxsize=1)
def _zones_by_word() -> dict[str, str]:
    """Each zone by its name and by its city. Zones of one city, as Istanbul has, keep one time."""
    names = sorted(_time_zones())
    cities = {name.casefold().rpartition("/")[2]: name for name in names if "Etc/" not in name}
    return cities | {name.casefold(): name for name in names}


@lru_cache(maxsize=1)
def _time_zones() -> frozenset[str]:
    return frozenset(available_timezones() - _NOT_PLACES)


def _suggestion(name: str, known: Iterable[str]) -> str:
    """`did you mean …?` for a name that is near, or that is the city of a zone; else ""."""
    wanted = name.strip()[:_SHOWN].casefold().replace(" ", "_")
    folded: dict[str, str] = {}
    for one in sorted(known):
        folded.setdefault(one.casefold(), one)
        folded.setdefault(one.casefold().rpartition("/")[2], one)
    near = get_close_matches(wanted, folded, n=1, cutoff=0.75)
    return f"did you mean {folded[near[0]]}?" if near else ""


def _is_whole(number: object) -> bool:
    return isinstance(number, int) and not isinstance(number, bool)


def _shown(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= _SHOWN else shown[:_SHOWN] + "…"


def _aware(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise ValueError(f"{instant!r} has no time zone: instants are aware UTC")
    return instant
