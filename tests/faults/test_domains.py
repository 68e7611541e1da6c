"""Five domains behind limits of their own: each gets what it bears, and none waits for another."""

import heapq
import itertools
import time
from collections import Counter

import pytest
from letters import a_letter

from newsletter.adapters.flow import RedisFlow
from newsletter.adapters.redis_urls import open_cache
from newsletter.adapters.smtp import SmtpTransport, parse_smtp_url
from newsletter.core.delivery.states import Result

pytestmark = pytest.mark.faults

# Domain → messages a second; beyond them it says 451 4.7.1. So few that no machine is too slow.
CAPACITY = {"one.example": 40.0, "two.example": 20.0, "three.example": 10.0, "bad.example": 2.0}
GOOD = ("one.example", "two.example", "three.example")
FREE, FREE_LETTERS = "free.example", 600
SECONDS = 20.0
BATCH = 200


class Providers:
    """What each domain has room for; called with a recipient, it gives the refusal or ""."""

    def __init__(self) -> None:
        self._room = dict.fromkeys(CAPACITY, 0.0)
        self._at = dict.fromkeys(CAPACITY, time.monotonic())

    def __call__(self, recipient: str) -> str:
        domain = recipient.partition("@")[2]
        if domain not in CAPACITY:
            return ""
        rate, now = CAPACITY[domain], time.monotonic()
        room = min(self._room[domain] + (now - self._at[domain]) * rate, max(rate / 2, 1.0))
        self._at[domain], self._room[domain] = now, room - 1 if room >= 1 else room
        return "" if room >= 1 else "451 4.7.1 too many messages for now"


def domain_of(letter) -> str:
    return letter.recipient.partition("@")[2]


def waiting_letters() -> list:
    """(due, place, letter): more for each domain than it can take, in a fair order."""
    numbers = itertools.count()
    wanted = {domain: int(rate * SECONDS * 2) for domain, rate in CAPACITY.items()}
    wanted[FREE] = FREE_LETTERS
    most = max(wanted.values())
    places = sorted(
        (place * most / count, domain) for domain, count in wanted.items() for place in range(count)
    )
    return [
        (0.0, number, a_letter(number, recipient=f"reader{number}@{domain}"))
        for (_, domain), number in zip(places, numbers, strict=False)
    ]


def test_each_domain_gets_what_it_bears_and_the_good_ones_are_unharmed(make_smtp_sink, redis_url):
    sink, sent, refused = make_smtp_sink(refuse=Providers()), Counter(), Counter()
    waiting, free_after = waiting_letters(), None
    heapq.heapify(waiting)
    with open_cache(redis_url) as client:
        transport = SmtpTransport([parse_smtp_url(sink.url)], flow=RedisFlow(client))
        started = time.monotonic()
        while (now := time.monotonic() - started) < SECONDS:
            batch = []
            while waiting and waiting[0][0] <= now and len(batch) < BATCH:
                batch.append(heapq.heappop(waiting)[2])
            if not batch:
                time.sleep(0.01)
            for letter, outcome in transport.send_many(batch, accepted=lambda _: None):
                now = time.monotonic() - started
                if outcome.result is Result.DELAYED:
                    due = now + outcome.wait.total_seconds()
                    heapq.heappush(waiting, (due, letter.delivery_id, letter))
                sent[domain_of(letter)] += outcome.result is Result.SENT
                refused[domain_of(letter)] += outcome.result is Result.DEFERRED
                if free_after is None and sent[FREE] == FREE_LETTERS:
                    free_after = now
        transport.close()

    print(f"sent {dict(sent)}, refused {dict(refused)}, free after {free_after} s")
    best = sum(rate * SECONDS for rate in CAPACITY.values())
    assert sum(sent[domain] for domain in CAPACITY) >= 0.85 * best
    assert free_after is not None
    assert free_after < SECONDS / 2
    for domain in GOOD:
        assert sent[domain] >= 0.6 * CAPACITY[domain] * SECONDS, domain
        assert refused[domain] <= 0.15 * sent[domain] + 100, domain
