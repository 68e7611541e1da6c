"""The gate's counts on a real server and in memory: alike to the last try."""

import random
import socket

import pytest

from newsletter.adapters.gate import MemoryGate, RedisGate
from newsletter.adapters.redis_urls import open_cache
from newsletter.core.gate import DAY_SECONDS, OF_A_DOMAIN, Knock, Limit
from newsletter.core.proof import LIFETIME_SECONDS
from newsletter.errors import QueueUnavailable

FAR = "203.0.113.0/24"


@pytest.fixture(params=["redis", "memory"])
def gate(request, hand):
    if request.param == "memory":
        return MemoryGate(clock=hand)
    return RedisGate(request.getfixturevalue("redis_client"), clock=hand)


def knock(gate, mailbox: str = "ada", domain: str = "example.org", network: str = FAR):
    return gate.take(Knock(mailbox=mailbox, domain=domain, network=network))


def test_one_victim_gets_three_mails_a_day_from_wherever_they_are_asked_for(gate, hand):
    let = 0
    for n in range(50):
        let += knock(gate, network=f"198.51.{n}.0/24").stopped_by is None
        hand.now += 600

    assert let == 3
    hand.now += DAY_SECONDS
    assert knock(gate).stopped_by is None


def test_ten_thousand_tries_over_a_thousand_addresses_of_a_network_come_to_twenty(gate, hand):
    let = sum(
        knock(gate, mailbox=str(n % 1000), domain=f"d{n % 7}.example").stopped_by is None
        for n in range(500 if isinstance(gate, RedisGate) else 10_000)
    )

    assert let == 20


def test_a_network_that_tried_too_often_may_come_back(gate, hand):
    for n in range(21):
        stopped = knock(gate, mailbox=str(n))
    hand.now += stopped.wait_seconds

    assert stopped.stopped_by is Limit.NETWORK
    assert knock(gate, mailbox="new").stopped_by is None


def test_a_domain_is_not_flooded_from_many_networks(gate):
    passages = [
        knock(gate, mailbox=str(n), network=f"198.51.{n}.0/24")
        for n in range(OF_A_DOMAIN.burst + 5)
    ]

    assert [one.stopped_by for one in passages[-5:]] == [Limit.DOMAIN] * 5
    assert knock(gate, mailbox="new", domain="other.example").stopped_by is None


def test_a_proof_of_work_counts_once_while_it_lasts(gate):
    assert [gate.spend("one"), gate.spend("two"), gate.spend("one")] == [True, True, False]


def test_a_proof_is_forgotten_when_it_has_run_out(hand, redis_client):
    memory, shared = MemoryGate(clock=hand), RedisGate(redis_client)
    memory.spend("one"), shared.spend("one")
    hand.now += LIFETIME_SECONDS + 1
    memory.spend("two")

    assert list(memory._spent) == ["two"]
    assert 0 < redis_client.ttl("gate:proof:one") <= LIFETIME_SECONDS


def test_both_gates_decide_alike(redis_client, hand):
    chance = random.Random(7)
    gates = (MemoryGate(clock=hand), RedisGate(redis_client, clock=hand))

    for _ in range(400):
        one = {
            "mailbox": str(chance.randrange(12)),
            "domain": f"d{chance.randrange(2)}.example",
            "network": chance.choice([FAR, "198.51.100.0/24", "10.0.0.0/24", ""]),
        }
        memory, shared = (knock(gate, **one) for gate in gates)
        assert memory.stopped_by is shared.stopped_by
        assert shared.wait_seconds == pytest.approx(memory.wait_seconds, abs=1e-3)
        hand.now += chance.choice([0.1, 5, 60, 900, 30_000])


def test_the_servers_own_clock_counts_alike(redis_client):
    gate = RedisGate(redis_client)

    assert [knock(gate).stopped_by for _ in range(4)] == [None, None, None, Limit.ADDRESS]


def test_nothing_is_counted_for_ever(redis_client):
    knock(RedisGate(redis_client))

    keys = redis_client.keys("gate:*")
    assert len(keys) == 3
    assert all(0 < redis_client.ttl(key) <= DAY_SECONDS + 60 for key in keys)


def test_memory_is_not_filled_for_ever(hand, monkeypatch):
    monkeypatch.setattr("newsletter.adapters.gate.memory.MOST_KEPT", 50)
    gate = MemoryGate(clock=hand)
    for n in range(200):
        knock(gate, mailbox=str(n), domain=f"{n}.example", network=f"198.51.{n}.0/24")
        hand.now += 3600

    assert len(gate._mailed) <= 51
    assert len(gate._networks) <= 51


def test_a_server_that_is_away_is_told_at_once(tmp_path):
    gate = RedisGate(open_cache(f"unix://{tmp_path}/none?db=0"))

    for ask in (gate.look, lambda: knock(gate), lambda: gate.spend("one")):
        with pytest.raises(QueueUnavailable):
            ask()


def test_a_server_that_hangs_is_waited_for_once():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        gate = RedisGate(open_cache(url, answer_seconds=0.05))
        for _ in range(3):
            with pytest.raises(QueueUnavailable):
                knock(gate)

        silent.setblocking(False)
        silent.accept()
        with pytest.raises(BlockingIOError):
            silent.accept()
