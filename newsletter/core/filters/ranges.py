"""Numbers and dates of a filter: `>=5`, `10..100`, `2025-03`, `<2025-01-15`."""

import re
import unicodedata
from calendar import monthrange
from collections.abc import Callable
from datetime import date, timedelta
from typing import TypeVar

from newsletter.core.filters.troubles import Trouble

T = TypeVar("T", int, date)

_COMPARED = re.compile(r"(>=|<=|>|<|=|)\s*([^\s<>=]+)")
_NUMBER = re.compile(r"[0-9]{1,12}")
_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{1,2})(?:-([0-9]{1,2}))?)?")
_SIGNS = str.maketrans({"≥": ">=", "≤": "<="})
_DAY = timedelta(days=1)


def read_numbers(field: str, value: str, start: int) -> tuple[int | None, int | None, str]:
    """Lowest and highest number that pass, None where there is no limit, and the canonical text.

    Raises Trouble for anything else than whole numbers from 0, and for what nothing can pass.
    """
    how = f"write a whole number, as in `{field}:>=5` or `{field}:10..100`"

    def read(text: str) -> tuple[int, int]:
        if not _NUMBER.fullmatch(text):
            raise Trouble(start, f"`{field}:` cannot compare with `{text[:30]}`: {how}")
        return int(text), int(text)

    low, high = _limits(value, read, lambda number, step: number + step, how, start)
    if high is not None and high < 0:
        raise Trouble(start, f"no number is below 0: {how}")
    return low, high, _write(low, high)


def read_days(field: str, value: str, start: int) -> tuple[date | None, date | None, str]:
    """First and last date that pass, likewise. A year or a month stands for all its days."""
    how = f"write a date, as in `{field}:>=2025-01-31`, `{field}:2025-03` or `{field}:2024..2025`"

    def read(text: str) -> tuple[date, date]:
        match = _DATE.fullmatch(text)
        if match is None:
            raise Trouble(start, f"`{text[:30]}` is not a date: {how}")
        return _days_of(match, start)

    def move(day: date, step: int) -> date:
        try:
            return day + step * _DAY
        except OverflowError:
            raise Trouble(start, f"no date lies beyond {day}: {how}") from None

    low, high = _limits(value, read, move, how, start)
    return low, high, _whole_period(low, high) or _write(low, high)


def _whole_period(low: date | None, high: date | None) -> str:
    """The year or month that these are the ends of, "" when they are not."""
    if low is None or high is None or (low.year, low.day) != (high.year, 1):
        return ""
    if (low.month, high.month, high.day) == (1, 12, 31):
        return f"{low.year:04}"
    is_month = low.month == high.month and high.day == monthrange(low.year, low.month)[1]
    return f"{low:%Y-%m}" if is_month else ""


def _limits(
    value: str,
    read: Callable[[str], tuple[T, T]],
    move: Callable[[T, int], T],
    how: str,
    start: int,
) -> tuple[T | None, T | None]:
    """The limits that a comparison or a range sets.

    read: what is written → the first and the last that it stands for. move: its neighbour.
    """
    value = unicodedata.normalize("NFKC", value.strip().translate(_SIGNS)).replace("…", "..")
    if ".." in value:
        return _range(value, read, how, start)
    match = _COMPARED.fullmatch(value)
    if match is None:
        raise Trouble(start, f"`{value[:30]}` compares with nothing: {how}")
    first, last = read(match[2])
    match match[1]:
        case ">=":
            return first, None
        case ">":
            return move(last, 1), None
        case "<=":
            return None, last
        case "<":
            return None, move(first, -1)
        case _:
            return first, last


def _range(
    value: str, read: Callable[[str], tuple[T, T]], how: str, start: int
) -> tuple[T | None, T | None]:
    before, _, after = value.partition("..")
    if not before and not after:
        raise Trouble(start, f"`..` has neither start nor end: {how}")
    low = read(before)[0] if before else None
    high = read(after)[1] if after else None
    if low is not None and high is not None and low > high:
        raise Trouble(start, f"nothing lies from {before} to {after}: write `{after}..{before}`")
    return low, high


def _days_of(match: re.Match[str], start: int) -> tuple[date, date]:
    year, month, day = (int(part) if part else None for part in match.groups())
    assert year is not None
    try:
        if month is None:
            return date(year, 1, 1), date(year, 12, 31)
        if day is None:
            return date(year, month, 1), date(year, month, monthrange(year, month)[1])
        return date(year, month, day), date(year, month, day)
    except ValueError:
        raise Trouble(start, f"{match[0]} is not in the calendar: {_mend(year, month)}") from None


def _mend(year: int, month: int | None) -> str:
    if year < 1:
        return "years start at 0001"
    if month is None or not 1 <= month <= 12:
        return f"the month is from 01 to 12, as in {year:04}-12"
    return f"the last day of that month is {year:04}-{month:02}-{monthrange(year, month)[1]}"


def _write(low: T | None, high: T | None) -> str:
    if low == high:
        return str(low)
    if high is None:
        return f">={low}"
    return f"<={high}" if low is None else f"{low}..{high}"
