"""Keeps requests to one place apart: over all processes by Redis, or within this one."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta

import redis

from newsletter.errors import QueueUnavailable

# Turns are handed out in the order of asking, so that nobody waits for ever. Waking up is never
# exact: who comes early for his turn because the one before was late waits again. All by the
# server's clock, in microseconds. Returns how long to wait, 0 when the turn was taken.
TAKE_TURN = """
local now = redis.call('TIME')
now = now[1] * 1000000 + now[2]
local interval = tonumber(ARGV[1])
local kept = redis.call('HMGET', KEYS[1], 'last', 'next')
local last, next_turn = tonumber(kept[1] or '0'), tonumber(kept[2] or '0')
-- The clock was set back: neither is to be believed.
if next_turn - now > 1000 * interval or last > now then last, next_turn = 0, 0 end
local turn = last + interval
if ARGV[2] == 'ask' then
  turn = math.max(turn, next_turn, now)
  redis.call('HSET', KEYS[1], 'next', string.format('%.0f', turn + interval))
end
redis.call('PEXPIRE', KEYS[1], math.ceil(math.max(turn - now, 0) / 1000 + interval / 500) + 1000)
if turn > now then return turn - now end
redis.call('HSET', KEYS[1], 'last', string.format('%.0f', now))
return 0
"""


class RedisSpacing:
    """The port `Spacing` over all processes that use one Redis-protocol server.

    sleep: waits for so many seconds. wait() raises QueueUnavailable when the server is away.
    """

    def __init__(self, client: redis.Redis, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._take_turn = client.register_script(TAKE_TURN)
        self._sleep = sleep

    def wait(self, name: str, interval: timedelta) -> None:
        microseconds = interval // timedelta(microseconds=1)
        waiting = self._turn(name, microseconds, "ask")
        while waiting:
            self._sleep(waiting / 1e6)
            waiting = self._turn(name, microseconds, "take")

    def _turn(self, name: str, microseconds: int, how: str) -> int:
        try:
            return int(self._take_turn(keys=[f"spacing:{name}"], args=[microseconds, how]))
        except redis.RedisError as error:
            raise QueueUnavailable(
                f"requests to {name} cannot be kept apart: {str(error).rstrip('. ')}. See that"
                " the server of NEWSLETTER_REDIS_URL runs."
            ) from error


class MemorySpacing:
    """The same among the threads of this process.

    clock: seconds that never go back. sleep: waits for so many of them.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._clock, self._sleep = clock, sleep
        self._turns: dict[str, threading.Lock] = {}
        self._last: dict[str, float] = {}
        self._lock = threading.Lock()

    def wait(self, name: str, interval: timedelta) -> None:
        with self._lock:
            turn = self._turns.setdefault(name, threading.Lock())
        with turn:
            earliest = self._last.get(name, float("-inf")) + interval.total_seconds()
            while (waiting := earliest - self._clock()) > 0:
                self._sleep(waiting)
            self._last[name] = self._clock()
