"""Two hundred kills at random, over editions of twenty thousand readers; by hand, not by CI.

    .venv/bin/pytest -m campaign -n 0 -s tests/faults/test_campaign.py

prints for each database what it came to, as JSON. CAMPAIGN_KILLS and CAMPAIGN_READERS change its
size, FAULT_SEED plays one again. HASTY_SPEED=10 measures the recovery more truly, and takes longer:
processes do not start faster because a clock does.
"""

import json
import os
from dataclasses import asdict, dataclass, field
from datetime import timedelta

import pytest
from builders import a_paper, wait_until
from world import (
    CONNECTIONS,
    EDITION,
    IN_HAND,
    PROCESSES,
    RECOVERY,
    World,
    children,
    dice,
    is_alive,
)

from newsletter.adapters.queue import Task
from newsletter.core.delivery.states import State
from newsletter.errors import StoreUnavailable
from newsletter.services.deliveries import MOST_AT_ONCE

pytestmark = [pytest.mark.campaign, pytest.mark.timeout(4 * 3600)]

KILLS = int(os.environ.get("CAMPAIGN_KILLS", "200"))
READERS = int(os.environ.get("CAMPAIGN_READERS", "20000"))
KILLS_A_DAY = min(KILLS, 40)
PAPERS_A_DAY = 3
MOST_CLAIMED = (
    2 * PROCESSES * MOST_AT_ONCE
)  # by living processes; the dead ones' rows wait beside them


@dataclass
class Campaign:
    """What it came to.

    most_in_hand: messages that workers had claimed at the moment of a kill. kills_with_file,
    doubled_with_file: where Redis kept its notes. recovery_seconds: by the service's clock; see
    World.
    """

    database: str
    readers: int
    editions: int = 0
    kills: dict[str, int] = field(default_factory=dict)
    lost: int = 0
    doubled: int = 0
    may_be_doubled: int = 0
    most_copies: int = 0
    most_in_hand: int = 0
    kills_with_file: int = 0
    doubled_with_file: int = 0
    review: int = 0
    recovery_seconds: float = 0.0


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_random_kills_lose_nobody_and_double_only_what_was_in_hand(make_world, database):
    chance = dice()
    world = make_world(database, proxied=["relay", "redis", "postgres"], pace=0.0)
    world.add_readers(*(f"reader{number}@example.org" for number in range(READERS)))
    told = Campaign(database=database, readers=READERS)
    workers = {name: world.start(name) for name in ("w1", "w2")}
    kinds = [kind for kind in HARM if database == "postgres" or "postgres" not in kind]
    while sum(told.kills.values()) < KILLS:
        edition = EDITION + timedelta(days=told.editions)
        first = told.editions * PAPERS_A_DAY
        world.source.days[edition] = [
            a_paper(first + number, featured_on=edition) for number in range(PAPERS_A_DAY)
        ]
        world.redis.kill()  # nothing is under way
        world.redis.keeps = bool(told.editions % 2)
        world.redis.start()
        told.editions += 1
        before = world.relay.count("taken")
        world.plan(edition=edition)  # what is planned is sent at once
        for moment in sorted(chance.sample(range(READERS - READERS // 20), KILLS_A_DAY)):
            world.wait_for(before + moment, seconds=300)
            kind = chance.choice(kinds)
            _count(told, world, kind)
            HARM[kind](world, workers, chance)
            world.newsletter.ring(Task.SEND)
        world.settle(edition=edition, seconds=900)
        doubled = world.verdict().doubled
        if world.redis.keeps:
            told.kills_with_file += KILLS_A_DAY
            told.doubled_with_file += doubled - told.doubled
        told.doubled = doubled
        print(f"edition {edition}: {told}")
    _judge(told, world)
    print(json.dumps(asdict(told)))

    assert told.lost == 0
    assert told.doubled <= told.may_be_doubled
    assert told.recovery_seconds <= RECOVERY.total_seconds()


def _count(told: Campaign, world: World, kind: str) -> None:
    try:
        with world.newsletter.store.read() as session:
            in_hand = session.connection().exec_driver_sql(
                "SELECT count(*) FROM deliveries WHERE state = 'sending'"
            )
            number = in_hand.scalar()
    except StoreUnavailable:  # it is just coming back
        number = 0
    told.kills[kind] = told.kills.get(kind, 0) + 1
    told.most_in_hand = max(told.most_in_hand, min(number, MOST_CLAIMED))
    # Without its file Redis forgets the notes of all that no row says yet.
    forgets = kind == "redis" and not world.redis.keeps
    told.may_be_doubled += number if forgets else MAY_DOUBLE[kind]


def _judge(told: Campaign, world: World) -> None:
    verdict = world.verdict(may_have=[State.REVIEW])
    settled = verdict.states[State.SENT] + verdict.states[State.REVIEW]
    not_settled = verdict.rows - settled
    told.lost = len(verdict.missing) + len(verdict.unsaid) + len(verdict.unknown) + not_settled
    told.lost += told.editions * READERS - verdict.rows
    told.doubled, told.most_copies = verdict.doubled, verdict.most_copies
    told.review = verdict.states[State.REVIEW]
    told.recovery_seconds = round(world.recovery, 1)


def _kill_worker(world, workers, chance) -> None:
    name = chance.choice(sorted(workers))
    world.kill(workers[name])
    workers[name] = world.start(name)
    other = next(worker for one, worker in workers.items() if one != name)
    wait_until(lambda: world.is_ready(other) or not is_alive(other))


def _kill_child(world, workers, chance) -> None:
    living = [child for worker in workers.values() for child in children(worker)]
    if living:
        os.kill(chance.choice(living), 9)


def _kill_relay(world, workers, chance) -> None:
    world.relay.kill()
    world.relay.start()


def _kill_redis(world, workers, chance) -> None:
    world.redis.kill()
    world.redis.start()


def _kill_postgres(world, workers, chance) -> None:
    world.postgres.kill()
    world.postgres.start()


def _cut(name: str):
    def cut(world, workers, chance) -> None:
        world.proxies[name].cut(halfway=chance.random() < 0.5)

    return cut


HARM = {
    "worker": _kill_worker,
    "child": _kill_child,
    "relay": _kill_relay,
    "redis": _kill_redis,
    "postgres": _kill_postgres,
    "line to the relay": _cut("relay"),
    "line to redis": _cut("redis"),
    "line to postgres": _cut("postgres"),
}
MAY_DOUBLE = {
    "worker": IN_HAND,
    "child": IN_HAND,
    "relay": CONNECTIONS,
    "redis": 0,
    "postgres": 0,
    "line to the relay": CONNECTIONS,
    "line to redis": 0,
    "line to postgres": 0,
}
