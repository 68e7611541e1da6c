"""What all workers know of limits and rates: on a real server and in memory."""

import os
import signal
import time

import pytest
from builders import Hand
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsletter.adapters.flow import MemoryFlow, RedisFlow
from newsletter.adapters.redis_urls import open_cache
from newsletter.core.delivery.flow import Limits

RELAY = "relay.example.org:587"
FIFTY = Limits(per_second=50)


@pytest.fixture(params=["redis", "memory"])
def flow(request, hand):
    if request.param == "memory":
        return MemoryFlow(clock=hand)
    return RedisFlow(request.getfixturevalue("redis_client"), clock=hand)


def taken(flow, limits: Limits, wanted: int) -> int:
    return flow.take(RELAY, limits, wanted).count


def slow_down(flow, domain: str = "a.example", rate: float = 100.0) -> None:
    """The domain refused half of what it got, at this rate."""
    flow.note({domain: (int(rate / 2), int(rate / 2))}, seconds=1.0)


def test_nothing_is_known_at_first(flow):
    look = flow.look([RELAY])

    assert (look.processes, look.closed, look.slowed) == (1, {}, frozenset())
    assert flow.leave({"a.example": 100}) == {}


def test_a_relay_is_given_so_many_a_second(flow, hand):
    total = 0
    for _ in range(100):
        total += taken(flow, FIFTY, 1000)
        hand.now += 0.1

    assert 450 <= total <= 500


def test_what_is_refused_says_when_there_is_room(flow, hand):
    taken(flow, FIFTY, 1000)
    grant = flow.take(RELAY, FIFTY, 10)
    hand.now += grant.wait_seconds + 0.001

    assert grant.count == 0
    assert taken(flow, FIFTY, 10) == 1


def test_a_relay_is_given_so_many_a_day(flow, hand):
    limits = Limits(per_day=1000)

    assert [taken(flow, limits, 600) for _ in range(3)] == [600, 400, 0]
    wait = flow.take(RELAY, limits, 1).wait_seconds
    assert 86_400 <= wait <= 87_000
    hand.now += wait
    assert taken(flow, limits, 600) == 600


def test_both_limits_hold_together(flow):
    assert taken(flow, Limits(per_second=50, per_day=3), 1000) == 3
    assert taken(flow, Limits(per_second=50, per_day=3), 1000) == 0


def test_what_was_not_used_is_given_back(flow):
    limits = Limits(per_day=100)
    taken(flow, limits, 100)

    flow.give_back(RELAY, limits, 40)

    assert taken(flow, limits, 100) == 40


def test_relays_do_not_share_their_limits(flow):
    taken(flow, FIFTY, 1000)

    assert flow.take("other.example:25", FIFTY, 5).count == 5


def test_a_domain_that_refused_is_slowed_and_others_are_not(flow):
    flow.note({"a.example": (50, 50), "b.example": (100, 0)}, seconds=1.0)

    grants = flow.leave({"a.example": 1000, "b.example": 1000})

    assert flow.look([RELAY]).slowed == {"a.example"}
    assert list(grants) == ["a.example"]
    assert grants["a.example"].count == 0


def test_a_slowed_domain_gets_its_rate(flow, hand):
    slow_down(flow)
    total = 0
    for _ in range(20):
        hand.now += 0.1
        total += flow.leave({"a.example": 1000})["a.example"].count

    assert 90 <= total <= 110


def test_a_domain_that_stays_quiet_is_free_again(flow, hand):
    slow_down(flow)
    hand.now += 599
    assert flow.look([RELAY]).slowed
    hand.now += 2

    assert not flow.look([RELAY]).slowed


def test_a_closed_relay_is_left_alone_longer_each_time(flow, hand):
    waits = []
    for _ in range(3):
        flow.close_relay(RELAY, "it is down")
        waits.append(flow.look([RELAY]).closed[RELAY][0])
        hand.now += waits[-1] + 1

    assert waits == pytest.approx([5, 10, 20])
    assert flow.look([RELAY]).closed == {}
    assert flow.look([RELAY]).troubled == {RELAY}


def test_the_same_failure_counts_once(flow):
    flow.close_relay(RELAY, "it is down")
    flow.close_relay(RELAY, "it is down")

    assert flow.look([RELAY]).closed[RELAY] == (pytest.approx(5), "it is down")


def test_an_opened_relay_is_as_good_as_new(flow, hand):
    flow.close_relay(RELAY, "it is down")
    flow.open_relay(RELAY)
    assert flow.look([RELAY]).closed == {}
    assert not flow.look([RELAY]).troubled

    flow.close_relay(RELAY, "it is down again")
    assert flow.look([RELAY]).closed[RELAY][0] == pytest.approx(5)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("wait"), st.floats(0, 20)),
        st.tuples(st.just("wait"), st.floats(0, 40_000)),
        st.tuples(st.just("take"), st.integers(1, 200)),
        st.tuples(st.just("back"), st.integers(1, 5)),
        st.tuples(st.just("leave"), st.integers(0, 300)),
        st.tuples(st.just("note"), st.tuples(st.integers(0, 300), st.integers(0, 60))),
    ),
    max_size=25,
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS, per_second=st.integers(1, 200), per_day=st.integers(1, 2000))
def test_the_server_decides_as_the_rules_say(redis_client, steps, per_second, per_day):
    redis_client.flushdb()
    hand = Hand()
    limits = Limits(per_second=per_second, per_day=per_day)
    twins = [MemoryFlow(clock=hand), RedisFlow(redis_client, clock=hand)]
    since_slowed = 0.0
    for what, value in steps:
        if what == "wait":
            hand.now += value
            since_slowed += value
            if since_slowed > 590:  # keys expire by the server's own clock
                redis_client.delete("flow:domain:a.example")
                twins[0] = _without_domains(twins[0])
            continue
        answers = [_done(twin, what, value, limits) for twin in twins]
        if what == "note":
            since_slowed = 0.0
        assert answers[0] == answers[1]


