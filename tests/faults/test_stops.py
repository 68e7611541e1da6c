"""Workers that are asked to stop: the batch in hand is finished, or its rows are given back."""

import os
import signal
import subprocess
import time

import pytest
from builders import wait_until
from relay import Rule
from world import IN_HAND

from newsletter.adapters.queue import Task
from newsletter.core.delivery.states import State

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]

READERS = 2000


def test_a_worker_that_is_asked_to_stop_leaves_nothing_in_hand_and_doubles_nothing(make_world):
    world = make_world()
    world.plan(READERS)
    worker = world.start()
    world.newsletter.ring(Task.SEND)
    world.wait_for(50)

    worker.send_signal(signal.SIGTERM)
    # A container is given ten seconds by many, thirty by most; a machine that tests is slower.
    worker.wait(60)
    left = world.counts()

    assert left[State.PENDING] > 0
    assert State.SENDING not in left
    assert left[State.SENT] == world.relay.count("taken")
    world.start("next")
    world.settle()
    world.assert_holds(readers=READERS)


def test_a_worker_that_is_asked_twice_gives_up_at_once(make_world):
    world = make_world("postgres")
    world.relay.play(Rule(at="dot", to="reader1", then="hang", times=0))
    world.plan(READERS)
    worker = world.start()
    world.newsletter.ring(Task.SEND)
    world.wait_for(50)

    worker.send_signal(signal.SIGTERM)
    wait_until(lambda: "Warm shutdown" in world.log(worker))
    worker.send_signal(signal.SIGTERM)
    asked = time.monotonic()
    worker.wait(60)

    assert time.monotonic() - asked < 15  # the relay that hangs would be waited for longer
    wait_until(lambda: not _group(worker))
    world.relay.play()
    world.start("next")
    world.settle()
    world.assert_holds(readers=READERS, copies=IN_HAND)


def _group(worker: subprocess.Popen) -> bool:
    try:
        os.killpg(worker.pid, 0)
    except ProcessLookupError:
        return False
    return True
