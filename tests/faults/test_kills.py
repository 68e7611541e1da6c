"""Processes killed at any moment: nobody is lost, and only what was in hand comes twice."""

import os
import signal

import pytest
from builders import wait_until
from world import CONNECTIONS, EDITION, IN_HAND, children, dice

from newsletter.adapters.queue import Task
from newsletter.core.ports import RANGE_SIZE

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]

READERS = 600


def test_a_worker_group_killed_again_and_again_loses_nobody(world):
    chance, kills = dice(), 3
    world.plan(READERS)

    for _ in range(kills):
        aim = world.relay.count("taken") + chance.randint(20, 120)
        worker = world.start()
        world.newsletter.ring(Task.SEND)
        world.wait_for(min(aim, READERS - 10))
        world.kill(worker)
    world.start()
    world.settle()

    world.assert_holds(readers=READERS, copies=kills * IN_HAND)


def test_a_child_killed_loses_nobody(make_world):
    world, chance = make_world(), dice()
    world.plan(READERS)
    worker = world.start()
    world.newsletter.ring(Task.SEND)
    world.wait_for(chance.randint(20, 200))

    os.kill(chance.choice(children(worker)), signal.SIGKILL)
    world.settle()

    world.assert_holds(readers=READERS, copies=IN_HAND)


def test_everything_killed_at_once_loses_nobody(world):
    chance, kills = dice(), 2
    world.plan(READERS)

    for _ in range(kills):
        worker = world.start()
        world.newsletter.ring(Task.SEND)
        world.wait_for(world.relay.count("taken") + chance.randint(20, 120))
        world.kill(worker)
        world.relay.kill()
        world.redis.kill()
        if world.postgres:
            world.postgres.kill()
            world.postgres.start()
        world.redis.start()
        world.relay.start()
    world.start()
    world.settle()

    world.assert_holds(readers=READERS, copies=kills * (IN_HAND + CONNECTIONS))


def test_a_planner_killed_and_rung_for_again_plans_each_digest_once(make_world):
    world, chance, readers = make_world("postgres", pace=0.0), dice(), 6 * RANGE_SIZE
    world.add_readers(*(f"reader{number}@example.org" for number in range(readers)))
    world.newsletter.pull(EDITION)

    for _ in range(2):
        worker = world.start()
        for range_no in range(readers // RANGE_SIZE + 1):
            _ring_for_plan(world, range_no)
        aim = min(readers, sum(world.counts().values()) + chance.randint(1, 2000))
        wait_until(lambda aim=aim: sum(world.counts().values()) >= aim)
        world.kill(worker)
    world.start()
    for range_no in range(readers // RANGE_SIZE + 1):
        _ring_for_plan(world, range_no)
    wait_until(lambda: sum(world.counts().values()) == readers)
    world.settle()

    world.assert_holds(readers=readers, copies=2 * IN_HAND)


def _ring_for_plan(world, range_no: int) -> None:
    world.newsletter.ring(Task.PLAN, range_no=range_no, edition=EDITION.isoformat(), everyone=1)
