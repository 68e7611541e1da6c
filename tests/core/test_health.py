"""Silence is never taken for health."""

from datetime import UTC, date, datetime, timedelta

from newsletter.core.health import stale
from newsletter.core.results import SourceStatus

FRIDAY_EVENING = datetime(2026, 6, 19, 20, tzinfo=UTC)
FRIDAY = date(2026, 6, 19)


def source(**values):
    given = {"source": "s", "last_success_at": FRIDAY_EVENING, "last_day": FRIDAY, "papers": 9}
    return SourceStatus(**(given | values))


def sentences(now=FRIDAY_EVENING, **values):
    given = {
        "sources": [source()],
        "papers_on": {FRIDAY: 9},
        "readers": 5,
        "overdue": 0,
        "oldest_waiting_at": None,
        "reviews": 0,
    }
    return stale(now=now, **(given | values))


def test_all_well_says_nothing():
    assert sentences() == ()


def test_a_source_that_never_answered_is_named_with_its_reason():
    [sentence] = sentences(sources=[source(last_success_at=None, problem="answered 500")])

    assert "s has never answered (answered 500)" in sentence


def test_a_source_silent_for_hours_is_named():
    last = FRIDAY_EVENING - timedelta(hours=5)

    [sentence] = sentences(sources=[source(last_success_at=last)])

    assert "5 hours ago" in sentence


def test_a_weekday_without_papers_is_named_with_what_to_run():
    [sentence] = sentences(papers_on={})

    assert "Friday 2026-06-19" in sentence
    assert "newsletter pull --date 2026-06-19" in sentence


def test_a_weekend_without_papers_is_no_news():
    assert sentences(now=FRIDAY_EVENING + timedelta(days=2), sources=[]) == ()


def test_a_day_that_has_hardly_begun_may_be_empty():
    morning = FRIDAY_EVENING.replace(hour=6)

    assert sentences(now=morning, papers_on={FRIDAY - timedelta(days=1): 3}, sources=[]) == ()


def test_readers_who_were_due_and_got_nothing_are_counted():
    [sentence] = sentences(overdue=2)

    assert sentence.startswith("2 of 5 readers")


def test_a_delivery_that_waits_too_long_is_named():
    [sentence] = sentences(oldest_waiting_at=FRIDAY_EVENING - timedelta(minutes=90))

    assert "90 minutes" in sentence


def test_deliveries_for_a_person_are_named():
    [sentence] = sentences(reviews=3)

    assert "newsletter deliveries list --state review" in sentence
