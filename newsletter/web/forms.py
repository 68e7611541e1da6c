"""Forms as they were typed: read, reviewed, changed by their buttons, shown again.

Nothing that was typed is lost: a form keeps text, also where a number or a date was meant, until
it is turned into Wishes. Rows are numbered from 0 without gaps; a row with nothing in it, or one
that was marked for removal, is left out.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import TypeVar
from zoneinfo import ZoneInfo, available_timezones

from newsletter.core.schedule import Cadence, check_time_zone, midnight_of, time_zone_meant
from newsletter.core.subscribers import MAX_MUTES, MAX_TOPICS, TopicText, Wishes, review_wishes
from newsletter.core.text import clean, cut
from newsletter.errors import ChoiceError, FilterError

LONGEST_PAUSE = timedelta(days=366)
LONGEST_OWN_NAME = 60  # characters of a filter that stand for a topic's missing name
MAX_ROWS = 60  # of a kind; a form with more was not made by our page
_ROW = re.compile(r"(topics|mutes)-([0-9]{1,3})(?:-(name|filter|cap|on|box|remove))?")
_REGIONS = ("Africa/", "America/", "Antarctica/", "Asia/", "Atlantic/", "Australia/", "Europe/",
            "Indian/", "Pacific/")  # fmt: skip

T = TypeVar("T")
Errors = dict[str, FilterError | ChoiceError]


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicField:
    """A topic's row as typed. cap: "" for none of its own."""

    name: str = ""
    filter: str = ""
    cap: str = ""
    is_on: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class WishesForm:
    """All wishes as typed. paused_until: an ISO date in the time zone, or ""."""

    topics: tuple[TopicField, ...] = ()
    mutes: tuple[str, ...] = ()
    cadence: str = "weekdays"
    weekday: str = "0"
    hour: str = "7"
    time_zone: str = "UTC"
    cap: str = "10"
    thumbnails: bool = False
    language: str = "en"
    paused_until: str = ""

    def wishes(self, *, today: date) -> tuple[Wishes, Errors]:
        """The wishes, reviewed, and what cannot be kept, by the name of its field.

        A topic without a name takes its filter's text for one. today: a pause ends within
        LONGEST_PAUSE of it. With errors the wishes are not those that were typed.
        """
        errors: Errors = {}
        numbers = {
            name: _number(name, getattr(self, name), errors) for name in ("weekday", "hour", "cap")
        }
        typed = Wishes(
            topics=tuple(_topic(n, topic, errors) for n, topic in enumerate(self.topics)),
            mutes=self.mutes,
            cadence=self.cadence,
            time_zone=self.time_zone,
            thumbnails=self.thumbnails,
            language=self.language,
            paused_until=_pause(self.paused_until, self.time_zone, errors, today=today),
            **numbers,
        )
        wishes, problems = review_wishes(typed)
        for problem in problems:
            errors.setdefault(problem.field, problem.error)
        return wishes, errors

    def pressed(self, button: str) -> "WishesForm":
        """The form after one of its buttons: "add-topic", "up-2", "remove-0", "remove-mute-1" …

        An unknown button, or one of a row that is not there, changes nothing.
        """
        action, _, row = button.rpartition("-")
        if button == "add-topic":
            return replace(self, topics=(*self.topics, TopicField())[:MAX_TOPICS])
        if button == "add-mute":
            return replace(self, mutes=(*self.mutes, "")[:MAX_MUTES])
        if not row.isascii() or not row.isdigit() or len(row) > 3:
            return self
        number = int(row)
        if action == "remove-mute":
            return replace(self, mutes=_without(self.mutes, number))
        if action == "remove":
            return replace(self, topics=_without(self.topics, number))
        if action in ("up", "down"):
            return replace(self, topics=_moved(self.topics, number, -1 if action == "up" else 1))
        return self


def form_of(wishes: Wishes) -> WishesForm:
    """The form that shows these wishes."""
    paused = wishes.paused_until
    if paused is not None:
        paused = paused.astimezone(_zone(wishes.time_zone) or UTC)
    return WishesForm(
        topics=tuple(
            TopicField(
                name=topic.name,
                filter=topic.filter,
                cap="" if topic.cap is None else str(topic.cap),
                is_on=topic.is_on,
            )
            for topic in wishes.topics
        ),
        mutes=wishes.mutes,
        cadence=wishes.cadence,
        weekday=str(wishes.weekday),
        hour=str(wishes.hour),
        time_zone=wishes.time_zone,
        cap=str(wishes.cap),
        thumbnails=wishes.thumbnails,
        language=wishes.language,
        paused_until="" if paused is None else paused.date().isoformat(),
    )


