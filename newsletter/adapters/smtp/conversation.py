"""One connection to the relay, kept as long as it is good, driven by what its socket does."""

import ssl
from collections.abc import Callable

from newsletter.adapters.smtp.handover import Handover, Work
from newsletter.adapters.smtp.opening import Opening
from newsletter.adapters.smtp.relay import Relay
from newsletter.adapters.smtp.script import For, Leaving, Refused, Step, Wait, demand
from newsletter.adapters.smtp.wire import Broken, Patience, Wire

NOOP_AFTER = 5.0  # seconds idle; before that a lost connection is noticed by the first letter
STALE_AFTER = 100.0  # servers close after 300, some far sooner


class Conversation:
    """Drives its script from reply to reply. `wait` is what it now waits for; None while idle."""

    def __init__(
        self,
        relay: Relay,
        *,
        hello: str,
        context: ssl.SSLContext | None,
        patience: Patience,
        clock: Callable[[], float],
    ) -> None:
        self.wire = Wire()
        self.wait: Wait | None = None
        self._opening = Opening(self.wire, relay, hello=hello, context=context, patience=patience)
        self._patience, self._clock = patience, clock
        self._handover: Handover | None = None
        self._script: Step | None = None
        self._deadline = 0.0
        self._idle_since = 0.0

    @property
    def is_open(self) -> bool:
        """Whether it stands behind greeting and login."""
        return self._handover is not None

    def start(self, work: Work) -> None:
        self._script = self._run(work)
        self._resume()
        self._pump()

    def handle(self, *, is_readable: bool, is_writable: bool) -> None:
        """Go on as far as possible, after the selector saw something."""
        if self.wait is None:
            return
        if self.wait.what is For.REPLY:
            if is_readable:
                self.wire.receive()
            if is_writable and self.wire.flush():
                self._set_deadline(self.wait)
            if is_readable or self.wire.end:
                self._resume()
        elif is_readable if self.wait.what is For.READABLE else is_writable:
            self._resume()
        self._pump()

    def tick(self, *, is_over: bool) -> None:
        """Give up when the time of the present step is over, or of the whole batch."""
        if self.wait is None or not (is_over or self._clock() > self._deadline):
            return
        self._throw("the relay stopped reading" if self.wire.has_unsent else "no answer in time")
        self._pump()

    def is_fresh(self) -> bool:
        """Whether an idle connection is worth another letter."""
        self.wire.receive()  # a close, or a 421, that came while nobody listened
        has_ended = bool(self.wire.end) or self.wire.has_unread
        return self.is_open and not has_ended and not self.is_stale

    @property
    def is_stale(self) -> bool:
        """Whether it has been idle for too long."""
        return self._idle_seconds() >= STALE_AFTER

    def close(self) -> None:
        """Say goodbye when idle, without waiting for the answer."""
        if self.is_open and self.wait is None:
            self.wire.write(b"QUIT\r\n")
            self.wire.flush()
        self._drop()

    def _drop(self) -> None:
        self._handover = None
        self.wait = None
        self.wire.close()

    def _idle_seconds(self) -> float:
        return self._clock() - self._idle_since

    def _run(self, work: Work) -> Step:
        try:
            if self._handover is None:
                offers = yield from self._opening.run()
                self._handover = Handover(self.wire, offers, self._patience)
            elif self._idle_seconds() > NOOP_AFTER:
                yield from demand(self.wire, "NOOP", self._patience.noop)
            yield from self._handover.run(work)
            self._handover.is_used = True  # from now on it may be closed while it is idle
            self._idle_since = self._clock()
        except Refused as refused:
            self._drop()
            work.refused(refused.outcome)
        except Leaving as leaving:
            self._end(work, *leaving.reply)
        except Broken as broken:
            self._end(work, 0, str(broken))

    def _end(self, work: Work, code: int, text: str) -> None:
        assert self._handover is not None
        handover = self._handover
        handover.settle(work, code, text)
        self._drop()
        if not handover.is_used:
            work.died()

    def _resume(self) -> None:
        assert self._script is not None
        try:
            self._go_on(next(self._script))
        except StopIteration:
            self.wait = None

    def _throw(self, cause: str) -> None:
        assert self._script is not None
        try:
            self._go_on(self._script.throw(Broken(cause)))
        except StopIteration:
            self.wait = None

    def _go_on(self, wait: Wait) -> None:
        if wait is self.wait:
            return
        self.wait = wait
        if wait.what is For.REPLY:
            self.wire.flush()
        self._set_deadline(wait)

    def _set_deadline(self, wait: Wait) -> None:
        seconds = self._patience.block if self.wire.has_unsent else wait.seconds
        self._deadline = self._clock() + seconds

    def _pump(self) -> None:
        """Go on as long as something is there that the selector will not tell of."""
        while self.wait is not None and self.wait.what is For.REPLY:
            if self.wire.has_hidden:
                self.wire.receive()
            elif not self.wire.end:
                return
            self._resume()
