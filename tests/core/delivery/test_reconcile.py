"""Where ledger and log differ, and what counts as the same."""

import pytest

from newsletter.core.delivery.reconcile import Difference, Evidence, Line, begun
from newsletter.core.delivery.relay_logs import BOUNCED, Fate, RelayLog
from newsletter.core.delivery.states import State

ONCE = Fate(copies=1, status="sent")
TWICE = Fate(copies=2, status="sent")


def a_line(state: State = State.SENT, number: int = 1) -> Line:
    return Line(
        id=number, message_id=f"<{number}@news.example>", state=state, address="a@b.example"
    )


def differences(state: State, fate: Fate | None) -> list[Difference]:
    return [one.difference for one in begun(RelayLog()).take(a_line(state), fate)]


@pytest.mark.parametrize(
    ("state", "fate", "found"),
    [
        (State.SENT, ONCE, []),
        (State.SENT, None, [Difference.LOST]),
        (State.SENT, TWICE, [Difference.DOUBLED]),
        (State.FAILED, None, []),
        (State.PENDING, None, []),
        (State.PENDING, ONCE, [Difference.UNRECORDED]),
        (State.REVIEW, ONCE, [Difference.UNRECORDED]),
        (State.SKIPPED, TWICE, [Difference.UNRECORDED, Difference.DOUBLED]),
        (State.SENDING, ONCE, []),
        (State.SENDING, None, []),
    ],
)
def test_ledger_and_log_differ_just_where_one_of_them_does_not_know(state, fate, found):
    assert differences(state, fate) == found


def test_what_the_relay_bounced_later_was_sent_all_the_same():
    comparison = begun(RelayLog())

    assert comparison.take(a_line(), Fate(copies=1, status=BOUNCED)) == []
    assert (comparison.agreed, comparison.bounced, comparison.is_equal) == (1, 1, True)


def test_a_message_is_known_by_its_id_or_by_its_return_path():
    evidence = Evidence({"<1@news.example>": ONCE}, {2: TWICE})

    found = [evidence.of(a_line(number=number)) for number in (1, 2, 3)]

    assert found == [ONCE, TWICE, None]


def test_what_was_set_right_is_no_difference_any_more():
    comparison = begun(RelayLog())
    comparison.take(a_line(State.PENDING), ONCE)
    assert not comparison.is_equal

    comparison.applied = 1

    assert comparison.is_equal
