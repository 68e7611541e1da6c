"""The port `Gate` over all processes that use one Redis-protocol server."""

import time
from collections.abc import Callable
from typing import Any

import redis

from newsletter.core import gate
from newsletter.core.gate import Knock, Limit, Passage, pace_of
from newsletter.core.proof import LIFETIME_SECONDS
from newsletter.errors import QueueUnavailable

AWAY_SECONDS = 3.0  # a server that hangs would cost every visitor the time-out

# The rules of core/gate.py once more, in one step for all processes; tests hold both against each
# other. KEYS: mailbox, network, domain. ARGV: the second, or '' for the server's clock; burst and
# rate of the network, then of the domain.
TAKE = f"""
local now = tonumber(ARGV[1])
if not now then
  local time = redis.call('TIME')
  now = time[1] + time[2] / 1000000
end
local function text(number) return string.format('%.17g', number) end
local function take(key, burst, rate)
  local kept, level = redis.call('HMGET', key, 'level', 'at'), burst
  if kept[1] then level = math.min(burst, kept[1] + math.max(now - kept[2], 0) * rate) end
  local count = math.min(1, math.floor(level + 1e-9))
  redis.call('HSET', key, 'level', text(level - count), 'at', text(now))
  redis.call('PEXPIRE', key, math.ceil(burst / rate * 1000) + 60000)
  if count == 1 then return nil end
  return text(math.max(1 - level, 0) / rate)
end
local wait = take(KEYS[2], tonumber(ARGV[2]), tonumber(ARGV[3]))
if wait then return {{'{Limit.NETWORK}', wait}} end
local third = redis.call('LINDEX', KEYS[1], {gate.MAILS_A_DAY - 1})
if third and now - third < {gate.DAY_SECONDS} then
  return {{'{Limit.ADDRESS}', text(third + {gate.DAY_SECONDS} - now)}}
end
wait = take(KEYS[3], tonumber(ARGV[4]), tonumber(ARGV[5]))
if wait then return {{'{Limit.DOMAIN}', wait}} end
redis.call('LPUSH', KEYS[1], text(now))
redis.call('LTRIM', KEYS[1], 0, {gate.MAILS_A_DAY - 1})
redis.call('EXPIRE', KEYS[1], {int(gate.DAY_SECONDS)} + 60)
return {{'', '0'}}
"""


class RedisGate:
    """Every knock is one round trip, by the server's clock.

    client: of the cache database, with a time-out that a visitor would bear. clock: for tests,
    instead of the server's.
    """

    def __init__(self, client: redis.Redis, *, clock: Callable[[], float] | None = None) -> None:
        self._client, self._clock = client, clock
        self._script = client.register_script(TAKE)
        self._away_until = 0.0

    def take(self, knock: Knock) -> Passage:
        pace, of_domain = pace_of(knock.network), gate.OF_A_DOMAIN
        keys = [
            f"gate:mailbox:{knock.mailbox}",
            f"gate:network:{knock.network}",
            f"gate:domain:{knock.domain}",
        ]
        now = "" if self._clock is None else self._clock()
        paces = (pace.burst, pace.per_second, of_domain.burst, of_domain.per_second)
        limit, wait = self._ask(lambda: self._script(keys=keys, args=[now, *paces]))
        if not limit:
            return Passage()
        return Passage(stopped_by=Limit(limit.decode()), wait_seconds=float(wait))

    def spend(self, proof: str) -> bool:
        key = f"gate:proof:{proof}"
        return bool(self._ask(lambda: self._client.set(key, b"", nx=True, ex=LIFETIME_SECONDS)))

    def look(self) -> None:
        self._ask(self._client.ping)

    def _ask(self, question: Callable[[], Any]) -> Any:
        if time.monotonic() < self._away_until:
            raise QueueUnavailable("Redis did not answer a moment ago: it is asked again soon.")
        try:
            return question()
        except redis.RedisError as problem:
            self._away_until = time.monotonic() + AWAY_SECONDS
            raise QueueUnavailable(
                f"What was sent today cannot be counted: {str(problem).rstrip('. ')}. See that the "
                "server of NEWSLETTER_REDIS_URL runs."
            ) from problem
