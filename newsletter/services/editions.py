"""Plan the digests that are due, a range of subscribers at a time."""

import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache, partial
from typing import Literal

from sqlmodel import Session

from newsletter.adapters.store import planning
from newsletter.adapters.store.deliveries import Sender, add_digests
from newsletter.adapters.store.editions import extend_edition
from newsletter.adapters.store.papers import (
    paper_ids_since,
    papers_featured,
    papers_revision,
)
from newsletter.core.delivery.states import LEAST_LIFE, Kind
from newsletter.core.digests import Digest, Topic, compose
from newsletter.core.filters import Filter
from newsletter.core.matching import PaperIndex
from newsletter.core.papers import Paper
from newsletter.core.ports import RANGE_SIZE, Seen
from newsletter.core.results import Planned
from newsletter.core.schedule import (
    LONGEST_WINDOW,
    Cadence,
    days_covered,
    edition_of,
    next_due,
)
from newsletter.errors import FilterError, QueueUnavailable

log = logging.getLogger(__name__)

EMPTY = bytes(RANGE_SIZE // 8)


@dataclass(slots=True)
class Indexes:
    """The last few paper indexes: ranges planned after each other share one."""

    most: int = 3
    _kept: dict[object, PaperIndex] = field(default_factory=dict)

    def get(self, key: object, papers: Callable[[], Sequence[Paper]]) -> PaperIndex:
        if key not in self._kept:
            while len(self._kept) >= self.most:
                del self._kept[next(iter(self._kept))]
            self._kept[key] = PaperIndex(papers())
        return self._kept[key]


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A range's digests, composed but not yet planned; nobody else's work waits meanwhile.

    version: of who has seen what, as composing found it. digests: by edition and reader.
    next_due: by reader, for those whose hour has come. returned: readers whose pause this makes up
    for. bitmaps: what the dedup cache is to learn.
    """

    range_no: int
    version: int
    planned: Planned
    digests: Mapping[date, Mapping[int, Digest]]
    next_due: Mapping[int, datetime]
    returned: Collection[int]
    bitmaps: Mapping[str, bytes]


def draft(
    session: Session,
    range_no: int,
    *,
    edition: date | None,
    everyone: bool,
    seen: Seen,
    indexes: Indexes,
    now: datetime,
    only: Collection[int] | None = None,
) -> Draft:
    """A digest for each reader of the range whose hour has come and who has matches; only reads.

    edition: its date; None for each reader's own today. everyone: also those who are not due; a
    reader who has a digest of the edition is left as is. only: nobody but these.
    """
    version = planning.range_version(session, range_no)
    readers = planning.readers_in(session, range_no, due_at=None if everyone else now)
    if only is not None:
        readers = [reader for reader in readers if reader.id in only]
    reachable = [reader for reader in readers if _may_read(reader, now)]
    memory = _Memory(session, range_no, seen=seen, version=version, now=now)
    returned = [reader for reader in reachable if reader.paused_at is not None]
    others = [reader for reader in reachable if reader.paused_at is None]
    planned = Planned()
    digests: dict[date, dict[int, Digest]] = {}
    # Apart: who comes back looks far back, and the others need no index of so many papers.
    for readers_alike in (others, returned):
        for day, group in _by_edition(readers_alike, edition, now):
            composed, of_day = _compose_edition(session, day, group, memory, indexes)
            digests.setdefault(day, {}).update(composed)
            planned += of_day
    return Draft(
        range_no=range_no,
        version=version,
        planned=planned,
        digests=digests,
        next_due={} if everyone else {reader.id: _next_due(reader, now) for reader in readers},
        returned=[reader.id for reader in returned],
        bitmaps=memory.to_remember(),
    )


def plan(session: Session, found: Draft, *, sender: Sender, now: datetime) -> int | None:
    """Write the draft's digests into the ledger; the range's version then.

    None, and nothing is written, when what the readers have seen changed since the draft: make
    another one. Holds the range's lock until the commit.
    """
    version = planning.lock_range(session, found.range_no)
    if version != found.version:
        return None
    for day, digests in found.digests.items():
        edition = planning.edition_id(session, Kind.DIGEST, day, now=now)
        if digests:
            add_digests(session, (edition, day), digests, sender=sender, now=now)
            extend_edition(session, edition, now + LEAST_LIFE)
    planning.set_next_due(session, found.next_due, now=now)
    planning.end_pauses(session, found.returned, now=now)
    if not found.planned.digests:
        return version
    planning.bump_ranges(session, [found.range_no])
    return version + 1


def _may_read(reader: planning.Reader, now: datetime) -> bool:
    return not reader.is_suppressed and (reader.paused_until is None or reader.paused_until <= now)


def _next_due(reader: planning.Reader, now: datetime) -> datetime:
    after = max(now, reader.paused_until or now)
    return _due_after(reader.cadence, reader.weekday, reader.hour, reader.time_zone, after)


@lru_cache(maxsize=1024)  # one instant for most readers of a range
def _due_after(cadence: str, weekday: int, hour: int, time_zone: str, after: datetime) -> datetime:
    return next_due(Cadence(cadence), hour=hour, weekday=weekday, time_zone=time_zone, after=after)


def _by_edition(
    readers: Sequence[planning.Reader], edition: date | None, now: datetime
) -> Iterator[tuple[date, list[planning.Reader]]]:
    by_zone: dict[str, list[planning.Reader]] = defaultdict(list)
    for reader in readers:
        by_zone[reader.time_zone].append(reader)
    groups: dict[date, list[planning.Reader]] = defaultdict(list)
    for zone, theirs in by_zone.items():
        groups[edition or edition_of(now, zone)] += theirs
    yield from sorted(groups.items())


def _compose_edition(
    session: Session,
    day: date,
    readers: Sequence[planning.Reader],
    memory: "_Memory",
    indexes: Indexes,
) -> tuple[dict[int, Digest], Planned]:
    """What this edition holds for these readers."""
    have = planning.readers_with_digest(session, Kind.DIGEST, day, memory.range_no)
    waiting = [reader for reader in readers if reader.id not in have]
    if not waiting:
        return {}, Planned(readers=len(readers), served=len(readers))
    alike = {_window_key(reader): reader for reader in waiting}
    days = {key: _days_covered(reader, day) for key, reader in alike.items()}
    # All who come back share one index.
    is_back = any(reader.paused_at is not None for reader in alike.values())
    first = day - timedelta(days=(LONGEST_WINDOW if is_back else max(days.values())) - 1)
    index = indexes.get(
        (first, day, papers_revision(session)), lambda: papers_featured(session, first, day)
    )
    windows = {key: _window(index, day, most) for key, most in days.items()}
    memory.learn([paper.id for paper in index.papers])
    bits = memory.seen_by_reader(index)
    # By all that a digest depends on; False where there is none.
    made: dict[object, Digest | Literal[False]] = {}
    digests: dict[int, Digest] = {}
    for reader in waiting:
        window, known = windows[_window_key(reader)], bits.get(reader.id, 0)
        key = (reader.topics, reader.mutes, reader.cap, window, known)
        digest = made.get(key)
        if digest is None:
            digest = made[key] = _compose(index, reader, window=window, seen=known) or False
        if digest:
            digests[reader.id] = digest
    memory.add(digests)
    served = len(readers) - len(waiting)
    return digests, Planned(readers=len(readers), digests=len(digests), served=served)


def _window_key(reader: planning.Reader) -> object:
    """The same for readers whose digests of one edition cover the same dates."""
    if reader.paused_at is None:
        return reader.cadence
    return reader.cadence, reader.paused_at, reader.time_zone


def _days_covered(reader: planning.Reader, day: date) -> int:
    paused_on = edition_of(reader.paused_at, reader.time_zone) if reader.paused_at else None
    return days_covered(Cadence(reader.cadence), edition=day, paused_on=paused_on)


def _window(index: PaperIndex, day: date, days: int) -> int:
    """The papers of the last `days` days up to the edition's, as bits over the index."""
    first = day - timedelta(days=days - 1)
    return sum(1 << k for k, paper in enumerate(index.papers) if first <= paper.featured_on <= day)


def _compose(
    index: PaperIndex, reader: planning.Reader, *, window: int, seen: int
) -> Digest | None:
    """The reader's digest. A topic or mute that cannot be read any more is left out, named."""
    made = partial(compose, index, window=window, seen=seen, cap=reader.cap)
    try:
        return made(_topics(reader.topics), mutes=[*map(Filter, reader.mutes)])
    except FilterError:  # stored texts were checked when they were set, so the language has changed
        topics = [one for one in _topics(reader.topics) if _is_readable(one.filter, reader.id)]
        mutes = [one for one in map(Filter, reader.mutes) if _is_readable(one, reader.id)]
        return made(topics, mutes=mutes)


@lru_cache(maxsize=8_192)  # most readers share a few hundred sets of topics
def _topics(wanted: tuple[tuple[str, str, int | None], ...]) -> tuple[Topic, ...]:
    return tuple([Topic(name, Filter(text), cap) for name, text, cap in wanted])


def _is_readable(filter: Filter, subscriber_id: int) -> bool:
    try:
        return bool(filter.tree)
    except FilterError as problem:
        log.error("filter_unreadable subscriber=%s because=%s", subscriber_id, problem.problem)
        return False


class _Memory:
    """Who of one range has seen which paper, while it is planned.

    From the dedup cache where that holds this very version, else from the ledger; then the cache
    is told everything again.
    """

    def __init__(
        self, session: Session, range_no: int, *, seen: Seen, version: int, now: datetime
    ) -> None:
        self._session, self.range_no, self._seen, self._now = session, range_no, seen, now
        self._bitmaps: dict[str, bytearray] = {}
        self._changed: set[str] = set()
        self._is_from_cache = self._cache_holds(version)
        if not self._is_from_cache:
            self._rebuild()

    def _cache_holds(self, version: int) -> bool:
        try:
            return self._seen.version(self.range_no) == version
        except QueueUnavailable as problem:
            log.warning("dedup_cache_away range=%s because=%s", self.range_no, problem)
            return False

    def _rebuild(self) -> None:
        since = self._now - planning.REMEMBERED
        self._bitmaps = planning.seen_in_ledger(self._session, self.range_no, since=since)
        # Papers that nobody has seen are told too: the cache may hold what was undone since.
        for paper_id in paper_ids_since(self._session, since.date()):
            self._bitmaps.setdefault(paper_id, bytearray(EMPTY))
        self._changed = set(self._bitmaps)

    def learn(self, paper_ids: Sequence[str]) -> None:
        """Make sure that these papers' bitmaps are known."""
        missing = [paper_id for paper_id in paper_ids if paper_id not in self._bitmaps]
        if not missing:
            return
        found: Mapping[str, bytes] = {}
        if self._is_from_cache:
            try:
                found = self._seen.seen(self.range_no, missing)
            except QueueUnavailable:  # went away between the two questions
                self._is_from_cache = False
                self._rebuild()
        for paper_id in missing:
            self._bitmaps.setdefault(paper_id, bytearray(found.get(paper_id, EMPTY)))

    def seen_by_reader(self, index: PaperIndex) -> dict[int, int]:
        """For each reader of the range who saw any of these papers, those as bits."""
        first = self.range_no * RANGE_SIZE
        readers: dict[int, int] = {}
        for k, paper in enumerate(index.papers):
            bitmap = int.from_bytes(self._bitmaps[paper.id], "little")
            while bitmap:
                low = bitmap & -bitmap
                reader = first + low.bit_length() - 1
                readers[reader] = readers.get(reader, 0) | 1 << k
                bitmap ^= low
        return readers

    def add(self, digests: Mapping[int, Digest]) -> None:
        """These readers will have seen these papers, once the plan is committed."""
        first = self.range_no * RANGE_SIZE
        readers: dict[int, int] = defaultdict(int)  # as bits, by the identity of their digest
        for reader, digest in digests.items():
            readers[id(digest)] |= 1 << reader - first
        added: dict[str, int] = defaultdict(int)
        for which, digest in {id(digest): digest for digest in digests.values()}.items():
            theirs = readers[which]
            for picks in (*[section.picks for section in digest.sections], digest.left_out):
                for pick in picks:
                    added[pick.paper_id] |= theirs
        for paper_id, bits in added.items():
            bitmap = self._bitmaps[paper_id]
            before = int.from_bytes(bitmap, "little")
            bitmap[:] = (before | bits).to_bytes(len(bitmap), "little")
        self._changed |= added.keys()

    def to_remember(self) -> dict[str, bytes]:
        return {paper_id: bytes(self._bitmaps[paper_id]) for paper_id in self._changed}
