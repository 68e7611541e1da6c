"""Which days a source is asked for."""

from datetime import UTC, date, datetime, timedelta

from newsletter.core.pulls import days_to_pull

NOON = datetime(2026, 6, 18, 13, tzinfo=UTC)
TODAY = date(2026, 6, 18)


def settled(*days):
    """These days as pulled after they had settled."""
    late = datetime(2026, 6, 18, 12, 59, tzinfo=UTC)
    return {("s", day): (late, None) for day in days}


def test_a_first_start_asks_for_the_whole_window_of_a_daily_digest():
    assert days_to_pull("s", {}, now=NOON) == [TODAY - timedelta(days=n) for n in (3, 2, 1, 0)]


def test_a_day_is_asked_for_until_it_has_settled():
    yesterday = TODAY - timedelta(days=1)
    known = settled(TODAY - timedelta(days=3), TODAY - timedelta(days=2))
    known[("s", yesterday)] = (datetime(2026, 6, 17, 23, tzinfo=UTC), None)
    known[("s", TODAY)] = (NOON, NOON + timedelta(minutes=20))

    assert days_to_pull("s", known, now=NOON) == [yesterday]


def test_a_source_is_left_alone_until_the_time_it_named():
    known = settled(*(TODAY - timedelta(days=n) for n in (3, 2, 1)))
    known[("s", TODAY)] = (None, NOON + timedelta(minutes=1))

    assert days_to_pull("s", known, now=NOON) == []
    assert days_to_pull("s", known, now=NOON + timedelta(minutes=1)) == [TODAY]


def test_what_is_known_of_one_source_says_nothing_of_another():
    assert len(days_to_pull("other", settled(TODAY), now=NOON)) == 4
