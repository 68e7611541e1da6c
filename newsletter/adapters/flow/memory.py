"""The port `Flow` within one process."""

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence

from newsletter.core.delivery import flow
from newsletter.core.delivery.flow import Bucket, Grant, Limits, Look, Slowed


class MemoryFlow:
    """What this process knows by itself. clock: seconds that never go back.

    share: of each relay's limits this process keeps to; others may be sending, too.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic, share: float = 1.0) -> None:
        self.share = share
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: dict[str, Bucket] = {}
        self._days: dict[str, Counter[int]] = defaultdict(Counter)
        self._slowed: dict[str, Slowed] = {}
        self._closed: dict[str, tuple[float, str, int]] = {}  # until, because, failures in a row

    def look(self, relays: Sequence[str]) -> Look:
        with self._lock:
            now = self._clock()
            self._forgive(now)
            closed = {
                name: (until - now, because)
                for name, (until, because, _) in self._closed.items()
                if name in relays and until > now
            }
            return Look(
                closed=closed, troubled=frozenset(self._closed), slowed=frozenset(self._slowed)
            )

    def take(self, relay: str, limits: Limits, wanted: int) -> Grant:
        with self._lock:
            now, grant = self._clock(), Grant(count=wanted)
            if limits.per_day is not None:
                most = int(limits.per_day * self.share)
                grant = flow.day_room(self._days[relay], most, now=now)
            wanted = min(wanted, grant.count)
            if limits.per_second is not None and wanted:
                burst, rate = flow.pace_of(limits.per_second)
                burst = max(burst * self.share, 1.0)
                before = self._buckets.get(relay)
                if before is None and self.share < 1:
                    before = Bucket(level=0.0, at=now)  # each of many would begin with one
                self._buckets[relay], grant = flow.take(
                    before, wanted, burst=burst, rate=rate * self.share, now=now
                )
                wanted = grant.count
            if wanted and limits.per_day is not None:
                self._count(relay, wanted, now)
            return Grant(count=wanted, wait_seconds=grant.wait_seconds)

    def give_back(self, relay: str, limits: Limits, count: int) -> None:
        with self._lock:
            bucket = self._buckets.get(relay)
            if bucket is not None:
                self._buckets[relay] = Bucket(level=bucket.level + count, at=bucket.at)
            if limits.per_day is not None and self._days.get(relay):  # else none were taken
                self._count(relay, -count, self._clock())

    def leave(self, wanted: Mapping[str, int]) -> Mapping[str, Grant]:
        with self._lock:
            now, grants = self._clock(), {}
            self._forgive(now)
            for domain, count in wanted.items():
                if domain in self._slowed:
                    self._slowed[domain], grants[domain] = flow.leave(
                        self._slowed[domain], count, now=now
                    )
            return grants

    def note(self, replies: Mapping[str, tuple[int, int]], *, seconds: float) -> None:
        with self._lock:
            now = self._clock()
            for domain, (accepted, refused) in replies.items():
                slowed = flow.note(
                    self._slowed.get(domain),
                    accepted=accepted,
                    refused=refused,
                    rate=(accepted + refused) / seconds,
                    now=now,
                )
                if slowed is not None:
                    self._slowed[domain] = slowed

    def close_relay(self, relay: str, because: str) -> None:
        with self._lock:
            now = self._clock()
            until, _, failures = self._closed.get(relay, (0.0, "", 0))
            if until <= now:  # otherwise it is the same failure, seen by another connection
                self._closed[relay] = (now + flow.pause_of(failures + 1), because, failures + 1)

    def open_relay(self, relay: str) -> None:
        with self._lock:
            self._closed.pop(relay, None)

    def _count(self, relay: str, count: int, now: float) -> None:
        slot = flow.slot_of(now)
        counts = self._days[relay]
        counts[slot] += count
        for old in [one for one in counts if one < slot - flow.DAY_SLOTS]:
            del counts[old]

    def _forgive(self, now: float) -> None:
        for domain in [
            name
            for name, slowed in self._slowed.items()
            if now - slowed.since > flow.FORGIVEN_AFTER
        ]:
            del self._slowed[domain]
