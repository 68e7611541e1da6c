"""Leaving and coming back, on both databases."""

from datetime import timedelta

import pytest
from builders import MONDAY

from newsletter.core.subscribers import Status
from newsletter.errors import Refused
from newsletter.services import leaving


def test_leaving_ends_the_subscription_and_skips_what_waits(desk):
    desk.subscribe()

    left = desk.do(leaving.unsubscribe, desk.ada().id, because="one click")

    assert (left.status, left.ended_at, left.ended_because) == (Status.ENDED, MONDAY, "one click")
    assert left.next_due_at is None
    assert desk.mails() == [("confirm", "skipped")]


def test_leaving_again_changes_nothing(desk):
    reader = desk.reader()
    left = desk.do(leaving.unsubscribe, reader.id, because="one click")
    desk.now += timedelta(days=1)

    assert desk.do(leaving.unsubscribe, reader.id, because="page") == left


def test_a_leave_can_be_taken_back_with_all_wishes(desk):
    reader = desk.reader("agents", hour=7)
    desk.do(leaving.unsubscribe, reader.id, because="one click")

    back = desk.do(leaving.resubscribe, reader.id)

    assert back.status is Status.ACTIVE
    assert back.wishes == reader.wishes
    assert back.next_due_at == reader.next_due_at
    assert (back.ended_at, back.ended_because) == (None, "")


def test_coming_back_when_one_never_left_changes_nothing(desk):
    reader = desk.reader()

    assert desk.do(leaving.resubscribe, reader.id) == reader


def test_only_a_leave_of_the_reader_can_be_taken_back(desk):
    reader = desk.reader()
    desk.do(leaving.unsubscribe, reader.id, because="complaint")

    with pytest.raises(Refused):
        desk.do(leaving.resubscribe, reader.id)


def test_one_who_never_confirmed_cannot_come_back_by_a_link(desk):
    desk.subscribe()
    desk.do(leaving.unsubscribe, desk.ada().id, because="one click")

    with pytest.raises(Refused):
        desk.do(leaving.resubscribe, desk.ada().id)


def test_a_suppressed_reader_cannot_come_back(desk):
    reader = desk.reader()
    desk.do(leaving.unsubscribe, reader.id, because="page")
    desk.suppress()

    with pytest.raises(Refused, match="returned or reported"):
        desk.do(leaving.resubscribe, reader.id)
