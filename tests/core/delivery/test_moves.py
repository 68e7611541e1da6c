"""The state machine's moves."""

from datetime import UTC, datetime, timedelta

import pytest

from newsletter.core.delivery.moves import move, state_after_lapse
from newsletter.core.delivery.states import MAX_ATTEMPTS, MAX_RECOVERIES, Outcome, Result, State

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)


def moved(result, *, attempts=0, uncertain=0, **outcome):
    return move(
        Outcome(result=result, **outcome),
        delivery_id=7,
        epoch=1,
        subscriber_id=3,
        attempts=attempts,
        uncertain=uncertain,
        now=NOW,
    )


@pytest.mark.parametrize(
    ("result", "state", "attempts"),
    [
        (Result.SENT, State.SENT, 1),
        (Result.FAILED, State.FAILED, 1),
        (Result.DEFERRED, State.PENDING, 1),
        (Result.UNCERTAIN, State.PENDING, 1),
        (Result.HELD, State.PENDING, 0),
        (Result.DELAYED, State.PENDING, 0),
    ],
)
def test_each_result_has_its_state_and_only_the_readers_own_try_counts(result, state, attempts):
    found = moved(result)

    assert (found.state, found.attempts) == (state, attempts)


@pytest.mark.parametrize("result", [Result.DEFERRED, Result.UNCERTAIN, Result.HELD])
def test_what_is_tried_again_waits_first(result):
    assert moved(result).next_at > NOW


def test_a_delayed_delivery_waits_until_there_is_room():
    assert moved(Result.DELAYED, wait=timedelta(seconds=3)).next_at == NOW + timedelta(seconds=3)


def test_a_deferred_delivery_is_given_up_after_the_last_attempt():
    assert moved(Result.DEFERRED, attempts=MAX_ATTEMPTS - 1).state is State.FAILED


def test_a_delivery_uncertain_for_the_third_time_goes_to_a_person():
    assert moved(Result.UNCERTAIN, uncertain=1).state is State.PENDING
    assert moved(Result.UNCERTAIN, uncertain=2).state is State.REVIEW


def test_an_uncertain_delivery_waits_ten_minutes():
    assert moved(Result.UNCERTAIN).next_at == NOW + timedelta(minutes=10)


def test_the_relays_words_are_kept_and_bounded():
    found = moved(Result.FAILED, code=550, status="5.1.1", text="x" * 2000)

    assert (found.code, found.status, len(found.text)) == (550, "5.1.1", 500)


def test_a_delivery_whose_workers_keep_vanishing_goes_to_a_person():
    states = [state_after_lapse(times) for times in range(1, MAX_RECOVERIES + 1)]

    assert states == [State.PENDING] * (MAX_RECOVERIES - 1) + [State.REVIEW]
