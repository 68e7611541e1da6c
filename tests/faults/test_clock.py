"""Workers that stand still and clocks that jump: at most one copy more, and nothing undone."""

import os
import signal
import sqlite3
import time
from contextlib import closing
from datetime import timedelta

import pytest
from hasty import hurried
from world import PROCESSES, dice

from newsletter.adapters.queue import Task
from newsletter.core.delivery.states import LEASE
from newsletter.services.deliveries import BATCH

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]

READERS = 600


def test_a_worker_that_stood_still_past_its_lease_undoes_nothing(world):
    chance = dice()
    world.plan(READERS)
    sleeper = world.start("sleeper")
    world.newsletter.ring(Task.SEND)
    world.wait_for(chance.randint(20, 300))

    _stop_between_writes(world, sleeper)
    world.start("other")
    world.newsletter.ring(Task.SEND)
    world.settle()
    before = world.verdict()
    os.killpg(sleeper.pid, signal.SIGCONT)
    world.wait(lambda: world.log(sleeper).count("batch_done") >= 1)
    world.settle()

    world.assert_holds(readers=READERS, copies=PROCESSES * BATCH)
    assert before.states == world.verdict().states
    assert world.verdict().most_copies <= 2


def _stop_between_writes(world, worker) -> None:
    """One that stands still with SQLite locked stops everybody; test_database.py has that."""
    os.killpg(worker.pid, signal.SIGSTOP)
    while world.postgres is None and _is_locked(world.settings.data_dir / "newsletter.db"):
        os.killpg(worker.pid, signal.SIGCONT)
        time.sleep(0.1)
        os.killpg(worker.pid, signal.SIGSTOP)


def _is_locked(path) -> bool:
    with closing(sqlite3.connect(path, timeout=2, isolation_level=None)) as other:
        try:
            other.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return True
    return False


@pytest.mark.parametrize(
    ("database", "jump"),
    [("sqlite", LEASE * 2), ("postgres", -LEASE / 2)],
    ids=["ahead", "back"],
)
def test_a_clock_that_jumps_costs_at_most_one_copy_more_of_what_was_in_hand(
    make_world, database, jump
):
    world, chance = make_world(database), dice()
    world.plan(READERS)
    world.start("w1")
    world.start("w2")
    world.newsletter.ring(Task.SEND)
    world.wait_for(chance.randint(20, 300))

    world.jump(jump)
    world.settle(seconds=60 + hurried(abs(jump)))

    verdict = world.verdict()
    assert verdict.missing == verdict.unknown == verdict.unsaid == frozenset()
    assert verdict.most_copies <= 2
    assert verdict.doubled <= (2 * PROCESSES * BATCH if jump > timedelta() else 0)
