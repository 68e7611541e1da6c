"""How many papers a filter would have brought day by day, as bars."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from newsletter.core.backtest import DayCount
from newsletter.core.mail.wording import counted, day_in_words

WIDTH, HEIGHT = 320, 56  # of the drawing, in its own units
GAP = 2
LEAST = 2  # of a day that had papers, so that it can be told from one that had none


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """words: "Thursday, 18 June 2026: 4 of 31 papers". A day with no match is faint."""

    x: float
    y: float
    width: float
    height: float
    words: str
    is_faint: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Bars from the oldest day to the newest; the tallest stands for `most` matches.

    words: what they show, for those who cannot see.
    """

    width: int
    height: int
    bars: tuple[Bar, ...]
    most: int
    first: date
    last: date
    words: str


def chart_of(days: Sequence[DayCount], *, span: int) -> Chart | None:
    """The last `span` days as bars; None where no day has papers. days: oldest first."""
    if not days:
        return None
    last = days[-1].date
    first = last - timedelta(days=span - 1)
    most = max(day.matches for day in days)
    step = WIDTH / span
    bars = tuple(_bar(day, x=(day.date - first).days * step, step=step, most=most) for day in days)
    return Chart(
        width=WIDTH,
        height=HEIGHT,
        bars=bars,
        most=most,
        first=first,
        last=last,
        words=_words(days, most),
    )


def _bar(day: DayCount, *, x: float, step: float, most: int) -> Bar:
    height = max(LEAST, HEIGHT * day.matches / most) if most else LEAST
    return Bar(
        x=round(x + GAP / 2, 1),
        y=round(HEIGHT - height, 1),
        width=round(step - GAP, 1),
        height=round(height, 1),
        words=f"{day_in_words(day.date)}: {day.matches} of {counted(day.papers, 'paper')}",
        is_faint=not day.matches,
    )


def _words(days: Sequence[DayCount], most: int) -> str:
    total = sum(day.matches for day in days)
    matches = "1 match" if total == 1 else f"{total} matches"
    looked = f"{matches} on {counted(len(days), 'day')} with papers"
    if not most:
        return looked
    best = max(days, key=lambda day: day.matches)
    return f"{looked}; the most, {most}, on {day_in_words(best.date)}"
