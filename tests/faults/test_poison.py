"""One bad paper, one bad row: the rest goes out, and an admin finds the one that did not."""

import pytest
from builders import a_paper
from hasty import POISON
from world import EDITION

from newsletter.adapters.queue import Task
from newsletter.core.delivery.states import State

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]

READERS = 300
POISONOUS = "A title\u2028 in \x0b five\x1c \u0085 lines\x00"


def test_a_poisonous_title_stops_nobody(make_world):
    world = make_world()
    world.source.days[EDITION] = [a_paper(1, title=POISONOUS), a_paper(2)]
    world.plan(READERS)
    world.start()
    world.newsletter.ring(Task.SEND)
    world.settle()

    world.assert_holds(readers=READERS)


def test_poisonous_rows_go_to_review_and_the_rest_goes_out(world):
    poison = ('{"sections": 7}', "[]", "7", '{"sections": [{"picks": [null]}]}')
    world.plan(READERS)
    with world.newsletter.store.write() as session:
        for number, digest in enumerate(poison, start=7):
            session.connection().exec_driver_sql(
                f"UPDATE deliveries SET digest = '{digest}' WHERE id = {number}"
            )
    world.start()
    world.newsletter.ring(Task.SEND)
    world.settle()

    assert world.counts() == {State.SENT: READERS - len(poison), State.REVIEW: len(poison)}
    verdict = world.verdict()
    assert verdict.missing == verdict.unknown == verdict.unsaid == frozenset()
    assert verdict.doubled == 0


def test_a_row_that_kills_every_worker_that_touches_it_goes_to_review_alone(make_world):
    world = make_world()
    world.plan(READERS)
    world.start(**{POISON: "reader7@example.org"})
    world.newsletter.ring(Task.SEND)
    world.settle(seconds=500)

    verdict = world.verdict()
    assert verdict.states == {State.SENT: READERS - 1, State.REVIEW: 1}
    assert verdict.missing == verdict.unknown == verdict.unsaid == frozenset()
    assert verdict.doubled == 0
