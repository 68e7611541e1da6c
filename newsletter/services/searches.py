"""Papers by filter, the newest first, a page at a time, as far back as any are stored."""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from threading import Lock

from sqlmodel import Session

from newsletter.adapters.store.papers import day_marks, paper_days, papers_featured
from newsletter.core.backtest import Match, PaperDay, matches_of
from newsletter.core.filters import parse_filter
from newsletter.core.matching import PaperIndex
from newsletter.core.results import Place, Searched

MOST_KEPT = 20_000  # papers of older days kept ready
MOST_NEW = 250  # papers made ready for one page: about a fifth of a second
DAYS_AT_ONCE = 30

_Mark = tuple[int, datetime]


@dataclass(slots=True)
class OlderPapers:
    """Days of long ago, made ready when a search comes to them; those used last are kept.

    most_kept: papers. most_new: papers that are made ready for one page.
    """

    most_kept: int = MOST_KEPT
    most_new: int = MOST_NEW
    _lock: Lock = field(default_factory=Lock)
    _days: OrderedDict[date, tuple[_Mark, PaperIndex]] = field(default_factory=OrderedDict)

    def ready(self, day: date, mark: _Mark) -> PaperIndex | None:
        """The day's papers as they are stored now, if they are kept."""
        with self._lock:
            kept = self._days.get(day)
            if kept is None or kept[0] != mark:
                return None
            self._days.move_to_end(day)
            return kept[1]

    def keep(self, day: date, mark: _Mark, index: PaperIndex) -> None:
        with self._lock:
            self._days[day] = mark, index
            self._days.move_to_end(day)
            while len(self._days) > 1 and self.size > self.most_kept:
                self._days.popitem(last=False)

    @property
    def size(self) -> int:
        """How many papers are kept."""
        return sum(count for (count, _), _ in self._days.values())


def search(
    session: Session,
    text: str,
    *,
    recent: Sequence[PaperDay],
    older: OlderPapers,
    start: Place | None,
    limit: int,
) -> Searched:
    """Up to `limit` papers that this filter selects, from `start` on. Raises FilterError.

    recent: days that are ready, oldest first. A page that comes to days that are not ready looks
    at `most_new` papers of them, and may then hold fewer matches than the limit though more follow.
    """
    wanted = parse_filter(text)
    found: list[Match] = []
    following: Place | None = None
    for day, index in _days(session, recent, older, start):
        if index is None or len(found) == limit:
            following = Place(day=day)
            break
        skip = start.skip if start is not None and start.day == day else 0
        matches = matches_of(index, wanted)[skip:]
        room = limit - len(found)
        found += matches[:room]
        if len(matches) > room:
            following = Place(day=day, skip=skip + room)
            break
    return Searched(
        filter=wanted.text,
        matches=tuple(found),
        following=following,
        total=sum(day.index.match(wanted).bit_count() for day in recent),
        since=recent[0].on if recent else None,
    )


def _days(
    session: Session, recent: Sequence[PaperDay], older: OlderPapers, start: Place | None
) -> Iterator[tuple[date, PaperIndex | None]]:
    """The days from the newest on, each with its papers; None where it is too much to go on."""
    for day in reversed(recent):
        if start is None or day.on <= start.day:
            yield day.on, day.index
    left = older.most_new
    for on, mark in _marks(session, recent, start):
        index = older.ready(on, mark)
        if index is None:
            if left <= 0:
                yield on, None
                return
            index = PaperIndex(papers_featured(session, on, on))
            older.keep(on, mark, index)
            left -= mark[0]
        yield on, index


def _marks(
    session: Session, recent: Sequence[PaperDay], start: Place | None
) -> Iterator[tuple[date, _Mark]]:
    """The days before those that are ready, newest first, with the marks of their papers."""
    before = recent[0].on if recent else date.max
    if start is not None and start.day < before:
        before = date.fromordinal(start.day.toordinal() + 1)
    while days := paper_days(session, limit=DAYS_AT_ONCE, before=before):
        before = days[-1][0]
        marks = day_marks(session, before, days[0][0])
        yield from sorted(marks.items(), reverse=True)
