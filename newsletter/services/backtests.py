"""Try filters on the papers of the last days; nothing is written."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from threading import Lock

from sqlmodel import Session

from newsletter.adapters.store.papers import day_marks, paper_days, papers_featured, papers_revision
from newsletter.core.backtest import MAX_DAYS, BackTest, PaperDay, Past, back_test
from newsletter.core.filters import parse_filter
from newsletter.core.papers import Paper
from newsletter.errors import ChoiceError

MOST_PAPERS = 20_000  # kept ready; with more, fewer days are looked at

_Mark = tuple[int, datetime]  # changes with the papers of a day
_Version = tuple[object, date]  # changes with any paper, and every day


@dataclass(slots=True)
class RecentPapers:
    """The papers of the last days, ready for filters, kept from one try to the next.

    May be asked by several threads at once: one of them makes ready what is new, the others go on
    with what was ready before; only the first time they wait.
    """

    _lock: Lock = field(default_factory=Lock)
    _version: _Version | None = None
    _past: Past = field(default_factory=lambda: Past.of(()))
    _days: dict[date, tuple[_Mark, PaperDay]] = field(default_factory=dict)

    @property
    def ready(self) -> Past:
        """The days as they were made ready last; none before the first time."""
        return self._past

    def past(self, session: Session, *, today: date) -> Past:
        """The days as they are stored now; none of them is later than today."""
        version = (papers_revision(session), today)
        if version == self._version:
            return self._past
        if not self._lock.acquire(blocking=self._version is None):
            return self._past
        try:
            if version != self._version:
                self._renew(session, today)
                self._version = version
            return self._past
        finally:
            self._lock.release()

    def _renew(self, session: Session, today: date) -> None:
        """Make ready the days that are new or have changed, and forget those that are too old."""
        first, last = _span(session, today)
        marks = day_marks(session, first, last)
        changed = {day for day, mark in marks.items() if self._mark_of(day) != mark}
        papers: dict[date, list[Paper]] = {day: [] for day in changed}
        if changed:
            for paper in papers_featured(session, min(changed), max(changed)):
                if paper.featured_on in papers:
                    papers[paper.featured_on].append(paper)
        self._days = {
            day: (mark, PaperDay.of(day, papers[day])) if day in changed else self._days[day]
            for day, mark in sorted(marks.items())
        }
        self._past = Past.of([day for _, day in self._days.values()])

    def _mark_of(self, day: date) -> _Mark | None:
        return self._days[day][0] if day in self._days else None


def _span(session: Session, today: date) -> tuple[date, date]:
    """The first and the last day to keep ready."""
    days = [(day, count) for day, count in paper_days(session, limit=2 * MAX_DAYS) if day <= today]
    if not days:
        return today, today
    first = last = days[0][0]
    total = 0
    for day, count in days:
        total += count
        if day <= last - timedelta(days=MAX_DAYS) or (total > MOST_PAPERS and day != last):
            break
        first = day
    return first, last


def try_filter(text: str, past: Past, *, days: int, most: int | None = None) -> BackTest:
    """What this filter would have brought; see core.backtest. Raises FilterError, ChoiceError."""
    wanted = parse_filter(text)
    if not 1 <= days <= MAX_DAYS:
        raise ChoiceError(f"{days} days cannot be looked at: choose from 1 to {MAX_DAYS}.")
    return back_test(wanted, past, days=days, most=most)
