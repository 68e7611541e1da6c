"""The port `Gate` within one process."""

import threading
import time
from collections.abc import Callable, Sequence

from newsletter.core import gate
from newsletter.core.delivery.flow import Bucket
from newsletter.core.gate import Knock, Passage
from newsletter.core.proof import LIFETIME_SECONDS

MOST_KEPT = 100_000  # of each count; then those that count for nothing any more are forgotten


class MemoryGate:
    """What this process counted. clock: seconds that never go back."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._mailed: dict[str, Sequence[float]] = {}
        self._networks: dict[str, Bucket] = {}
        self._domains: dict[str, Bucket] = {}
        self._spent: dict[str, float] = {}  # until when; the oldest first

    def take(self, knock: Knock) -> Passage:
        with self._lock:
            now = self._clock()
            passage, mailed, network, domain = gate.through(
                self._mailed.get(knock.mailbox, ()),
                self._networks.get(knock.network),
                self._domains.get(knock.domain),
                knock=knock,
                now=now,
            )
            if mailed:
                self._mailed[knock.mailbox] = mailed
            self._networks[knock.network] = network
            if domain is not None:
                self._domains[knock.domain] = domain
            if max(len(self._mailed), len(self._networks), len(self._domains)) > MOST_KEPT:
                self._forget(now)
            return passage

    def spend(self, proof: str) -> bool:
        with self._lock:
            now = self._clock()
            while self._spent and next(iter(self._spent.values())) < now:
                del self._spent[next(iter(self._spent))]
            is_new = proof not in self._spent
            self._spent.setdefault(proof, now + LIFETIME_SECONDS)
            return is_new

    def look(self) -> None:
        """It is always there."""

    def _forget(self, now: float) -> None:
        oldest = now - gate.DAY_SECONDS
        self._mailed = {key: at for key, at in self._mailed.items() if at[0] > oldest}
        self._networks = {key: one for key, one in self._networks.items() if one.at > oldest}
        self._domains = {key: one for key, one in self._domains.items() if one.at > oldest}
