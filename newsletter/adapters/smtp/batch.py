"""One call of send_many: its letters, the relays they go to, and what is not reported yet."""

import selectors
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta

from newsletter.adapters.smtp.lane import Lane
from newsletter.adapters.smtp.pool import Pool
from newsletter.core.delivery.flow import Look, pushes_back
from newsletter.core.delivery.states import Outcome, Result
from newsletter.core.ports import Flow, Letter

NOTES_AT_ONCE, NOTE_SECONDS = 32, 0.002  # acceptances are noted so many together, or so late
TICK_SECONDS = 0.1
# Waking up for a single reply costs as much as handling it. When fewer than one connection in
# FEW have one, the others are given this long.
FEW, BREATH_SECONDS = 4, 0.0003

Accepted = Callable[[Sequence[Letter]], None]


class Batch:
    """Deals the letters to the relays, drives all their conversations on one thread, and keeps
    domains that ask for fewer messages apart from the others.

    start_seconds, end_seconds: see SmtpTransport.
    """

    def __init__(
        self,
        pools: Sequence[Pool],
        *,
        accepted: Accepted,
        flow: Flow,
        look: Look,
        start_seconds: float,
        end_seconds: float,
        clock: Callable[[], float],
    ) -> None:
        self._accepted, self._flow, self._look, self._clock = accepted, flow, look, clock
        self._start_seconds = start_seconds
        self._start_until = clock() + start_seconds
        self._end_at = clock() + end_seconds
        self._ticked_at = clock()
        self.is_late = False
        self._finished: list[tuple[Letter, Outcome]] = []
        self._to_note: list[Letter] = []
        self._told: list[tuple[Letter, bool]] = []  # since the last tick: (letter, pushed back)
        self._selector = selectors.DefaultSelector()
        self.lanes = [
            Lane(
                pool,
                desk=self,
                flow=flow,
                most=_share(pool, look.processes),
                clock=clock,
                selector=self._selector,
            )
            for pool in pools
        ]

    def run(self, letters: Sequence[Letter]) -> Iterator[tuple[Letter, Outcome]]:
        if not self.lanes:
            yield from ((letter, self._closed()) for letter in letters)
            return
        try:
            self._deal(self._with_room(letters))
            yield from self._drive()
            for lane in self.lanes:
                self._hold_the_rest(lane)
            self._tell_flow()
            yield from self._report()
        finally:
            for lane in self.lanes:
                lane.end()
            self._selector.close()

    def try_relay(self) -> Outcome | None:
        """Why the first relay cannot be used; None when it can."""
        lane = self.lanes[0]
        lane.open_more(at_least=1)
        for _ in self._drive():
            pass
        self._selector.close()
        return lane.refusal

    # What a lane calls

    def finish(self, letter: Letter, outcome: Outcome) -> None:
        is_sent = outcome.result is Result.SENT
        if is_sent:
            self._to_note.append(letter)
        self._told.append((letter, not is_sent and pushes_back(outcome)))
        self._finished.append((letter, outcome))

    def pass_on(self, letters: Iterable[Letter], outcome: Outcome) -> None:
        if any(lane.holding is None for lane in self.lanes):
            self._deal(letters)
        else:
            self._finished.extend((letter, outcome) for letter in letters)

    # Which letter goes where

    def _deal(self, letters: Iterable[Letter]) -> None:
        """Each letter to the relay that is furthest behind its share."""
        lanes = [lane for lane in self.lanes if lane.holding is None]
        if len(lanes) == 1:
            lanes[0].queue.extend(letters)
            return
        for letter in letters:
            lane = min(lanes, key=lambda one: (len(one.queue) + 1) / one.relay.weight)
            lane.queue.append(letter)

    def _with_room(self, letters: Sequence[Letter]) -> list[Letter]:
        """Those whose domain takes them now; the others are finished: they come back later."""
        if not self._look.slowed:
            return list(letters)
        domains = map(_domain, letters)
        wanted = Counter(domain for domain in domains if domain in self._look.slowed)
        grants = dict(self._flow.leave(wanted)) if wanted else {}
        seen: Counter[str] = Counter()
        going = []
        for letter in letters:
            domain = _domain(letter)
            grant = grants.get(domain)
            place = seen[domain] - grant.count if grant else -1
            seen[domain] += 1
            if grant is None or place < 0:
                going.append(letter)
                continue
            wait = timedelta(seconds=grant.wait_of(place))
            text = f"{domain} asked for fewer messages at a time"
            self._finished.append((letter, Outcome(result=Result.DELAYED, text=text, wait=wait)))
        return going

    def _tell_flow(self) -> None:
        """What the domains answered since the last time, where any asked for fewer messages."""
        seconds = max(self._clock() - self._ticked_at, TICK_SECONDS)
        told, self._told = self._told, []
        troubled = {_domain(letter) for letter, pushed_back in told if pushed_back}
        troubled |= self._look.slowed
        if not troubled or not told:
            return
        replies: dict[str, tuple[int, int]] = {}
        for letter, pushed_back in told:
            domain = _domain(letter)
            if domain in troubled:
                accepted, refused = replies.get(domain, (0, 0))
                replies[domain] = (accepted + (not pushed_back), refused + pushed_back)
        if replies:
            self._flow.note(replies, seconds=seconds)

    def _set_apart(self) -> None:
        """Letters that wait for a domain that has just asked for fewer."""
        before = self._look.slowed
        self._look = self._flow.look([lane.name for lane in self.lanes])
        if self._look.slowed <= before:
            return
        for lane in self.lanes:
            letters = list(lane.queue)
            lane.queue.clear()
            lane.queue.extend(self._with_room(letters))

    # How conversations are driven

    def _drive(self) -> Iterator[tuple[Letter, Outcome]]:
        """Until nothing more can be done. Most of a worker's time passes in this loop."""
        select, clock = self._selector.select, self._clock
        while True:
            for lane in self.lanes:
                if lane.queue:
                    lane.open_more()
            if not self._is_busy():
                return
            events = select(NOTE_SECONDS if self._finished else self._longest_wait())
            for key, mask in events:
                lane, conversation = key.data
                lane.handle(conversation, mask)
            now = clock()
            if now - self._ticked_at >= TICK_SECONDS:
                self._tick(now)
            if not events or len(self._finished) >= NOTES_AT_ONCE:
                yield from self._report()
            elif len(events) * FEW < self._talking():
                time.sleep(BREATH_SECONDS)

    def _talking(self) -> int:
        return sum(lane.talking for lane in self.lanes)

    def _is_busy(self) -> bool:
        for lane in self.lanes:
            if lane.talking or (lane.ask_at is not None and not self.is_late):
                return True
        return False

    def _longest_wait(self) -> float:
        asking = [at - self._clock() for lane in self.lanes if (at := lane.ask_at) is not None]
        return max(min(asking, default=TICK_SECONDS), 0.0)

    def _tick(self, now: float) -> None:
        self.is_late = now > self._start_until
        refused = any(pushed_back for _, pushed_back in self._told)
        self._tell_flow()
        if refused:
            self._set_apart()
        for lane in self.lanes:
            lane.tick(now - self._ticked_at, is_over=now > self._end_at)
        self._ticked_at = now

    def _hold_the_rest(self, lane: Lane) -> None:
        slow = f"the relay was too slow to begin this letter in {self._start_seconds:g} s"
        outcome = lane.holding or lane.full or Outcome(result=Result.HELD, text=slow)
        self._finished.extend((letter, outcome) for letter in lane.queue)
        lane.queue.clear()

    def _report(self) -> Iterator[tuple[Letter, Outcome]]:
        if self._to_note:
            self._accepted(self._to_note)
            self._to_note = []
            for lane in self.lanes:
                if lane.has_sent and lane.name in self._look.troubled:
                    self._flow.open_relay(lane.name)
                    self._look = self._flow.look([one.name for one in self.lanes])
        finished, self._finished = self._finished, []
        yield from finished

    def _closed(self) -> Outcome:
        """Every relay is left alone for now."""
        _, because = min(self._look.closed.values())
        return Outcome(result=Result.HELD, text=because)


def _share(pool: Pool, processes: int) -> int:
    """Of a relay's connections this process's part; one at least."""
    most = pool.relay.connections
    return 1_000_000 if most is None else max(most // processes, 1)


def _domain(letter: Letter) -> str:
    return letter.recipient.rpartition("@")[2].lower()
