"""What the ledger says, for people."""

from datetime import UTC, date, datetime, timedelta

import pytest

from newsletter.core.delivery.ledger import Cause, EditionReport, Tally, cause_of, causes
from newsletter.core.delivery.states import Kind, State
from newsletter.core.feedback.rates import Rate
from newsletter.core.results import EditionView

MORNING = datetime(2026, 6, 16, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("5.1.1 <ada@example.org>: no such user", "5.1.1 <bob@example.org>: no such user"),
        ("5.1.1 ada@example.org unknown", "5.1.1 bob@lab.example unknown"),
        ("try later (q1W2e3R4)", "try later (q9Z8y7X6)"),
        ("4.7.0 [192.0.2.1] too fast", "4.7.0 [198.51.100.77] too fast"),
    ],
    ids=["address", "bare address", "queue number", "host"],
)
def test_refusals_of_one_kind_have_one_cause(one, other):
    assert cause_of(one) == cause_of(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("5.1.1 no such user", "5.2.2 no such user"),
        ("mailbox full", "mailbox disabled"),
        ("see https", "see http"),
    ],
)
def test_refusals_of_two_kinds_have_two(one, other):
    assert cause_of(one) != cause_of(other)


def test_causes_are_counted_together_and_the_commonest_come_first():
    found = causes(
        [
            (State.FAILED, 550, "5.1.1 <a@x.example> unknown", 2),
            (State.PENDING, 451, "later", 4),
            (State.FAILED, 550, "5.1.1 <b@x.example> unknown", 3),
            (State.FAILED, 554, "spam", 1),
        ],
        most=2,
    )

    assert found == (
        Cause(state=State.FAILED, code=550, text="5.1.1 … unknown", count=5),
        Cause(state=State.PENDING, code=451, text="later", count=4),
    )


def test_a_tally_knows_what_is_left():
    tally = Tally(counts={State.SENT: 5, State.PENDING: 3, State.SENDING: 1}, deferred=2)

    assert (tally.planned, tally.left, tally.of(State.SENT, State.FAILED)) == (9, 4, 5)


@pytest.mark.parametrize(
    ("seconds", "speed"), [(None, None), (0, None), (10, 50.0)], ids=["none", "one moment", "ten"]
)
def test_the_speed_is_that_from_the_first_to_the_last(seconds, speed):
    last = MORNING + timedelta(seconds=seconds) if seconds is not None else None
    edition = EditionView(
        id=1, edition=date(2026, 6, 16), kind=Kind.DIGEST, state="open", counts={State.SENT: 500}
    )
    report = EditionReport(
        edition=edition,
        first_sent_at=MORNING if last else None,
        last_sent_at=last,
        domains=(),
        domain_count=0,
        causes=(),
        rate=Rate(name="2026-06-16"),
    )

    assert report.per_second == speed
