"""One relay within one batch: the letters dealt to it, and the conversations that carry them."""

import math
import selectors
import socket
from collections import deque
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import NamedTuple, Protocol

from newsletter.adapters.smtp.conversation import Conversation
from newsletter.adapters.smtp.pool import Pool
from newsletter.adapters.smtp.script import For
from newsletter.core.delivery.states import Outcome, Result
from newsletter.core.ports import Flow, Letter

LETTERS_A_CONNECTION = 4  # opening one takes several round trips
MOST_DEATHS = 3  # connections that break one after the other without any reply to a letter
SHORT_WAIT = 2.0  # seconds that a batch waits for room at a relay; after that others may try
ASK_EVERY = 0.02  # seconds


class Desk(Protocol):
    """What a lane asks of its batch."""

    is_late: bool  # nothing more may be begun

    def finish(self, letter: Letter, outcome: Outcome) -> None:
        """This became of the letter."""

    def pass_on(self, letters: Iterable[Letter], outcome: Outcome) -> None:
        """Another relay shall take these; without one, this becomes of them."""


class _Watched(NamedTuple):
    """What the selector was told of a conversation. Descriptors alone are used again."""

    sock: socket.socket | None
    descriptor: int
    events: int


_NOTHING = _Watched(None, -1, 0)
_READ, _WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE


