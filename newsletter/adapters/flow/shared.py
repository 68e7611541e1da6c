"""The port `Flow` over all processes that use one Redis-protocol server."""

import json
import logging
import os
import secrets
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import redis

from newsletter.adapters.flow import scripts
from newsletter.adapters.flow.memory import MemoryFlow
from newsletter.core.delivery import flow
from newsletter.core.delivery.flow import Grant, Limits, Look

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.25  # so long a look is believed: a batch may take no longer than this
PROCESS_SECONDS = 60.0  # after its last look a process no longer counts as one that sends
AWAY_SECONDS = 30.0  # a server that hangs would cost two seconds a call
UNKNOWN_PROCESSES = 16  # taken for granted where the server was never reached
PROCESSES, SLOWED, CLOSED = "flow:processes", "flow:slowed", "flow:closed"


class RedisFlow:
    """Every call is one round trip, by the server's clock.

    Without the server this process keeps to its share of each relay's limits: half of what it
    would have if they were dealt equally to all that were last seen sending, and a sixteenth where
    none were ever seen. clock: for tests, instead of the server's.
    """

    def __init__(self, client: redis.Redis, *, clock: Callable[[], float] | None = None) -> None:
        self._clock = clock
        self._look_script = client.register_script(scripts.LOOK)
        self._take_script = client.register_script(scripts.TAKE)
        self._give_back_script = client.register_script(scripts.GIVE_BACK)
        self._leave_script = client.register_script(scripts.LEAVE)
        self._note_script = client.register_script(scripts.NOTE)
        self._close_script = client.register_script(scripts.CLOSE)
        self._client = client
        self._name = secrets.token_hex(8)
        self._processes = 0
        self._looked_at, self._seen = -LOOK_SECONDS, Look(closed={})
        self._away_until = 0.0
        self._alone = MemoryFlow()
        self._day_left: dict[str, int] = {}
        self._spent: Counter[str] = Counter()

    def look(self, relays: Sequence[str]) -> Look:
        if self._looked_at + LOOK_SECONDS > time.monotonic() and self._clock is None:
            return self._seen
        name = f"{self._name}:{os.getpid()}"  # a fork is a process of its own
        found = self._ask(self._look_script, [PROCESSES, SLOWED, CLOSED], [name, PROCESS_SECONDS])
        if found is None:
            return self._alone.look(relays)
        now, self._processes, slowed, closed = float(found[0]), found[1], found[2], found[3]
        kept = {
            name.decode(): json.loads(value)
            for name, value in zip(closed[::2], closed[1::2], strict=True)
        }
        self._seen = Look(
            processes=max(self._processes, 1),
            closed={
                name: (one["until_at"] - now, one["because"])
                for name, one in kept.items()
                if one["until_at"] > now
            },
            troubled=frozenset(kept),
            slowed=frozenset(domain.decode() for domain in slowed),
        )
        self._looked_at = time.monotonic()
        return self._seen

    def take(self, relay: str, limits: Limits, wanted: int) -> Grant:
        pace = flow.pace_of(limits.per_second) if limits.per_second is not None else ("", "")
        most = "" if limits.per_day is None else limits.per_day
        spent = self._spent[relay]
        found = self._ask(self._take_script, _keys(relay), [wanted, *pace, most, spent])
        if found is None:
            left = self._day_left.get(relay, limits.per_day)
            limits = Limits(per_second=limits.per_second, per_day=left)
            grant = self._alone.take(relay, limits, wanted)
            self._spent[relay] += grant.count
            return grant
        self._spent[relay] -= spent
        if limits.per_day is not None:
            self._day_left[relay] = int(found[2])
        return Grant(count=int(found[0]), wait_seconds=float(found[1]))

    def give_back(self, relay: str, limits: Limits, count: int) -> None:
        self._ask(self._give_back_script, _keys(relay), [count])

    def leave(self, wanted: Mapping[str, int]) -> Mapping[str, Grant]:
        found = self._ask(self._leave_script, [*map(_domain_key, wanted)], [*wanted.values()])
        if found is None:
            return self._alone.leave(wanted)
        return {
            domain: Grant(count=int(one[0]), wait_seconds=float(one[1]), step_seconds=float(one[2]))
            for domain, one in zip(wanted, found, strict=True)
            if one
        }

    def note(self, replies: Mapping[str, tuple[int, int]], *, seconds: float) -> None:
        arguments: list[Any] = []
        for domain, (accepted, refused) in replies.items():
            # What this process sees is its part; the others send there, too.
            rate = (accepted + refused) / seconds * max(self._processes, 1)
            arguments += [domain, accepted, refused, rate]
        keys = [SLOWED, *map(_domain_key, replies)]
        if self._ask(self._note_script, keys, arguments) is None:
            self._alone.note(replies, seconds=seconds)
        self._looked_at = -LOOK_SECONDS

    def close_relay(self, relay: str, because: str) -> None:
        if self._ask(self._close_script, [CLOSED], [relay, because]) is None:
            self._alone.close_relay(relay, because)
        self._looked_at = -LOOK_SECONDS

    def open_relay(self, relay: str) -> None:
        self._ask(lambda keys, args: self._client.hdel(keys[0], args[1]), [CLOSED], [relay])
        self._alone.open_relay(relay)
        self._looked_at = -LOOK_SECONDS

    def _ask(
        self, script: Callable[..., Any], keys: Sequence[str], arguments: Sequence[Any]
    ) -> Any | None:
        """What the script gives; None while the server is away."""
        if time.monotonic() < self._away_until:
            return None
        now = "" if self._clock is None else self._clock()
        try:
            return script(keys=keys, args=[now, *arguments])
        except redis.RedisError as problem:
            log.warning("flow_is_alone seconds=%s because=%s", AWAY_SECONDS, problem)
            self._away_until = time.monotonic() + AWAY_SECONDS
            share = 1 / (2 * self._processes) if self._processes else 1 / UNKNOWN_PROCESSES
            self._alone = MemoryFlow(share=share)
            return None


def _keys(relay: str) -> list[str]:
    return [f"flow:pace:{relay}", f"flow:day:{relay}"]


def _domain_key(domain: str) -> str:
    return f"flow:domain:{domain}"
