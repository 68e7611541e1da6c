"""The rules of pace: never above a limit, and near to what a domain bears."""

from bisect import bisect_left
from collections import Counter, deque
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.core.delivery import flow
from newsletter.core.delivery.flow import Bucket, Slowed
from newsletter.core.delivery.states import Outcome, Result

WISHES = st.lists(
    st.tuples(st.floats(0, 3, allow_nan=False), st.integers(0, 300)), min_size=1, max_size=40
)


@given(per_second=st.integers(1, 1000), wishes=WISHES)
def test_no_second_sees_more_than_its_limit(per_second, wishes):
    burst, rate = flow.pace_of(per_second)
    bucket, now, given_at = None, 0.0, []
    for after, wanted in wishes:
        now += after
        bucket, grant = flow.take(bucket, wanted, burst=burst, rate=rate, now=now)
        given_at += [now] * grant.count

    for first, instant in enumerate(given_at):  # they stand in the order of time
        assert bisect_left(given_at, instant + 0.999) - first <= per_second


@given(per_second=st.integers(1, 500))
def test_who_comes_back_when_told_finds_room(per_second):
    burst, rate = flow.pace_of(per_second)
    bucket, _ = flow.take(None, 10_000, burst=burst, rate=rate, now=0.0)
    bucket, refused = flow.take(bucket, 1, burst=burst, rate=rate, now=0.0)

    _, grant = flow.take(bucket, 1, burst=burst, rate=rate, now=refused.wait_seconds)

    assert (refused.count, grant.count) == (0, 1)


def test_a_limit_is_nearly_used_up():
    burst, rate = flow.pace_of(50)
    bucket, total = None, 0
    for tick in range(1000):
        bucket, grant = flow.take(bucket, 1000, burst=burst, rate=rate, now=tick / 100)
        total += grant.count

    assert 450 <= total <= 500


def test_a_clock_that_was_set_back_gives_nothing_for_it():
    _, grant = flow.take(Bucket(level=0.0, at=1000.0), 5, burst=10, rate=10, now=0.0)

    assert grant.count == 0


@given(
    wishes=st.lists(st.tuples(st.floats(0, 30_000), st.integers(0, 400)), max_size=80),
    per_day=st.integers(1, 1000),
)
def test_no_24_hours_see_more_than_a_days_limit(wishes, per_day):
    counts, now, given_at = Counter(), 0.0, []
    for after, wanted in wishes:
        now += after
        granted = min(wanted, flow.day_room(counts, per_day, now=now).count)
        counts[flow.slot_of(now)] += granted
        given_at.append((now, granted))

    for start, _ in given_at:
        day = [count for at, count in given_at if start <= at < start + 86_400]
        assert sum(day) <= per_day


def test_a_full_day_says_when_the_first_of_it_is_over():
    grant = flow.day_room({0: 10}, 10, now=100.0)

    assert grant.count == 0
    assert flow.day_room({0: 10}, 10, now=100.0 + grant.wait_seconds).count == 10
    assert 86_400 <= 100.0 + grant.wait_seconds <= 86_400 + 601


# Domains


@dataclass
class Domain:
    """Takes so many messages a second, as a provider does; counts both answers."""

    capacity: float
    level: float = 0.0
    at: float = 0.0
    accepted: int = 0
    refused: int = 0

    def offer(self, count: int, now: float) -> tuple[int, int]:
        self.level = min(self.level + (now - self.at) * self.capacity, self.capacity)
        self.at = now
        taken = min(count, int(self.level))
        self.level -= taken
        self.accepted += taken
        self.refused += count - taken
        return taken, count - taken


