"""How many connections a relay gets: as many as make it faster."""

import pytest

from newsletter.adapters.smtp.width import FIRST, MOST, Width


def after(width: Width, rate, *, rounds: int) -> int:
    """The width after so many measurements of a relay that takes rate(width) letters a second."""
    for _ in range(rounds):
        width.measure(int(rate(width.value) * 10), 10.0)
    return width.value


def test_a_relay_that_is_far_away_gets_as_many_as_allowed():
    assert after(Width(), lambda width: width / 0.05, rounds=10) == MOST


def test_a_relay_that_is_busy_keeps_few():
    assert after(Width(), lambda width: 1000, rounds=40) == FIRST


def test_it_stops_where_more_is_no_longer_faster():
    assert after(Width(), lambda width: min(width, 16) / 0.05, rounds=40) == 2 * FIRST


def test_it_tries_again_later():
    width = Width()
    after(width, lambda width: 1000, rounds=20)

    assert after(width, lambda width: width * 100, rounds=60) == MOST


def test_a_relay_that_wants_fewer_gets_fewer_for_a_while():
    width = Width()
    after(width, lambda width: width / 0.05, rounds=10)

    width.limit(5)

    assert after(width, lambda width: width / 0.05, rounds=40) == 5
    assert after(width, lambda width: width / 0.05, rounds=20) > 5


@pytest.mark.parametrize("letters", [1, 10])
def test_a_few_letters_say_nothing(letters):
    width = Width()
    for _ in range(2):
        width.measure(letters, 0.0)

    assert width.value == FIRST


def test_a_fixed_width_stays():
    assert after(Width(3), lambda width: width / 0.05, rounds=20) == 3
