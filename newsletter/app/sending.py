"""From the deliveries that wait to the relay: hand over batch by batch, and sweep."""

import logging
import math
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from newsletter.adapters.queue import Task
from newsletter.adapters.store import planning
from newsletter.adapters.store.claims import Claimed, claim
from newsletter.adapters.store.editions import edition_row
from newsletter.app.service import Service
from newsletter.core.delivery.states import Kind, Outcome, Result
from newsletter.core.ports import Letter, Transport
from newsletter.errors import QueueUnavailable, StoreUnavailable
from newsletter.services import control, deliveries

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.1
DELAYED_SECONDS = 5.0  # there is soon room for some of what was put off: look for so long
BREAKER_SECONDS = 5.0
RECORD_SECONDS, RECORD_EVERY = 45.0, 0.5
SLOW_SECONDS = 1.0  # for one note
NOTE_PATIENCE = 10  # times as long as a slow failure took, until the cache is asked again


def never() -> bool:
    return False


class _Batch(NamedTuple):
    """What a batch came to. is_delayed: some of it has to wait for room. is_held: nothing of it
    could be handed over, for our sake or the relay's.
    """

    claimed: int = 0
    sent: int = 0
    is_delayed: bool = False
    is_held: bool = False


class Sending(Service):
    """Hands over what waits; one batch is claimed, handed over and recorded after the other."""

    _breaker_at = 0.0  # when to look at the failures again, by the monotonic clock
    _notes_at = 0.0  # when to note acceptances again
    _batch_size = deliveries.BATCH

    def send_waiting(
        self,
        *,
        edition: date | None = None,
        seconds: float | None = None,
        progress: Callable[[int], None] | None = None,
        is_stopping: Callable[[], bool] = never,
    ) -> int:
        """Hand over what waits, batch by batch, until nothing is left; how many were sent.

        Where nothing of a batch could go the rest is left alone, until somebody rings or looks.

        edition: only its digests. seconds: stop taking new batches after so long. progress: told
        the number sent so far. is_stopping: asked before each batch; once it says so, none follows.
        """
        started, sent, delayed_at = time.monotonic(), 0, -math.inf
        with self.store.read() as session:
            row = edition_row(session, Kind.DIGEST, edition) if edition else None
        while not is_stopping() and (seconds is None or time.monotonic() - started < seconds):
            batch = self._send_batch(row.id if row else None)
            sent += batch.sent
            if batch.is_held:
                break
            if batch.is_delayed:
                delayed_at = time.monotonic()
            if not batch.claimed:
                if time.monotonic() - delayed_at > DELAYED_SECONDS or not self._is_waiting_soon():
                    break
                time.sleep(LOOK_SECONDS)
            if progress is not None:
                progress(sent)
        return sent

    def _is_waiting_soon(self) -> bool:
        with self.store.read() as session:
            soon = self._now(session) + timedelta(seconds=DELAYED_SECONDS)
            return planning.is_waiting(session, now=soon)

    def _send_batch(self, edition_id: int | None) -> _Batch:
        """One batch: claimed, committed, handed over, recorded."""
        transport = self.parts.transport  # wrong settings must show before anything is claimed
        began, most = time.monotonic(), self._batch_size
        with self.store.write() as session:
            claimed = claim(session, now=self._now(session), most=most, edition=edition_id)
        if not claimed:
            return _Batch()
        with self.store.read() as session:
            papers = deliveries.papers_for(session, claimed, at_hand=self.parts.papers_at_hand)
        letters, broken = deliveries.letters_of(
            claimed, papers, renderer=self.parts.renderer, letterhead=self.letterhead
        )
        outcomes = self._hand_over(transport, claimed, letters, broken)
        results = Counter(outcome.result for outcome in outcomes.values())
        sent = results[Result.SENT]
        log.info("batch_done claimed=%s sent=%s", len(claimed), sent)
        if Result.FAILED in results:
            self._hold_if_refused({one.edition_id for one in claimed})
        self._batch_size = deliveries.next_batch(
            most, claimed=len(claimed), sent=sent, seconds=time.monotonic() - began
        )
        return _Batch(
            claimed=len(claimed),
            sent=sent,
            is_delayed=Result.DELAYED in results,
            is_held=set(results) == {Result.HELD},
        )

    def _hand_over(
        self,
        transport: Transport,
        claimed: Sequence[Claimed],
        letters: Sequence[Letter],
        broken: Mapping[int, str],
    ) -> dict[int, Outcome]:
        """What became of the batch. A large one is recorded in portions, so that a crash leaves
        few in doubt; what the database cannot take at once is recorded with the last of them.
        """
        outcomes = deliveries.held_for_our_sake(claimed, broken)
        rest = {one.id: one for one in claimed}
        known: list[Claimed] = []
        for letter, outcome in transport.send_many(letters, accepted=self._note_accepted):
            outcomes[letter.delivery_id] = outcome
            known.append(rest.pop(letter.delivery_id))
            if len(known) == deliveries.BATCH and rest and self._is_recorded(known, outcomes):
                known = []
        self._record([*known, *rest.values()], outcomes, broken)
        return outcomes

    def _is_recorded(self, known: Sequence[Claimed], outcomes: Mapping[int, Outcome]) -> bool:
        try:
            with self.store.write() as session:
                deliveries.record(session, known, outcomes, {}, now=self._now(session))
        except StoreUnavailable as problem:
            log.warning("record_waits claimed=%s because=%s", len(known), problem)
            return False
        return True

    def _record(
        self, claimed: Sequence[Claimed], outcomes: Mapping[int, Outcome], broken: Mapping[int, str]
    ) -> None:
        """Write what became of these, patiently: while the database is away only we know it.

        Written twice, since the answer to a commit was lost, it changes no row once more.
        """
        give_up = time.monotonic() + RECORD_SECONDS
        while True:
            try:
                with self.store.write() as session:
                    deliveries.record(session, claimed, outcomes, broken, now=self._now(session))
                    return
            except StoreUnavailable as problem:
                if time.monotonic() > give_up:
                    raise
                log.warning("record_waits claimed=%s because=%s", len(claimed), problem)
                time.sleep(RECORD_EVERY)

    def _hold_if_refused(self, editions: Collection[int]) -> None:
        """Look at whole editions' failures, but not after each batch: a look counts all rows."""
        if time.monotonic() < self._breaker_at:
            return
        self._breaker_at = time.monotonic() + BREAKER_SECONDS
        for edition in editions:
            with self.store.write() as session:
                because = control.hold_if_refused(session, edition, now=self._now(session))
            if because:
                log.error("edition_held edition=%s because=%s", edition, because)

    def _note_accepted(self, letters: Sequence[Letter]) -> None:
        """Note them, unless the cache has just been slow to fail: one that hangs must cost a
        small part of the time, one that refuses is asked again at once.
        """
        asked = time.monotonic()
        if asked < self._notes_at:
            return
        try:
            self.parts.seen.note_accepted(
                [(letter.delivery_id, letter.epoch) for letter in letters]
            )
        except QueueUnavailable as problem:  # the row will say it, unless we die first
            took = time.monotonic() - asked
            if took > SLOW_SECONDS:
                self._notes_at = asked + NOTE_PATIENCE * took
            log.warning("acceptance_not_noted because=%s", problem)

    def sweep(self) -> int:
        """Settle abandoned deliveries and ring for what waits; how many were settled."""
        with self.store.write() as session:
            now = self._now(session)
            lapsed, ended = deliveries.sweep(session, seen=self.parts.seen, now=now)
            waiting = planning.is_waiting(session, now=now)
        if waiting:
            self.ring(Task.SEND)
        return lapsed + ended
