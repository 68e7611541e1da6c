"""The daily run: pull, plan, send, and look around for what nobody rang for."""

import logging
import time
from collections.abc import Callable, Collection
from datetime import date, timedelta
from functools import cached_property, partial

from newsletter.adapters.queue import Task
from newsletter.adapters.store import papers as shelf
from newsletter.adapters.store import planning
from newsletter.adapters.store.editions import edition_views
from newsletter.app.sending import LOOK_SECONDS, Sending, never
from newsletter.core.delivery.states import Kind, State
from newsletter.core.ports import PaperSource
from newsletter.core.results import Planned, Pulled, Ran
from newsletter.errors import QueueUnavailable, SourceUnavailable
from newsletter.services import editions, pulls

log = logging.getLogger(__name__)

Progress = Callable[[str, int, int], None]

WORKERS_SECONDS = 30.0
INLINE_SECONDS = 5.0  # what a page may spend on sending where there is no queue
PLAN_TRIES = 3
DOORBELL_PATIENCE = timedelta(seconds=45)  # then what was rung for should have begun


def _nobody(_stage: str, _done: int, _total: int) -> None: ...


class DailyRun(Sending):
    """From the sources to the deliveries that wait, and on through Sending."""

    @cached_property
    def _indexes(self) -> editions.Indexes:
        return editions.Indexes()

    def _do_now(self, task: str, **arguments: int | str) -> None:
        """What a worker would do, at once: for an installation without a queue."""
        match task:
            case Task.PULL:
                self.pull()
            case Task.PLAN:
                self.plan_range(int(arguments["range_no"]))
            case Task.SEND:
                self.send_waiting(seconds=INLINE_SECONDS)
            case Task.SWEEP:
                self.sweep()
            case _:
                self.tick()

    def pull(
        self,
        day: date | None = None,
        *,
        is_forced: bool = False,
        progress: Callable[[int, int], None] | None = None,
    ) -> tuple[Pulled, ...]:
        """Look at each source for the day, or for the days that are due when none is named.

        is_forced: today and at once, however short ago the last look was. One source that fails
        does not stop the others: its problem is in the result.
        """
        by_name = {source.name: source for source in self.parts.sources}
        if day is None and is_forced:
            day = self.today()
        with self.store.write() as session:
            now = self._now(session)
            due = (
                [(name, day) for name in by_name]
                if day is not None
                else pulls.pulls_due(session, list(by_name), now=now)
            )
        results = []
        for number, (name, of_day) in enumerate(due):
            if progress is not None:
                progress(number, len(due))
            results.append(self._pull_one(by_name[name], of_day))
        return tuple(results)

    def pulled(self, day: date) -> tuple[Pulled, ...]:
        """How the last look at each source for this day went; none where nobody has looked yet."""
        with self.store.read() as session:
            return pulls.pulled(session, [source.name for source in self.parts.sources], day)

    def _pull_one(self, source: PaperSource, day: date) -> Pulled:
        with self.store.read() as session:
            validators = shelf.validators_of(shelf.pull_of(session, source.name, day))
        try:
            fetched = source.fetch(day, validators=validators)
        except SourceUnavailable as problem:
            with self.store.write() as session:
                now = self._now(session)
                return pulls.record_failed(session, day, problem, source=source.name, now=now)
        with self.store.write() as session:
            return pulls.record_fetched(session, source.name, day, fetched, now=self._now(session))

    def tick(self) -> None:
        """Ring for whatever is due this minute: pulls, plans, hand-overs."""
        with self.store.read() as session:
            now = self._now(session)
            ranges = planning.due_ranges(session, now=now)
            waiting = planning.is_waiting(session, now=now)
        self.ring(Task.PULL)
        for range_no in ranges:
            self.ring(Task.PLAN, range_no=range_no)
        if waiting:
            self.ring(Task.SEND)

    def plan_range(
        self,
        range_no: int,
        edition: date | None = None,
        *,
        everyone: bool = False,
        only: Collection[int] | None = None,
    ) -> Planned:
        """Plan the digests of one range of subscribers, and ring for their hand-over."""
        draft, version = self._plan(range_no, edition, everyone=everyone, only=only)
        if draft.bitmaps or draft.planned.digests:
            try:
                self.parts.seen.remember(range_no, draft.bitmaps, version=version)
            except QueueUnavailable as problem:  # its version tells that it missed this
                log.warning("dedup_cache_away range=%s because=%s", range_no, problem)
        if draft.planned.digests:
            self.ring(Task.SEND)
        log.info("planned range=%s digests=%s", range_no, draft.planned.digests)
        return draft.planned

    def _plan(
        self,
        range_no: int,
        edition: date | None,
        *,
        everyone: bool,
        only: Collection[int] | None,
    ) -> tuple[editions.Draft, int]:
        """What was planned, and the range's version then.

        Digests are composed before anything is locked: on SQLite a writer keeps out all others.
        """
        compose = partial(
            editions.draft,
            range_no=range_no,
            edition=edition,
            everyone=everyone,
            seen=self.parts.seen,
            indexes=self._indexes,
            only=only,
        )
        for _ in range(PLAN_TRIES):
            with self.store.read() as session:
                draft = compose(session, now=self._now(session))
            with self.store.write() as session:
                version = editions.plan(session, draft, sender=self._sender, now=self._now(session))
            if version is not None:
                return draft, version
        with self.store.write() as session:  # whatever changes there all the time now has to wait
            planning.lock_range(session, range_no)
            now = self._now(session)
            draft = compose(session, now=now)
            version = editions.plan(session, draft, sender=self._sender, now=now)
            assert version is not None  # the range is locked
        return draft, version

    def look_around(self, *, is_stopping: Callable[[], bool] = never) -> None:
        """Do here and now what should have been rung for and was not: the queue may lose anything.

        Every worker calls this twice a minute; with a beat and a queue that work there is nothing
        to do. is_stopping: as in send_waiting.
        """
        self.sweep()
        with self.store.read() as session:
            late = self._now(session) - DOORBELL_PATIENCE
            ranges = planning.due_ranges(session, now=late)
            waiting = planning.is_waiting(session, now=late)
        if ranges:
            log.warning("planning_late ranges=%s: does beat run?", len(ranges))
            self.ring(Task.PULL)
        for range_no in ranges:
            self.plan_range(range_no)
        if waiting or ranges:
            seconds = DOORBELL_PATIENCE.total_seconds() / 2
            self.send_waiting(seconds=seconds, is_stopping=is_stopping)

    def run(
        self, day: date | None = None, *, everyone: bool = False, progress: Progress | None = None
    ) -> Ran:
        """Pull, plan and send, in this process: for all who are due, or for everyone.

        day: the edition, today when None. progress: told (stage, done, total).
        """
        tell = progress or _nobody
        _ = self.parts.transport  # a relay that is not set must show before anything is planned
        edition = day or self.today()
        pulled = self.pull(edition, progress=lambda done, total: tell("pull", done, total))
        with self.store.read() as session:
            now = self._now(session)
            ranges = planning.due_ranges(session, now=None if everyone else now)
        planned = Planned()
        for number, range_no in enumerate(ranges):
            tell("plan", number, len(ranges))
            planned += self.plan_range(
                range_no, edition if everyone or day else None, everyone=everyone
            )
        tell("plan", len(ranges), len(ranges))
        self.send_waiting(progress=lambda sent: tell("send", sent, planned.digests))
        self._wait_for_workers(edition)
        return Ran(edition=edition, pulled=pulled, planned=planned, counts=self.counts(edition))

    def _wait_for_workers(self, edition: date) -> None:
        """Until what workers took of the edition is settled, or have died over it."""
        give_up = time.monotonic() + WORKERS_SECONDS
        while self.counts(edition).get(State.SENDING) and time.monotonic() < give_up:
            time.sleep(LOOK_SECONDS)

    def counts(self, edition: date) -> dict[State, int]:
        """How many deliveries of the edition's digests stand in each state."""
        with self.store.read() as session:
            now = self._now(session)
            found = edition_views(session, limit=1, kind=Kind.DIGEST, edition=edition, now=now)
        return dict(found[0].counts) if found else {}
