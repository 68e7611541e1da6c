"""Who is not mailed any more: the dead and who complains at once, others by a fading score."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.core.feedback.suppression import MOST_BAD_DAYS, WINDOW, Event, bad_days, decide
from newsletter.core.reports import Kind, Record
from newsletter.core.reports.causes import CAUSES, FULL

NOW = datetime(2026, 6, 16, 7, tzinfo=UTC)
DAY = timedelta(days=1)
OF_US = [cause.word for cause in CAUSES if not cause.is_about_reader]


def a_record(kind=Kind.SOFT, cause=FULL.word, **values):
    return Record(recipient="ada@kelp.example", kind=kind, cause=cause, **values)


def full(days_ago):
    return Event(at=NOW - days_ago * DAY, cause=FULL.word)


def success(days_ago):
    return Event(at=NOW - days_ago * DAY)


def test_a_dead_address_is_suppressed_at_once():
    suppression = decide(a_record(Kind.HARD, "no such mailbox", status="5.1.1"), [], now=NOW)

    assert suppression.reason == "hard bounce: no such mailbox, 5.1.1"
    assert suppression.since == NOW


def test_a_complaint_is_obeyed_at_once():
    suppression = decide(a_record(Kind.COMPLAINT, "abuse"), [], now=NOW)

    assert suppression.reason == "the reader complained (abuse)"


def test_a_soft_bounce_alone_suppresses_nobody():
    assert decide(a_record(), [], now=NOW) is None


def test_soft_bounces_on_five_days_suppress():
    suppression = decide(a_record(), [full(1), full(2), full(3), full(4)], now=NOW)

    assert suppression.reason.startswith("soft bounces on 5 days within 30, the last: mailbox full")


def test_one_day_raises_the_score_only_once():
    same_day = [Event(at=NOW - timedelta(minutes=n), cause=FULL.word) for n in range(1, 200)]

    assert decide(a_record(), same_day, now=NOW) is None


def test_a_mail_that_was_taken_clears_the_score():
    history = [full(1), full(2), success(2.5), full(3), full(4), full(5), full(6)]

    assert decide(a_record(), history, now=NOW) is None


def test_the_score_fades():
    history = [full(n) for n in range(27, 40)]

    assert len(bad_days(history, now=NOW)) == 3


@pytest.mark.parametrize("kind", list(Kind))
def test_a_delay_decides_nothing(kind):
    history = [full(n) for n in range(1, 20)]

    assert decide(a_record(kind, is_delay=True), history, now=NOW) is None


@pytest.mark.parametrize("cause", OF_US)
def test_what_speaks_of_us_never_counts_against_the_reader(cause):
    history = [Event(at=NOW - n * DAY, cause=cause) for n in range(1, 30)]

    assert decide(a_record(cause=cause), history, now=NOW) is None
    assert decide(a_record(), history, now=NOW) is None


EVENTS = st.lists(
    st.builds(
        Event,
        at=st.timedeltas(min_value=timedelta(), max_value=2 * WINDOW).map(lambda ago: NOW - ago),
        cause=st.sampled_from(["", *(cause.word for cause in CAUSES)]),
    ),
    max_size=40,
)


@given(EVENTS, st.randoms())
def test_the_order_of_what_happened_does_not_count(events, lots):
    shuffled = list(events)
    lots.shuffle(shuffled)

    assert bad_days(events, now=NOW) == bad_days(shuffled, now=NOW)


@given(EVENTS, st.timedeltas(min_value=timedelta(), max_value=WINDOW))
def test_time_alone_never_raises_the_score(events, later):
    assert bad_days(events, now=NOW + later) <= bad_days(events, now=NOW)


@given(EVENTS)
def test_one_more_bad_day_raises_the_score_by_one_at_most(events):
    more = [*events, Event(at=NOW, cause=FULL.word)]

    assert len(bad_days(more, now=NOW)) <= len(bad_days(events, now=NOW)) + 1


@given(EVENTS)
def test_nobody_is_suppressed_softly_before_enough_bad_days(events):
    suppression = decide(a_record(), events, now=NOW)

    days = {event.at.date() for event in events if event.cause} | {NOW.date()}
    assert suppression is None or len(days) >= MOST_BAD_DAYS
