"""Beats and doorbells are only hints: doubled, five times or never rung, each digest goes once."""

import pytest
from builders import a_paper, wait_until
from world import EDITION

from newsletter.adapters.queue import Task

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]

READERS = 300


def test_without_beat_and_without_any_doorbell_everything_is_planned_and_sent(world):
    today = world.newsletter.today()
    world.source.days[today] = [a_paper(1, featured_on=today), a_paper(2, featured_on=today)]
    world.add_readers(*(f"reader{number}@example.org" for number in range(READERS)))
    world.newsletter.pull(today)
    _make_due(world)

    worker = world.start()
    wait_until(lambda: world.is_ready(worker))
    world.redis.flush()
    world.wait(lambda: sum(world.relay.taken.values()) >= READERS)
    world.settle(edition=today)

    world.assert_holds(readers=READERS)


def test_each_doorbell_five_times_sends_each_digest_once(make_world):
    world = make_world("postgres")
    world.add_readers(*(f"reader{number}@example.org" for number in range(READERS)))
    world.newsletter.pull(EDITION)
    for name in ("w1", "w2"):
        world.start(name)
    for _ in range(5):
        world.newsletter.ring(Task.PLAN, range_no=0, edition=EDITION.isoformat(), everyone=1)
        world.newsletter.ring(Task.SEND)
        world.newsletter.ring(Task.SWEEP)
        world.newsletter.ring(Task.TICK)
    world.wait(lambda: sum(world.counts().values()) == READERS)
    world.settle()

    world.assert_holds(readers=READERS)


def test_two_beats_and_the_same_edition_run_three_times_send_each_digest_once(make_world):
    world = make_world()
    world.plan(READERS)
    world.start()
    beats = [
        world.start(name, "beat", "--schedule", str(world.folder / name), "--pidfile", "")
        for name in ("beat1", "beat2")
    ]
    for _ in range(3):
        world.newsletter.run(EDITION, everyone=True)
    wait_until(lambda: all("Sending due task tick" in world.log(beat) for beat in beats))
    world.settle()

    world.assert_holds(readers=READERS)


def _make_due(world) -> None:
    """As if the hour of all readers had come a while ago."""
    with world.newsletter.store.write() as session:
        session.connection().exec_driver_sql("UPDATE subscribers SET next_due_at = created_at")
