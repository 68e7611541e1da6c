"""Redis emptied, killed, hanging or away: it carries doorbells and notes, never the work."""

import os
import signal

import pytest
from builders import wait_until
from world import dice, is_alive

from newsletter.adapters.queue import Task

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]

READERS = 600


def test_a_redis_emptied_at_ten_random_moments_loses_and_doubles_nothing(world):
    chance, readers = dice(), 2 * READERS
    world.plan(readers)
    moments = sorted(chance.sample(range(readers - 20), 10))
    world.start("w1")
    world.start("w2")
    world.newsletter.ring(Task.SEND)

    for moment in moments:
        world.wait_for(moment)
        world.redis.flush()
    world.settle()

    world.assert_holds(readers=readers)


@pytest.mark.parametrize(
    ("database", "keeps"),
    [("postgres", True), ("sqlite", False)],
    ids=["with its file", "without a file"],
)
def test_a_redis_killed_again_and_again_loses_and_doubles_nothing(make_world, database, keeps):
    world, chance = make_world(database, keeps=keeps), dice()
    world.plan(READERS)
    worker = world.start()
    wait_until(lambda: world.is_ready(worker))
    world.newsletter.ring(Task.SEND)

    for moment in sorted(chance.sample(range(READERS - 20), 3)):
        world.wait_for(moment)
        world.redis.kill()
        world.wait_for(moment + 10)
        world.redis.start()
    world.settle()

    world.assert_holds(readers=READERS)


def test_a_redis_that_stays_away_stops_nothing(make_world):
    world = make_world()
    world.plan(READERS)
    worker = world.start()
    wait_until(lambda: world.is_ready(worker))

    world.redis.kill()
    world.settle()

    world.assert_holds(readers=READERS)


def test_a_worker_outlives_a_redis_that_goes_in_the_middle_of_a_task(make_world):
    world = make_world()
    world.plan(READERS)
    worker = world.start()
    wait_until(lambda: world.is_ready(worker))
    world.newsletter.ring(Task.SEND)

    world.wait_for(50)
    world.redis.kill()
    world.settle()

    assert is_alive(worker)
    world.assert_holds(readers=READERS)


def test_a_worker_that_starts_without_redis_sends_all_the_same(make_world):
    world = make_world()
    world.plan(READERS)
    world.redis.kill()

    world.start()
    world.settle()

    world.assert_holds(readers=READERS)


def test_a_redis_that_hangs_stops_nothing(make_world):
    world = make_world("postgres")
    world.plan(READERS)
    worker = world.start()
    wait_until(lambda: world.is_ready(worker))
    world.newsletter.ring(Task.SEND)
    world.wait_for(50)

    os.kill(world.redis.pid, signal.SIGSTOP)
    world.settle(seconds=60)
    os.kill(world.redis.pid, signal.SIGCONT)

    world.assert_holds(readers=READERS)


def test_a_line_to_redis_that_is_cut_and_hangs_stops_nothing(make_world):
    world, chance = make_world(proxied=["redis"]), dice()
    world.plan(READERS)
    worker = world.start()
    wait_until(lambda: world.is_ready(worker))
    world.newsletter.ring(Task.SEND)
    moments = sorted(chance.sample(range(READERS - 100), 3))

    world.wait_for(moments[0])
    world.proxies["redis"].cut()
    world.wait_for(moments[1])
    world.proxies["redis"].cut(halfway=True)
    world.wait_for(moments[2])
    world.proxies["redis"].hang()
    world.settle(seconds=60)

    world.assert_holds(readers=READERS)