def mailed(
    capacity: float, *, seconds: float, offered: float = 2000.0, late: float = 0.0
) -> Domain:
    """A domain that gets all that the rules allow, every tenth of a second.

    late: seconds from the leave to go to the answer, as on a machine that is busy.
    """
    domain, slowed = Domain(capacity), None
    on_the_way = deque([0] * int(late * 10))
    for tick in range(1, int(seconds * 10)):
        now, wanted = tick / 10, int(offered / 10)
        if slowed is not None:
            slowed, grant = flow.leave(slowed, wanted, now=now)
            wanted = grant.count
        on_the_way.append(wanted)
        accepted, refused = domain.offer(on_the_way.popleft(), now)
        slowed = flow.note(slowed, accepted=accepted, refused=refused, rate=offered, now=now)
    return domain


@pytest.mark.parametrize("capacity", [5, 20, 100, 400, 1500])
def test_a_domain_gets_nearly_what_it_bears(capacity):
    domain = mailed(capacity, seconds=120)

    assert domain.accepted >= 0.85 * capacity * 120


@pytest.mark.parametrize("late", [1.0, 2.0, 4.0])
@pytest.mark.parametrize("capacity", [20, 100, 400])
def test_refusals_that_come_late_push_no_domain_below_what_it_bears(capacity, late):
    domain = mailed(capacity, seconds=60, late=late)

    assert domain.accepted >= 0.85 * capacity * 60


@pytest.mark.parametrize("capacity", [20, 100, 400])
def test_few_tries_are_burned_at_a_domain_that_has_its_limit(capacity):
    domain = mailed(capacity, seconds=120)

    assert domain.refused <= 0.06 * domain.accepted + 400  # the first ones came all at once


def test_a_domain_that_refuses_everything_is_hardly_asked():
    domain = mailed(0, seconds=120)

    assert domain.refused <= 400 + 2 * 120


def test_a_domain_that_takes_everything_is_never_slowed():
    assert flow.note(None, accepted=1000, refused=0, rate=5000, now=0.0) is None


def test_a_few_refusals_among_many_cost_hardly_any_pace():
    slowed = flow.note(None, accepted=990, refused=10, rate=1000, now=0.0)

    assert 900 <= slowed.rate < 1000


def test_refusals_that_were_on_their_way_count_once():
    first = flow.note(None, accepted=50, refused=50, rate=100, now=0.0)
    again = flow.note(first, accepted=0, refused=50, rate=100, now=0.5)

    assert again.rate == first.rate


def test_the_rate_rises_while_it_goes_well():
    slowed = flow.note(None, accepted=0, refused=10, rate=400, now=0.0)

    assert flow.rate_of(slowed, now=10.0) == pytest.approx(40 * 1.03**10)


def test_those_sent_away_come_back_one_after_the_other():
    slowed = Slowed(rate=10, since=0.0, bucket=Bucket(level=0.0, at=0.0), counted_since=0.0)

    slowed, first = flow.leave(slowed, 100, now=0.0)
    slowed, second = flow.leave(slowed, 100, now=0.0)

    waits = [grant.wait_of(place) for grant in (first, second) for place in range(100)]
    assert waits == sorted(waits)
    assert waits[-1] == pytest.approx(0.1 + 199 / 15, abs=0.1)


def test_nobody_is_sent_away_for_more_than_two_minutes():
    slowed = Slowed(rate=0.2, since=0.0, bucket=Bucket(level=0.0, at=0.0), counted_since=0.0)

    slowed, _ = flow.leave(slowed, 10_000, now=0.0)
    _, grant = flow.leave(slowed, 10_000, now=0.0)

    assert grant.wait_of(9_999) == 120


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        (421, "4.7.0", True),
        (450, "4.7.1", True),
        (451, "", True),
        (454, "4.4.5", True),
        (452, "4.7.28", True),
        (452, "4.2.2", False),
        (450, "4.2.0", False),
        (452, "4.3.1", False),
    ],
)
def test_only_some_refusals_ask_for_fewer_messages(code, status, expected):
    outcome = Outcome(result=Result.DEFERRED, code=code, status=status)

    assert flow.pushes_back(outcome) is expected


def test_a_relay_is_left_alone_longer_each_time():
    assert [flow.pause_of(failures) for failures in (1, 2, 3, 4, 5, 99)] == [5, 10, 20, 40, 60, 60]