class Lane:
    """The `Work` of one relay's conversations.

    most: connections that this batch may use. With limits each letter needs a permit.
    """

    def __init__(
        self,
        pool: Pool,
        *,
        desk: Desk,
        flow: Flow,
        most: int,
        clock: Callable[[], float],
        selector: selectors.BaseSelector,
    ) -> None:
        self.relay, self.name = pool.relay, pool.relay.name
        self.queue: deque[Letter] = deque()
        self.refusal: Outcome | None = None
        self.holding: Outcome | None = None
        self.full: Outcome | None = None  # once its limits made letters wait: what becomes of those
        self.has_sent = False
        self._pool, self._desk, self._flow, self._most = pool, desk, flow, most
        self._clock, self._selector = clock, selector
        self._is_limited = self.relay.limits.per_second or self.relay.limits.per_day
        self._permits = 0
        self._ask_at = 0.0
        self._returned: set[int] = set()
        self._deaths = 0
        self._done = 0
        self._talking: dict[Conversation, _Watched] = {}

    @property
    def talking(self) -> int:
        return len(self._talking)

    @property
    def ask_at(self) -> float | None:
        """When to ask for permits again; None when nothing waits for any."""
        waits = self._is_limited and self.queue and not self._permits and self.holding is None
        return self._ask_at if waits and not self._talking else None

    # What a conversation calls

    def take(self) -> Letter | None:
        if self.holding or not self.queue or self._desk.is_late:
            return None
        if self._is_limited:
            if not self._permits:
                return None
            self._permits -= 1
        return self.queue.popleft()

    def done(self, letter: Letter, outcome: Outcome) -> None:
        self._done += 1
        if outcome.code and outcome.code != 421:
            self._deaths = 0
        if outcome.result is Result.SENT:
            self.has_sent = True
        self._desk.finish(letter, outcome)

    def back(self, letter: Letter, *, begun: bool) -> None:
        if begun and letter.delivery_id in self._returned:
            text = "the relay closed the connection twice before it took the envelope"
            self.done(letter, Outcome(result=Result.DEFERRED, text=text))
            return
        if begun:
            self._returned.add(letter.delivery_id)
        self._permits += 1
        self.queue.appendleft(letter)
        if self.holding is not None:
            self._leave(self.holding)

    def hold(self, outcome: Outcome) -> None:
        if self.holding is None:
            self.holding = outcome
            self._flow.close_relay(self.name, outcome.text)
            self._leave(outcome)

    def refused(self, outcome: Outcome) -> None:
        self.refusal = outcome
        others = sum(1 for conversation in self._talking if conversation.is_open)
        self._most = min(self._most, others)  # the relay may want fewer connections
        if others:
            self._pool.width.limit(others)

    def died(self) -> None:
        self._deaths += 1
        if self._deaths >= MOST_DEATHS:
            text = f"the relay {self.name} breaks every connection"
            self.hold(Outcome(result=Result.HELD, text=text))

    # What the batch calls

    def open_more(self, *, at_least: int = 0) -> None:
        """As many conversations as the letters are worth."""
        if len(self._talking) >= self._pool.width.value:
            return
        if self._is_limited and self.queue and not self._permits:
            self._ask()
        if self.holding is not None or self._desk.is_late:
            return
        ready = min(len(self.queue), self._permits) if self._is_limited else len(self.queue)
        wanted = max(math.ceil(ready / LETTERS_A_CONNECTION), min(ready, self._pool.idle), at_least)
        missing = min(self._most, self._pool.width.value, wanted) - len(self._talking)
        for _ in range(missing):  # of which some may be over at once
            conversation = self._pool.borrow()
            self._talking[conversation] = _NOTHING
            conversation.start(self)
            self._watch(conversation)
        if self.queue and not self._talking and not self._most and self.refusal is not None:
            self.hold(self.refusal)

    def handle(self, conversation: Conversation, mask: int) -> None:
        conversation.handle(is_readable=bool(mask & _READ), is_writable=bool(mask & _WRITE))
        self._watch(conversation)

    def tick(self, seconds: float, *, is_over: bool) -> None:
        """So much time has passed since the last tick. is_over: give up what is in hand."""
        talking = len(self._talking)
        if self.queue and talking == self._pool.width.value and self._all_are_open():
            self._pool.width.measure(self._done, seconds)
        self._done = 0
        for conversation in list(self._talking):
            conversation.tick(is_over=is_over)
            self._watch(conversation)

    def end(self) -> None:
        """Nothing more comes, or the caller stopped in the middle."""
        for conversation in self._talking:
            conversation.close()
        if self._is_limited and self._permits:
            self._flow.give_back(self.name, self.relay.limits, self._permits)

    def _ask(self) -> None:
        if self._clock() < self._ask_at or self.holding is not None:
            return
        grant = self._flow.take(self.name, self.relay.limits, len(self.queue))
        self._permits += grant.count
        if grant.count:
            return
        self._ask_at = self._clock() + max(grant.wait_seconds, ASK_EVERY)
        text = f"the relay {self.name} has taken all that its limits allow"
        wait = timedelta(seconds=grant.wait_seconds)
        self.full = Outcome(result=Result.DELAYED, text=text, wait=wait)
        if grant.wait_seconds > SHORT_WAIT:
            self.holding = self.full
            self._leave(self.full)

    def _leave(self, outcome: Outcome) -> None:
        letters = list(self.queue)
        self.queue.clear()
        self._desk.pass_on(letters, outcome)

    def _all_are_open(self) -> bool:
        return all(conversation.is_open for conversation in self._talking)

    def _watch(self, conversation: Conversation) -> None:
        """Tell the selector what the conversation now waits for; put it away when it is over."""
        before = self._talking[conversation]
        sock, events = _wanted(conversation)
        if sock is not before.sock or events != before.events:
            if before.sock is not None:
                self._selector.unregister(before.descriptor)
            now = _NOTHING
            if sock is not None:
                now = _Watched(sock, sock.fileno(), events)
                self._selector.register(now.descriptor, events, (self, conversation))
            self._talking[conversation] = now
        if conversation.wait is None:
            del self._talking[conversation]
            if conversation.is_open:
                self._pool.give_back(conversation)


def _wanted(conversation: Conversation) -> tuple[socket.socket | None, int]:
    sock, wait = conversation.wire.sock, conversation.wait
    if sock is None or wait is None:
        return None, 0
    if wait.what is For.WRITABLE:
        return sock, _WRITE
    return sock, _READ | _WRITE if conversation.wire.has_unsent else _READ
