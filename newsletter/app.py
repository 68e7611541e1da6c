"""The service as its users know it: one short method per use.

A method opens the transaction, calls one service, and rings only after the commit, so that a
doorbell never announces what the store does not hold.
"""

import logging
import time
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from types import TracebackType
from typing import Any, Self

from newsletter.adapters.queue import Task
from newsletter.adapters.store import Store, planning
from newsletter.adapters.store import ledger as book
from newsletter.adapters.store import papers as shelf
from newsletter.adapters.store.deliveries import Sender, claim
from newsletter.core.delivery import Kind, Outcome, State
from newsletter.core.links import Letterhead
from newsletter.core.papers import Paper
from newsletter.core.ports import Letter, PaperSource, Seen, Spacing, TaskQueue, Transport
from newsletter.core.rendering import Brand, Renderer
from newsletter.core.results import (
    DeliveryView,
    EditionView,
    Finding,
    Planned,
    Preview,
    Pulled,
    Ran,
    Resent,
    ServiceStatus,
)
from newsletter.core.subscribers import Subscriber, Wishes
from newsletter.core.tokens import Keys
from newsletter.errors import NotFound, QueueUnavailable, SourceUnavailable
from newsletter.parts import Parts
from newsletter.services import deliveries, editions, health, previews, subscriptions
from newsletter.settings import Settings

log = logging.getLogger(__name__)

Progress = Callable[[str, int, int], None]

DOORBELL_PATIENCE = timedelta(seconds=45)  # then what was rung for should have begun


def _nobody(_stage: str, _done: int, _total: int) -> None: ...


