"""SmtpTransport: many conversations at once, kept from one batch to the next, on one thread."""

import math
import os
import selectors
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from newsletter.adapters.smtp.conversation import Conversation
from newsletter.adapters.smtp.relay import Relay, Tls
from newsletter.adapters.smtp.script import For
from newsletter.adapters.smtp.wire import Patience
from newsletter.core.delivery import Outcome, Result
from newsletter.core.ports import Letter

LETTERS_A_CONNECTION = 8  # opening one takes several round trips
NOTES_AT_ONCE = 16  # and sooner when the relay lets us wait
TICK_SECONDS = 0.1
MOST_DEATHS = 3  # connections that break one after the other without any reply to a letter
FIRST_PAUSE, LONGEST_PAUSE = 5.0, 60.0  # seconds

Accepted = Callable[[Sequence[Letter]], None]


class SmtpTransport:
    """The port `Transport` over SMTP, pipelined where the relay offers it (RFC 2920).

    connections: how many each call may use at once. hello: our name in EHLO, by default the
    address literal of the connection. ca_file: trusted instead of the system's authorities.
    start_seconds: a letter that was not begun so long after the call is held. end_seconds: then
    every letter in hand is given up, so that a call ends before its leases do; they must be
    longer. clock: seconds that never go back.
    """

    def __init__(
        self,
        relay: Relay,
        *,
        connections: int = 4,
        hello: str = "",
        ca_file: Path | None = None,
        patience: Patience | None = None,
        start_seconds: float = 60.0,
        end_seconds: float = 360.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.relay, self.connections = relay, connections
        self.start_seconds, self.end_seconds, self.clock = start_seconds, end_seconds, clock
        self._hello = hello
        self._patience = patience or Patience()
        self._context = (
            None if relay.tls is Tls.NONE else ssl.create_default_context(cafile=ca_file)
        )
        self._idle: list[Conversation] = []
        self._lock = threading.Lock()
        self._process = os.getpid()
        self._failures = 0
        self._pause_until = -math.inf
        self._pause_outcome = Outcome(result=Result.HELD)

    def send_many(
        self, letters: Sequence[Letter], *, accepted: Accepted
    ) -> Iterator[tuple[Letter, Outcome]]:
        """As the port says. After the relay could not be used, it is left alone for some seconds:
        until then every letter is held at once. `accepted` must not raise.
        """
        self._forget_after_fork()
        if self.clock() < self._pause_until:
            yield from ((letter, self._pause_outcome) for letter in letters)
            return
        yield from _Batch(self, letters, accepted).run()

    def look(self) -> str:
        """Why the relay cannot be used, found out by connecting and logging in; "" when it can."""
        batch = _Batch(self, (), lambda _: None)
        for _ in batch.run(try_only=True):
            pass
        return batch.refusal.text if batch.refusal else ""

    def close(self) -> None:
        """Say goodbye on every idle connection. It may be used again afterwards."""
        with self._lock:
            idle, self._idle = self._idle, []
        for conversation in idle:
            conversation.close()

    def borrow(self) -> Conversation:
        """A connection that is open and fresh, or one to be opened."""
        while True:
            with self._lock:
                if not self._idle:
                    break
                conversation = self._idle.pop()
            if conversation.is_fresh():
                return conversation
            conversation.close()
        return Conversation(
            self.relay,
            hello=self._hello,
            context=self._context,
            patience=self._patience,
            clock=self.clock,
        )

    def give_back(self, conversation: Conversation) -> None:
        with self._lock:
            self._idle.append(conversation)

    def pause(self, outcome: Outcome) -> None:
        """Leave the relay alone, longer each time it happens in a row."""
        seconds = min(FIRST_PAUSE * 2.0 ** min(self._failures, 10), LONGEST_PAUSE)
        self._failures += 1
        self._pause_until = self.clock() + seconds
        self._pause_outcome = outcome

    def note_success(self) -> None:
        self._failures = 0

    def _forget_after_fork(self) -> None:
        """A connection shared by two processes would mix their letters."""
        if self._process != os.getpid():
            self._process = os.getpid()
            self._lock = threading.Lock()
            for conversation in self._idle:
                conversation.wire.close()  # no QUIT: the parent still talks on it
            self._idle = []


class _Watched(NamedTuple):
    """What the selector was told of a conversation. Descriptors alone are used again."""

    sock: socket.socket | None
    descriptor: int
    events: int


_NOTHING = _Watched(None, -1, 0)


class _Batch:
    """One call of send_many: its letters, its conversations, and what is not reported yet."""

    def __init__(
        self, transport: SmtpTransport, letters: Sequence[Letter], accepted: Accepted
    ) -> None:
        self.refusal: Outcome | None = None
        self._transport, self._accepted = transport, accepted
        self._queue = deque(letters)
        self._returned: set[int] = set()
        self._most = transport.connections
        self._start_until = transport.clock() + transport.start_seconds
        self._end_at = transport.clock() + transport.end_seconds
        self._holding: Outcome | None = None
        self._deaths = 0
        self._finished: list[tuple[Letter, Outcome]] = []
        self._to_note: list[Letter] = []
        self._talking: dict[Conversation, _Watched] = {}
        self._selector = selectors.DefaultSelector()

    def run(self, *, try_only: bool = False) -> Iterator[tuple[Letter, Outcome]]:
        next_tick = self._transport.clock() + TICK_SECONDS
        try:
            self._open_more(at_least=int(try_only))
            while self._talking:
                events = self._selector.select(0 if self._finished else TICK_SECONDS)
                for key, mask in events:
                    self._handle(key.data, mask)
                if self._transport.clock() >= next_tick:
                    next_tick = self._transport.clock() + TICK_SECONDS
                    self._tick()
                self._open_more()
                if not events or len(self._finished) >= NOTES_AT_ONCE:
                    yield from self._report()
            self._hold_the_rest()
            yield from self._report()
        finally:
            for conversation in self._talking:  # the caller stopped in the middle
                conversation.close()
            self._selector.close()

    # What a conversation calls

    def take(self) -> Letter | None:
        if self._holding or not self._queue or self._transport.clock() > self._start_until:
            return None
        return self._queue.popleft()

    def done(self, letter: Letter, outcome: Outcome) -> None:
        if outcome.code:
            self._deaths = 0
        if outcome.result is Result.SENT:
            self._to_note.append(letter)
        self._finished.append((letter, outcome))

    def back(self, letter: Letter, *, begun: bool) -> None:
        if begun and id(letter) in self._returned:
            text = "the relay closed the connection twice before it took the envelope"
            self.done(letter, Outcome(result=Result.DEFERRED, text=text))
            return
        if begun:
            self._returned.add(id(letter))
        self._queue.appendleft(letter)

    def hold(self, outcome: Outcome) -> None:
        if self._holding is None:
            self._holding = outcome
            self._transport.pause(outcome)

    def refused(self, outcome: Outcome) -> None:
        self.refusal = outcome
        others = sum(1 for conversation in self._talking if conversation.is_open)
        self._most = min(self._most, others)  # the relay may want fewer connections

    def died(self) -> None:
        self._deaths += 1
        if self._deaths >= MOST_DEATHS:
            text = f"the relay {self._transport.relay.name} breaks every connection"
            self.hold(Outcome(result=Result.HELD, text=text))

    # How conversations are driven

    def _open_more(self, *, at_least: int = 0) -> None:
        wanted = max(math.ceil(len(self._queue) / LETTERS_A_CONNECTION), at_least)
        if self._holding or self._transport.clock() > self._start_until:
            return
        while len(self._talking) < min(self._most, wanted):
            conversation = self._transport.borrow()
            self._talking[conversation] = _NOTHING
            conversation.start(self)
            self._watch(conversation)

    def _handle(self, conversation: Conversation, mask: int) -> None:
        conversation.handle(
            is_readable=bool(mask & selectors.EVENT_READ),
            is_writable=bool(mask & selectors.EVENT_WRITE),
        )
        self._watch(conversation)

    def _tick(self) -> None:
        is_over = self._transport.clock() > self._end_at
        for conversation in list(self._talking):
            conversation.tick(is_over=is_over)
            self._watch(conversation)

    def _watch(self, conversation: Conversation) -> None:
        """Tell the selector what the conversation now waits for; put it away when it is over."""
        before, now = self._talking[conversation], _wanted(conversation)
        if now != before:
            if before.sock is not None:
                self._selector.unregister(before.descriptor)
            if now.sock is not None:
                self._selector.register(now.descriptor, now.events, conversation)
            self._talking[conversation] = now
        if conversation.wait is None:
            del self._talking[conversation]
            if conversation.is_open:
                self._transport.give_back(conversation)

    def _hold_the_rest(self) -> None:
        if not self._queue:
            return
        if self._holding is None and self._most == 0 and self.refusal is not None:
            self.hold(self.refusal)
        slow = f"the relay was too slow to begin this letter in {self._transport.start_seconds} s"
        outcome = self._holding or Outcome(result=Result.HELD, text=slow)
        self._finished.extend((letter, outcome) for letter in self._queue)
        self._queue.clear()

    def _report(self) -> Iterator[tuple[Letter, Outcome]]:
        if self._to_note:
            self._accepted(self._to_note)
            self._to_note = []
            self._transport.note_success()
        finished, self._finished = self._finished, []
        yield from finished


def _wanted(conversation: Conversation) -> _Watched:
    sock, wait = conversation.wire.sock, conversation.wait
    if sock is None or wait is None:
        return _NOTHING
    if wait.what is For.WRITABLE:
        return _Watched(sock, sock.fileno(), selectors.EVENT_WRITE)
    write = selectors.EVENT_WRITE if conversation.wire.has_unsent else 0
    return _Watched(sock, sock.fileno(), selectors.EVENT_READ | write)
