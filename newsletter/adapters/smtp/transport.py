"""SmtpTransport: many conversations at once, kept from one batch to the next, on one thread."""

import os
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from newsletter.adapters.smtp.batch import Accepted, Batch
from newsletter.adapters.smtp.conversation import Conversation
from newsletter.adapters.smtp.pool import Pool
from newsletter.adapters.smtp.relay import Relay, Tls
from newsletter.adapters.smtp.width import Width
from newsletter.adapters.smtp.wire import Patience
from newsletter.core.delivery.flow import Look
from newsletter.core.delivery.states import Outcome
from newsletter.core.ports import Flow, Letter


class SmtpTransport:
    """The port `Transport` over SMTP, pipelined where the relay offers it (RFC 2920).

    relays: each gets its share of the letters; one that fails leaves its share to the others.
    connections: exactly so many to each relay, at most; None finds out how many are worth it.
    hello: our name in EHLO; a relay of this machine gets the address literal of the connection.
    ca_file: trusted instead of the system's authorities. start_seconds: a letter that was not
    begun so long after the call is held. end_seconds: then every letter in hand is given up, so
    that a call ends before its leases do; they must be longer. clock: seconds that never go back.
    """

    def __init__(
        self,
        relays: Sequence[Relay],
        *,
        flow: Flow,
        connections: int | None = None,
        hello: str = "",
        ca_file: Path | None = None,
        patience: Patience | None = None,
        start_seconds: float = 60.0,
        end_seconds: float = 360.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.start_seconds, self.end_seconds = start_seconds, end_seconds
        self._flow, self._clock = flow, clock
        self._process = os.getpid()
        self._pools = []
        for relay in relays:
            make = partial(
                Conversation,
                relay,
                hello="" if relay.is_loopback else hello,
                context=_context(relay, ca_file),
                patience=patience or Patience(),
                clock=clock,
            )
            self._pools.append(Pool(relay, make=make, width=Width(connections)))

    def send_many(
        self, letters: Sequence[Letter], *, accepted: Accepted
    ) -> Iterator[tuple[Letter, Outcome]]:
        """As the port says. After a relay could not be used, it is left alone for some seconds;
        while that is so of all of them, every letter is held at once. `accepted` must not raise.
        """
        self._forget_after_fork()
        look = self._flow.look([pool.relay.name for pool in self._pools])
        open_pools = [pool for pool in self._pools if pool.relay.name not in look.closed]
        yield from self._batch(open_pools, accepted, look).run(letters)

    def look(self) -> str:
        """Why relays cannot be used, found out by connecting and logging in; "" when all can."""
        problems = []
        for pool in self._pools:
            refusal = self._batch([pool], lambda _: None, Look(closed={})).try_relay()
            if refusal is not None:
                problems.append(refusal.text)
        return " ".join(problems)

    @property
    def widths(self) -> dict[str, int]:
        """By the relay's name, how many connections it is worth at present."""
        return {pool.relay.name: pool.width.value for pool in self._pools}

    def close(self) -> None:
        """Say goodbye on every idle connection. It may be used again afterwards."""
        for pool in self._pools:
            pool.close()

    def _batch(self, pools: Sequence[Pool], accepted: Accepted, look: Look) -> Batch:
        return Batch(
            pools,
            accepted=accepted,
            flow=self._flow,
            look=look,
            start_seconds=self.start_seconds,
            end_seconds=self.end_seconds,
            clock=self._clock,
        )

    def _forget_after_fork(self) -> None:
        if self._process != os.getpid():
            self._process = os.getpid()
            for pool in self._pools:
                pool.forget()


def _context(relay: Relay, ca_file: Path | None) -> ssl.SSLContext | None:
    return None if relay.tls is Tls.NONE else ssl.create_default_context(cafile=ca_file)