def read_form(fields: Mapping[str, str], *, before: WishesForm) -> WishesForm:
    """What was typed. before: stands in for plain fields that the page did not have.

    A box that is not ticked is not sent,
    so hidden fields say that a page has boxes: `boxes`, and `topics-N-box` for each row.
    """
    topics, mutes = _rows(fields)
    plain = {
        name: fields.get(name, getattr(before, name)).strip()
        for name in ("cadence", "weekday", "hour", "time_zone", "cap", "language", "paused_until")
    }
    plain["time_zone"] = time_zone_meant(plain["time_zone"])
    is_ticked = "thumbnails" in fields if "boxes" in fields else before.thumbnails
    return WishesForm(topics=topics, mutes=mutes, thumbnails=is_ticked, **plain)


def _rows(fields: Mapping[str, str]) -> tuple[tuple[TopicField, ...], tuple[str, ...]]:
    rows: dict[int, dict[str, str]] = {}
    mutes: dict[int, str] = {}
    for name, value in fields.items():
        found = _ROW.fullmatch(name)
        if found is None:
            continue
        kind, number, part = found[1], int(found[2]), found[3]
        if kind == "mutes" and part is None and len(mutes) < MAX_ROWS:
            mutes[number] = value.strip()
        elif kind == "topics" and part and (number in rows or len(rows) < MAX_ROWS):
            rows.setdefault(number, {})[part] = value.strip()
    kept = [_field(rows[number]) for number in sorted(rows) if _is_wanted(rows[number])]
    return tuple(kept), tuple(mutes[number] for number in sorted(mutes) if mutes[number])


def _is_wanted(row: Mapping[str, str]) -> bool:
    return "remove" not in row and bool(row.get("name") or row.get("filter"))


def _field(row: Mapping[str, str]) -> TopicField:
    return TopicField(
        name=row.get("name", ""),
        filter=row.get("filter", ""),
        cap=row.get("cap", ""),
        is_on="on" in row or "box" not in row,
    )


def _topic(number: int, field: TopicField, errors: Errors) -> TopicText:
    cap = _number(f"topics-{number}-cap", field.cap, errors) if field.cap else None
    name = field.name or cut(clean(field.filter), LONGEST_OWN_NAME)
    return TopicText(name=name, filter=field.filter, cap=cap, is_on=field.is_on)


def _number(name: str, text: str, errors: Errors) -> int:
    """The number; 1, which every field takes, and an error when the text is none."""
    if text.isascii() and text.lstrip("-").isdigit() and len(text) <= 9:
        return int(text)
    errors[name] = ChoiceError(f"“{cut(text, 40)}” is not a number: write one such as 10.")
    return 1


def _pause(text: str, time_zone: str, errors: Errors, *, today: date) -> datetime | None:
    """The first instant of that day in the reader's time zone; one that is past is no pause."""
    if not text:
        return None
    try:
        day = _pause_end(text, today=today)
    except ChoiceError as error:
        errors["paused_until"] = error
        return None
    return midnight_of(day, time_zone if _zone(time_zone) else "UTC")


def check_pause(text: str, *, today: date) -> date:
    """The day on which a pause ends, later than today. Raises ChoiceError."""
    day = _pause_end(text, today=today)
    if day <= today:
        raise ChoiceError(f"The pause would end on {day}, which is not in the future.")
    return day


def _pause_end(text: str, *, today: date) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise ChoiceError(
            f"“{cut(text, 40)}” is not a date: write it as {today + timedelta(days=14)}."
        ) from None
    if day > today + LONGEST_PAUSE:
        raise ChoiceError(f"The pause would end on {day}: it may last a year at most.")
    return day


def _zone(name: str) -> ZoneInfo | None:
    try:
        return check_time_zone(name)
    except ChoiceError:
        return None


def _without(items: Sequence[T], number: int) -> tuple[T, ...]:
    return tuple(item for n, item in enumerate(items) if n != number)


def _moved(items: Sequence[T], number: int, step: int) -> tuple[T, ...]:
    other = number + step
    if not (0 <= number < len(items) and 0 <= other < len(items)):
        return tuple(items)
    moved = list(items)
    moved[number], moved[other] = moved[other], moved[number]
    return tuple(moved)


@lru_cache(maxsize=1)
def time_zones() -> tuple[str, ...]:
    """What the field of the time zone offers; it takes every other name of a zone too."""
    regional = (name for name in available_timezones() if name.startswith(_REGIONS))
    return ("UTC", *sorted(regional))


CADENCES = (
    (Cadence.WEEKDAYS.value, "Monday to Friday"),
    (Cadence.DAILY.value, "Every day"),
    (Cadence.WEEKLY.value, "Once a week"),
    (Cadence.MONTHLY.value, "On the first of each month"),
)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

# What can be ticked on the pages that subscribe; each is a topic of its own.
EXAMPLES = (
    TopicField(name="Agents", filter="title:agent* OR keyword:agent*"),
    TopicField(name="Reasoning", filter='reasoning OR "chain of thought"'),
    TopicField(
        name="Image and video generation",
        filter='"image generation" OR "video generation" OR diffusion',
    ),
    TopicField(name="Robots", filter="robot* OR embodied"),
    TopicField(name="Code at hand", filter="has:code upvotes:>=20"),
    TopicField(name="Everything", filter="*"),
)