class Newsletter:
    """The whole service over one set of settings. Build one per process, after any fork.

    Parts that are not given are made from the settings, when they are first needed. clock: stands
    in for the database's, in tests.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        store: Store | None = None,
        seen: Seen | None = None,
        spacing: Spacing | None = None,
        queue: TaskQueue | None = None,
        transport: Transport | None = None,
        sources: Sequence[PaperSource] | None = None,
        renderer: Renderer | None = None,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        self.settings = settings
        self.store = store or Store(settings.database_url, clock=clock)
        self._clock = clock
        self.parts = Parts(
            settings,
            inline=self._do_now,
            given={
                "seen": seen,
                "spacing": spacing,
                "queue": queue,
                "transport": transport,
                "sources": sources,
                "renderer": renderer,
            },
        )
        self._indexes = editions.Indexes()

    @classmethod
    def from_settings(cls, settings: Settings, *, queue: TaskQueue | None = None) -> Self:
        return cls(settings, queue=queue)

    def close(self) -> None:
        """Say goodbye to the relay and the database."""
        self.parts.close()
        self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @cached_property
    def letterhead(self) -> Letterhead:
        """What all our mail has in common."""
        settings = self.settings
        return Letterhead(
            keys=Keys(tuple(key.encode() for key in settings.secret_keys)),
            brand=Brand(base_url=settings.base_url, postal_address=settings.postal_address),
            sender=settings.sender,
            domain=settings.sending_domain,
        )

    @property
    def _sender(self) -> Sender:
        return Sender(secret=self.letterhead.keys.secrets[0], domain=self.letterhead.domain)

    def _now(self, session: Any) -> datetime:
        return self._clock() if self._clock else self.store.now(session)

    def today(self) -> date:
        """Today's date in UTC."""
        return (self._clock() if self._clock else datetime.now(UTC)).date()

    def ring(self, task: Task, **arguments: int | str) -> None:
        """Ring a doorbell. A lost one costs a minute: workers also look by themselves."""
        try:
            self.parts.queue.ring(task, **arguments)
        except QueueUnavailable as problem:
            log.warning("doorbell_lost task=%s because=%s", task, problem)

    def _do_now(self, task: str, **arguments: int | str) -> None:
        """What a worker would do, at once: for an installation without a queue."""
        match task:
            case Task.PULL:
                self.pull()
            case Task.PLAN:
                self.plan_range(int(arguments["range_no"]))
            case Task.SEND:
                self.send_waiting()
            case Task.SWEEP:
                self.sweep()
            case _:
                self.tick()

    # The daily run

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
                else editions.pulls_due(session, list(by_name), now=now)
            )
        results = []
        for number, (name, of_day) in enumerate(due):
            if progress is not None:
                progress(number, len(due))
            results.append(self._pull_one(by_name[name], of_day))
        return tuple(results)

    def _pull_one(self, source: PaperSource, day: date) -> Pulled:
        with self.store.read() as session:
            validators = shelf.validators_of(shelf.pull_of(session, source.name, day))
        try:
            fetched = source.fetch(day, validators=validators)
        except SourceUnavailable as problem:
            with self.store.write() as session:
                now = self._now(session)
                return editions.record_failed(session, day, problem, source=source.name, now=now)
        with self.store.write() as session:
            return editions.record_fetched(
                session, source.name, day, fetched, now=self._now(session)
            )

    def tick(self) -> None:
        """Ring for whatever is due this minute: pulls, plans, hand-overs."""
        with self.store.read() as session:
            now = self._now(session)
            ranges = planning.due_ranges(session, now=now)
            waiting = planning.waiting_count(session, now=now)
        self.ring(Task.PULL)
        for range_no in ranges:
            self.ring(Task.PLAN, range_no=range_no)
        if waiting:
            self.ring(Task.SEND)

    def plan_range(
        self, range_no: int, edition: date | None = None, *, everyone: bool = False
    ) -> Planned:
        """Plan the digests of one range of subscribers, and ring for their hand-over."""
        with self.store.write() as session:
            plan = editions.plan(
                session,
                range_no,
                edition=edition,
                everyone=everyone,
                seen=self.parts.seen,
                indexes=self._indexes,
                sender=self._sender,
                now=self._now(session),
            )
        if plan.bitmaps or plan.planned.digests:
            try:
                self.parts.seen.remember(range_no, plan.bitmaps, version=plan.version)
            except QueueUnavailable as problem:  # its version tells that it missed this
                log.warning("dedup_cache_away range=%s because=%s", range_no, problem)
        if plan.planned.digests:
            self.ring(Task.SEND)
        log.info("planned range=%s digests=%s", range_no, plan.planned.digests)
        return plan.planned

    def send_waiting(
        self,
        *,
        edition: date | None = None,
        seconds: float | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> int:
        """Hand over what waits, batch by batch, until nothing is left; how many were sent.

        edition: only its digests. seconds: stop taking new batches after so long. progress: told
        the number sent so far.
        """
        started, sent = time.monotonic(), 0
        with self.store.read() as session:
            row = book.edition_row(session, Kind.DIGEST, edition) if edition else None
        while seconds is None or time.monotonic() - started < seconds:
            handled, accepted = self._send_batch(row.id if row else None)
            sent += accepted
            if not handled:
                break
            if progress is not None:
                progress(sent)
        return sent

    def _send_batch(self, edition_id: int | None) -> tuple[int, int]:
        """One batch: claimed, committed, handed over, recorded. (claimed, sent)."""
        transport = self.parts.transport  # wrong settings must show before anything is claimed
        with self.store.write() as session:
            claimed = claim(
                session, now=self._now(session), most=deliveries.BATCH, edition=edition_id
            )
        if not claimed:
            return 0, 0
        with self.store.read() as session:
            papers = deliveries.papers_for(session, claimed)
        letters, broken = deliveries.letters_of(
            claimed, papers, renderer=self.parts.renderer, letterhead=self.letterhead
        )
        outcomes: dict[int, Outcome] = {}
        for letter, outcome in transport.send_many(letters, accepted=self._note_accepted):
            outcomes[letter.delivery_id] = outcome
        with self.store.write() as session:
            sent = deliveries.record(session, claimed, outcomes, broken, now=self._now(session))
        log.info("batch_done claimed=%s sent=%s", len(claimed), sent)
        return len(claimed), sent

    def _note_accepted(self, letters: Sequence[Letter]) -> None:
        try:
            self.parts.seen.note_accepted(
                [(letter.delivery_id, letter.epoch) for letter in letters]
            )
        except QueueUnavailable as problem:  # the row will say it, unless we die first
            log.warning("acceptance_not_noted because=%s", problem)

    def sweep(self) -> int:
        """Settle abandoned deliveries and ring for what waits; how many were settled."""
        with self.store.write() as session:
            now = self._now(session)
            lapsed, ended = deliveries.sweep(session, seen=self.parts.seen, now=now)
            waiting = planning.waiting_count(session, now=now)
        if waiting:
            self.ring(Task.SEND)
        return lapsed + ended

    def look_around(self) -> None:
        """Do here and now what should have been rung for and was not: the queue may lose anything.

        Every worker calls this twice a minute; with a beat and a queue that work there is nothing
        to do.
        """
        self.sweep()
        with self.store.read() as session:
            late = self._now(session) - DOORBELL_PATIENCE
            ranges = planning.due_ranges(session, now=late)
            waiting = planning.waiting_count(session, now=late)
        if ranges:
            log.warning("planning_late ranges=%s: does beat run?", len(ranges))
            self.ring(Task.PULL)
        for range_no in ranges:
            self.plan_range(range_no)
        if waiting or ranges:
            self.send_waiting(seconds=DOORBELL_PATIENCE.total_seconds() / 2)

    def run(
        self, day: date | None = None, *, everyone: bool = False, progress: Progress | None = None
    ) -> Ran:
        """Pull, plan and send, in this process: for all who are due, or for everyone.

        day: the edition, today when None. progress: told (stage, done, total).
        """
        tell = progress or _nobody
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
        return Ran(edition=edition, pulled=pulled, planned=planned, counts=self.counts(edition))

    def counts(self, edition: date) -> dict[State, int]:
        """How many deliveries of the edition's digests stand in each state."""
        with self.store.read() as session:
            found = book.editions(session, limit=1, kind=Kind.DIGEST, edition=edition)
        return dict(found[0].counts) if found else {}

    # The ledger

    def resend(
        self,
        edition: date,
        *,
        addresses: Sequence[str],
        actor: str,
        because: str,
        is_dry_run: bool,
    ) -> Resent:
        """Send these readers their digest of the edition once more; see services.deliveries."""
        with self.store.write() as session:
            resent = deliveries.resend(
                session,
                edition,
                addresses,
                actor=actor,
                because=because,
                is_dry_run=is_dry_run,
                sender=self._sender,
                now=self._now(session),
            )
        if resent.delivery_ids:
            self.ring(Task.SEND)
        return resent

    def deliveries(
        self,
        *,
        edition: date | None = None,
        state: State | None = None,
        address: str | None = None,
        limit: int = 100,
    ) -> tuple[DeliveryView, ...]:
        """The newest deliveries first."""
        key = subscriptions.key_of(address) if address else None
        with self.store.read() as session:
            return book.deliveries(
                session,
                edition=edition,
                states=[state] if state else (),
                address_key=key,
                limit=limit,
            )

    def editions(self, *, limit: int = 10) -> tuple[EditionView, ...]:
        with self.store.read() as session:
            return book.editions(session, limit=limit, kind=Kind.DIGEST)

    # Papers and previews

    def papers(self, day: date) -> tuple[Paper, ...]:
        """The papers of one day, most upvoted first."""
        with self.store.read() as session:
            found = shelf.papers_featured(session, day, day)
        return tuple(sorted(found, key=lambda paper: (-(paper.upvotes or 0), paper.id)))

    def paper_days(self, *, limit: int = 60) -> tuple[tuple[date, int], ...]:
        with self.store.read() as session:
            return shelf.paper_days(session, limit=limit)

    def preview(self, address: str, *, edition: date | None = None) -> Preview:
        """The message that this reader got in the edition, or would get now."""
        subscriber = self.subscriber(address)
        with self.store.read() as session:
            return previews.preview(
                session,
                subscriber,
                edition or self.today(),
                renderer=self.parts.renderer,
                letterhead=self.letterhead,
                now=self._now(session),
            )

    def preview_filter(self, text: str, *, days: int = 30) -> tuple[Paper, ...]:
        """What this filter would have brought in the last days, newest and best first."""
        today = self.today()
        with self.store.read() as session:
            found = shelf.papers_featured(session, today - timedelta(days=days - 1), today)
        return previews.matches(text, found)

    # Health

    def status(self) -> ServiceStatus:
        names = [source.name for source in self.parts.sources]
        with self.store.read() as session:
            return health.status(session, names, now=self._now(session))

    def check(self) -> tuple[Finding, ...]:
        """Whether every part answers, each with what to do if it does not."""
        return self.parts.check(self.store)

    def upgrade(self) -> list[str]:
        """Bring the database's tables to this version; the names of the migrations that ran."""
        return self.store.upgrade()
