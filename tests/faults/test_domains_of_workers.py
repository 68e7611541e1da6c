"""Five domains behind limits of their own, and real workers: each gets what it bears."""

import time
from collections import Counter

import pytest
from builders import wait_until

from newsletter.adapters.queue import Task

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]

# Domain → messages a second; beyond them it says 450 4.7.1. So few that no machine is too slow.
RATES = {"one.example": 40, "two.example": 20, "three.example": 10, "four.example": 5,
         "bad.example": 1}  # fmt: skip
FREE, FREE_READERS = "free.example", 600
SECONDS = 20  # by the relay's clock


def test_workers_send_to_each_domain_what_it_bears_and_the_good_ones_do_not_wait(make_world):
    world = make_world(rates=RATES, pace=0.0, is_hasty=False)
    wanted = {domain: rate * SECONDS * 2 for domain, rate in RATES.items()} | {FREE: FREE_READERS}
    world.add_readers(
        *(
            f"reader{number}@{domain}"
            for number in range(max(wanted.values()))
            for domain, count in wanted.items()
            if number < count
        )
    )
    world.plan()
    worker = world.start()
    wait_until(lambda: world.is_ready(worker))
    world.newsletter.ring(Task.SEND)
    world.newsletter.ring(Task.SEND)
    world.wait_for(1)
    began = world.relay.journal("taken")[0].at
    wait_until(lambda: time.time() > began + SECONDS)  # what is counted is what comes in a time

    lines = [line for line in world.relay.journal("taken") if line.at < began + SECONDS]
    taken = Counter(_domain(line) for line in lines)
    refused = Counter(_domain(line) for line in world.relay.journal("refused"))
    free_after = max(line.at for line in lines if _domain(line) == FREE) - began
    print(f"taken {dict(taken)}, refused {dict(refused)}, free after {free_after:.1f} s")
    best = sum(rate * SECONDS for rate in RATES.values())
    assert sum(taken[domain] for domain in RATES) >= 0.85 * best
    assert taken[FREE] == FREE_READERS
    assert free_after < SECONDS / 2
    for domain in ("one.example", "two.example", "three.example"):
        # Nearly all when all is quiet; a busy machine hears late of what was refused.
        assert taken[domain] >= 0.6 * RATES[domain] * SECONDS, domain


def _domain(line) -> str:
    return line.recipient.rpartition("@")[2]