def _without_domains(twin: MemoryFlow) -> MemoryFlow:
    twin._slowed.clear()
    return twin


def _done(flow, what: str, value, limits: Limits):
    match what:
        case "take":
            grant = flow.take(RELAY, limits, value)
        case "back":
            return flow.give_back(RELAY, limits, value)
        case "note":
            accepted, refused = value
            return flow.note({"a.example": (accepted, refused)}, seconds=1.0)
        case _:
            grant = flow.leave({"a.example": value}).get("a.example")
    if grant is None:
        return None
    return (grant.count, *(round(one, 6) for one in (grant.wait_seconds, grant.step_seconds)))


# Of the server alone


def test_workers_share_one_limit(redis_client, hand):
    workers = [RedisFlow(redis_client, clock=hand) for _ in range(4)]

    assert sum(taken(worker, FIFTY, 1000) for worker in workers) == 5


def test_workers_know_how_many_they_are(redis_client, hand):
    workers = [RedisFlow(redis_client, clock=hand) for _ in range(3)]
    for worker in workers:
        worker.look([RELAY])

    assert workers[0].look([RELAY]).processes == 3
    hand.now += 61
    assert workers[0].look([RELAY]).processes == 1


def test_one_worker_closes_a_relay_for_all(redis_client):
    RedisFlow(redis_client).close_relay(RELAY, "it is down")

    assert RELAY in RedisFlow(redis_client).look([RELAY]).closed


def test_it_goes_by_the_servers_clock(redis_client):
    flow = RedisFlow(redis_client)
    assert taken(flow, Limits(per_second=1), 10) == 1
    grant = flow.take(RELAY, Limits(per_second=1), 10)

    assert grant.count == 0
    assert 0.5 < grant.wait_seconds <= 1


def test_a_look_costs_one_trip_for_many_batches(redis_client):
    flow = RedisFlow(redis_client)
    flow.look([RELAY])
    before = redis_client.info("commandstats")["cmdstat_evalsha"]["calls"]

    for _ in range(50):
        flow.look([RELAY])

    assert redis_client.info("commandstats")["cmdstat_evalsha"]["calls"] <= before + 1


def test_limits_outlive_a_restart(redis_client, hand):
    taken(RedisFlow(redis_client, clock=hand), Limits(per_day=100), 60)

    assert taken(RedisFlow(redis_client, clock=hand), Limits(per_day=100), 100) == 40


def test_nothing_stays_for_ever(redis_client):
    flow = RedisFlow(redis_client)
    flow.take(RELAY, Limits(per_second=50, per_day=1000), 100)
    slow_down(flow)

    for key in redis_client.keys("flow:*"):
        if key not in (b"flow:processes", b"flow:slowed", b"flow:closed"):
            assert 0 < redis_client.ttl(key) <= 2 * 86_400, key


# Without the server


def test_a_worker_alone_never_goes_above_its_share(tmp_path):
    with open_cache(f"unix://{tmp_path}/none.sock") as client:
        flow = RedisFlow(client)

        assert taken(flow, Limits(per_day=1600), 10_000) == 100
        assert taken(flow, Limits(per_second=1600), 10_000) <= 2
        assert flow.look([RELAY]).closed == {}


def test_a_worker_alone_keeps_half_of_its_part_of_what_was_left(redis_client, hand, monkeypatch):
    workers = [RedisFlow(redis_client, clock=hand) for _ in range(5)]
    for worker in workers:
        worker.look([RELAY])
    workers[0].look([RELAY])
    limits = Limits(per_day=1000)
    taken(workers[0], limits, 200)

    redis_client.config_set("maxmemory", "1")
    try:
        alone = taken(workers[0], limits, 10_000)
    finally:
        redis_client.config_set("maxmemory", "0")

    assert alone == 80  # of 800, one of five, half
    workers[0]._away_until = 0.0
    assert taken(workers[0], limits, 10_000) == 720  # what was spent meanwhile is told


def test_domains_are_slowed_by_each_worker_that_is_alone(tmp_path):
    with open_cache(f"unix://{tmp_path}/none.sock") as client:
        flow = RedisFlow(client)
        slow_down(flow)

        assert flow.leave({"a.example": 100})["a.example"].count < 100
        assert flow.look([RELAY]).slowed == {"a.example"}


def test_a_server_that_hangs_costs_two_seconds_once(redis_server, redis_url):
    with open_cache(redis_url) as cache:
        flow = RedisFlow(cache)
        os.kill(redis_server.pid, signal.SIGSTOP)
        started = time.monotonic()
        try:
            for _ in range(100):
                flow.take(RELAY, FIFTY, 10)
            waited = time.monotonic() - started
        finally:
            os.kill(redis_server.pid, signal.SIGCONT)

    assert waited < 10  # not two for each
