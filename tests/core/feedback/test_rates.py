"""When complaints are too many, and what an edition is held for."""

import pytest

from newsletter.core.delivery.breaker import why_hold
from newsletter.core.feedback.rates import LEAST_SENT, Rate, Standing, rate_of, share
from newsletter.core.reports import Kind


def a_rate(sent, complaints):
    return Rate(name="2026-06-16", sent=sent, complaints=complaints)


@pytest.mark.parametrize(
    ("sent", "complaints", "standing"),
    [
        (LEAST_SENT - 1, 900, Standing.FEW),
        (1000, 0, Standing.FINE),
        (1000, 1, Standing.FINE),
        (2000, 2, Standing.WARN),
        (2001, 2, Standing.FINE),
        (1000, 3, Standing.HOLD),
        (100_000, 299, Standing.WARN),
        (100_000, 300, Standing.HOLD),
        (0, 0, Standing.FEW),
    ],
)
def test_a_tenth_of_a_percent_warns_and_three_tenths_hold(sent, complaints, standing):
    assert a_rate(sent, complaints).standing is standing


@pytest.mark.parametrize(("sent", "complaints"), [(1000, 3), (999, 500), (5000, 14), (5000, 15)])
def test_an_edition_is_held_just_where_its_rate_says_so(sent, complaints):
    held = why_hold(sent, [], [(Kind.COMPLAINT, "abuse", "", complaints)])

    assert bool(held) is (a_rate(sent, complaints).standing is Standing.HOLD)


def test_the_reason_names_the_complaints_and_their_share():
    because = why_hold(2000, [], [(Kind.COMPLAINT, "abuse", "", 9)])

    assert because == "9 of 2,000 readers complained (0.45 %)"


@pytest.mark.parametrize(
    ("reported", "is_held"),
    [
        ((Kind.SOFT, "policy", "550 5.7.1 no", 60), True),
        ((Kind.SOFT, "blocked", "550 5.7.1 listed", 60), True),
        ((Kind.SOFT, "policy", "550 5.7.1 no", 40), False),
        ((Kind.HARD, "no such mailbox", "550 5.1.1", 110), True),
        ((Kind.HARD, "no such mailbox", "550 5.1.1", 90), False),
        ((Kind.SOFT, "mailbox full", "552 5.2.2", 900), False),
        ((Kind.SOFT, "relay trouble", "4.4.1", 900), False),
    ],
)
def test_what_comes_back_later_weighs_as_what_is_refused_at_once(reported, is_held):
    assert bool(why_hold(1000, [], [reported])) is is_held


def test_refusals_at_once_and_later_are_counted_together():
    policy = (Kind.SOFT, "policy", "550 5.7.1 no", 30)

    assert why_hold(970, [(550, "5.7.1 no", 30)], [policy]).startswith("60 of 1,000 messages")
    assert not why_hold(970, [(550, "5.7.1 no", 30)])


def test_a_rate_counts_messages_by_kind():
    rate = rate_of("kelp.example", 200, [(Kind.HARD, 2), (Kind.SOFT, 1), (Kind.COMPLAINT, 1)])

    assert (rate.hard, rate.soft, rate.complaints, rate.bounces) == (2, 1, 1, 3)
    assert (share(rate.bounce_rate), share(rate.complaint_rate)) == ("1.50 %", "0.50 %")


def test_of_nothing_sent_nothing_came_back():
    assert (a_rate(0, 0).bounce_rate, a_rate(0, 0).complaint_rate) == (0, 0)
