"""A pause, up to the relay: nothing comes during it, one digest makes up for it."""

import pytest
from builders import add_reader
from reader_desk import on, on_both

from newsletter.core.subscribers import Status


def test_a_pause_stops_a_digest_that_was_planned_already(desk, ada):
    desk.collect(0, 0)
    desk.plan_for_everyone()

    desk.service.pause(desk.token(ada), until=on(7))

    assert desk.mails() == []


@on_both
def test_the_first_digest_after_a_pause_makes_up_for_it(desk, ada):
    desk.collect(-5, 0)
    desk.service.pause(desk.token(ada), until=on(10, 0))

    desk.collect(1, 10)
    desk.clock.now = on(10)
    desk.plan()

    # As one of the day the pause began: from two days before it.
    assert desk.papers_sent() == list(range(98, 111))


def test_after_that_a_digest_covers_what_it_always_does(desk, ada):
    desk.collect(-5, 0)
    desk.service.pause(desk.token(ada), until=on(10, 0))
    desk.clock.now = on(10)
    desk.plan()  # nothing was collected in between

    desk.collect(1, 11)
    desk.clock.now = on(11)
    desk.plan()

    assert desk.papers_sent() == [109, 110, 111]
    assert desk.service.subscriber(ada.address).wishes.paused_until is None


def test_a_long_pause_is_made_up_for_by_32_days_and_the_cap_as_usual(desk):
    eve = add_reader(desk.service, "eve", "*", cap=5)
    desk.service.pause(desk.token(eve), until=on(50, 0))

    desk.collect(1, 50)
    desk.clock.now = on(50)
    desk.plan()

    assert desk.papers_sent() == [119, 120, 121, 122, 123]
    (view, *_) = desk.service.deliveries()
    assert len(view.digest.left_out) + view.digest.more == 32 - 5


def test_resuming_brings_what_was_missed_with_the_next_digest(desk, ada):
    desk.service.pause(desk.token(ada), until=on(40))
    desk.collect(1, 6)
    desk.clock.now = on(6, 12)

    back = desk.service.pause(desk.token(ada), until=None)
    assert back.next_due_at == on(7, 7)
    desk.clock.now = on(7)
    desk.plan()

    assert desk.papers_sent() == [101, 102, 103, 104, 105, 106]


def test_a_longer_pause_still_counts_from_its_beginning(desk, ada):
    desk.service.pause(desk.token(ada), until=on(5, 0))
    desk.clock.now = on(3)
    desk.service.pause(desk.token(ada), until=on(9, 0))

    desk.collect(1, 9)
    desk.clock.now = on(9)
    desk.plan()

    assert desk.papers_sent() == list(range(101, 110))


def test_one_who_comes_back_does_not_change_what_the_others_get(desk, ada):
    add_reader(desk.service, "bob", "*", cap=20)
    desk.service.pause(desk.token(ada), until=on(10, 0))
    desk.collect(1, 10)
    desk.clock.now = on(10)

    desk.plan()

    found = {one.address: len(one.papers) for one in desk.service.deliveries()}
    assert found == {"ada@example.org": 10, "bob@example.org": 3}


def test_why_a_paper_came_is_told_after_a_pause_too(desk, ada):
    desk.service.pause(desk.token(ada), until=on(10, 0))
    desk.collect(1, 10)
    desk.clock.now = on(10)
    desk.plan()
    desk.service.send_waiting()

    told = desk.service.why(ada.address, "2606.00103")

    assert told.came
    assert "too old" not in told.conclusion


@pytest.mark.parametrize("has_left", [False, True])
def test_once_a_week_instead_of_leaving(desk, ada, has_left):
    link = desk.token(ada, "unsubscribe")
    if has_left:
        desk.service.unsubscribe(link, because="page")

    kept = desk.service.weekly_instead(link)

    assert (kept.status, kept.wishes.cadence) == (Status.ACTIVE, "weekly")
    assert kept.next_due_at == on(7, 7)


@pytest.mark.parametrize("has_left", [False, True])
def test_a_pause_instead_of_leaving(desk, ada, has_left):
    link = desk.token(ada, "unsubscribe")
    if has_left:
        desk.service.unsubscribe(link, because="page")

    kept = desk.service.pause_instead(link, until=on(30, 0))

    assert (kept.status, kept.next_due_at) == (Status.ACTIVE, on(30, 7))
