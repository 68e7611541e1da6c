"""What readers choose, on both databases: new wishes, another hour, a pause."""

from datetime import UTC, datetime, timedelta

import pytest
from builders import MONDAY, wishes

from newsletter.adapters.store.tables import MuteRow, TopicRow
from newsletter.core.subscribers import Status
from newsletter.errors import FilterError
from newsletter.services import choosing, leaving


def test_new_wishes_replace_the_old_ones_whole(desk):
    reader = desk.reader("agents", "robots", mutes=("survey",))
    wanted = wishes("diffusion", cap=3, thumbnails=True, mutes=("x", "y"))

    changed = desk.do(choosing.change_wishes, reader.id, wanted)

    assert changed.wishes == wanted
    assert (desk.count(TopicRow), desk.count(MuteRow)) == (1, 2)


def test_topics_keep_the_order_they_were_given(desk):
    reader = desk.reader("a", "b", "c")

    desk.do(choosing.change_wishes, reader.id, wishes("c", "a", "b"))

    assert [topic.filter for topic in desk.ada().wishes.topics] == ["c", "a", "b"]


def test_a_new_hour_counts_from_now(desk):
    reader = desk.reader(hour=7)

    changed = desk.do(choosing.change_wishes, reader.id, wishes(hour=15))

    assert changed.next_due_at == datetime(2026, 6, 15, 15, tzinfo=UTC)


def test_new_topics_do_not_move_the_next_digest(desk):
    reader = desk.reader(hour=7)
    desk.now += timedelta(days=5)  # the digest is overdue: it must not be put off

    changed = desk.do(choosing.change_wishes, reader.id, wishes("robots", hour=7))

    assert changed.next_due_at == reader.next_due_at


def test_a_pause_puts_off_the_next_digest_to_its_end(desk):
    reader = desk.reader(hour=7)
    until = datetime(2026, 7, 1, tzinfo=UTC)

    paused = desk.do(choosing.change_wishes, reader.id, wishes(hour=7, paused_until=until))

    assert paused.next_due_at == datetime(2026, 7, 1, 7, tzinfo=UTC)


def test_a_pause_ending_at_midnight_does_not_swallow_a_digest_due_at_midnight(desk):
    reader = desk.reader(hour=0)
    until = datetime(2026, 7, 1, tzinfo=UTC)

    paused = desk.do(choosing.change_wishes, reader.id, wishes(hour=0, paused_until=until))

    assert paused.next_due_at == until


def test_a_pause_that_is_over_is_forgotten(desk):
    reader = desk.reader()

    changed = desk.do(
        choosing.change_wishes, reader.id, wishes(paused_until=MONDAY - timedelta(days=1))
    )

    assert changed.wishes.paused_until is None


def test_wishes_that_cannot_be_kept_change_nothing(desk):
    reader = desk.reader("agents")

    with pytest.raises(FilterError):
        desk.do(choosing.change_wishes, reader.id, wishes("robots", "(a"))

    assert desk.ada() == reader


def test_choosing_does_not_bring_back_one_who_left(desk):
    reader = desk.reader()
    desk.do(leaving.unsubscribe, reader.id, because="page")

    changed = desk.do(choosing.change_wishes, reader.id, wishes("robots", hour=3))

    assert changed.status is Status.ENDED
    assert changed.next_due_at is None
