"""The gate's rules: what counts as one network, one mailbox, one visitor, and how many come in."""

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.core.gate import (
    DAY_SECONDS,
    MAILS_A_DAY,
    OF_A_DOMAIN,
    OF_A_NEAR_NETWORK,
    OF_A_NETWORK,
    Knock,
    Limit,
    Passage,
    is_disposable,
    mailbox_of,
    network_of,
    pace_of,
    through,
    visitor_of,
)

OURS = (ip_network("10.0.0.0/8"), ip_network("2001:db8:1::/48"))


class Counts:
    """The gate's memory for one mailbox, network and domain."""

    def __init__(self) -> None:
        self.kept = ((), None, None)

    def knock(self, now: float, network: str = "203.0.113.0/24") -> Passage:
        one = Knock(mailbox="m", domain="example.org", network=network)
        passage, *kept = through(*self.kept, knock=one, now=now)
        self.kept = tuple(kept)
        return passage


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:12:3456::7", "2001:db8:12:3400::/56"),
        ("::ffff:203.0.113.77", "203.0.113.0/24"),
        ("fe80::1%eth0", "fe80::/56"),
        ("testclient", ""),
        ("", ""),
    ],
)
def test_neighbours_are_counted_as_one(address, network):
    assert network_of(address) == network


@pytest.mark.parametrize(
    ("peer", "forwarded", "visitor"),
    [
        ("203.0.113.7", [], "203.0.113.7"),
        ("203.0.113.7", ["198.51.100.1"], "203.0.113.7"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["6.6.6.6, 198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["6.6.6.6, 198.51.100.1, 10.0.0.2"], "198.51.100.1"),
        ("10.0.0.1", ["6.6.6.6", "198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["198.51.100.1:4711"], "198.51.100.1"),
        ("2001:db8:1::1", ["[2001:db8:2::7]:4711"], "2001:db8:2::7"),
        ("10.0.0.1", ["<script>"], "10.0.0.1"),
        ("10.0.0.1", ["unknown, 10.0.0.2"], "10.0.0.2"),
        ("testclient", ["198.51.100.1"], "testclient"),
    ],
)
def test_only_our_own_proxies_are_believed(peer, forwarded, visitor):
    assert visitor_of(peer, forwarded, OURS) == visitor


def test_nobody_is_believed_where_no_proxy_is_named():
    assert visitor_of("10.0.0.1", ["198.51.100.1"], ()) == "10.0.0.1"


@given(st.text(), st.lists(st.text()))
def test_no_header_whatever_is_a_failure(peer, forwarded):
    network_of(visitor_of(peer, forwarded, OURS))


@pytest.mark.parametrize(
    ("key", "mailbox"),
    [
        ("ada@example.org", "ada@example.org"),
        ("ada+papers@example.org", "ada@example.org"),
        ("a.d.a@example.org", "a.d.a@example.org"),
        ("a.d.a+x@gmail.com", "ada@gmail.com"),
        ("+x@example.org", "+x@example.org"),
    ],
)
def test_spellings_that_reach_one_mailbox_count_as_one(key, mailbox):
    assert mailbox_of(key) == mailbox


def test_a_domain_is_disposable_with_all_below_it():
    disposable = frozenset({"thrown.example"})

    assert is_disposable("thrown.example", disposable)
    assert is_disposable("a.b.thrown.example", disposable)
    assert not is_disposable("notthrown.example", disposable)
    assert not is_disposable("example", frozenset({"example"}))


def test_an_address_gets_three_mails_in_any_24_hours():
    counts = Counts()
    times = [float(hour * 3600) for hour in range(0, 100, 5)]

    mailed = [at for at in times if counts.knock(at).stopped_by is None]

    for at in times:
        assert len([one for one in mailed if at - DAY_SECONDS < one <= at]) <= MAILS_A_DAY
    assert len(mailed) >= 9


def test_who_is_stopped_is_told_when_it_may_go_on():
    counts = Counts()
    for at in (0.0, 10.0, 20.0):
        counts.knock(at)

    stopped = counts.knock(3600.0)

    assert stopped.stopped_by is Limit.ADDRESS
    assert counts.knock(3600.0 + stopped.wait_seconds).stopped_by is None


def test_a_network_tries_so_often_in_any_hour():
    counts = Counts()
    tries = [counts.knock(float(second)) for second in range(0, 7200, 10)]

    let = [n * 10 for n, one in enumerate(tries) if one.stopped_by is not Limit.NETWORK]

    most = OF_A_NETWORK.burst + OF_A_NETWORK.per_hour
    assert most == 30
    for start in let:
        assert len([at for at in let if start <= at < start + 3600]) <= most
    assert len(let) > most


def test_visitors_behind_a_proxy_that_nobody_named_are_not_taken_for_one():
    for near in ("127.0.0.0/24", "10.1.2.0/24", "192.168.1.0/24", "fd00::/56", ""):
        assert pace_of(near) is OF_A_NEAR_NETWORK
    for far in ("203.0.113.0/24", "2001:db8::/56"):
        assert pace_of(far) is OF_A_NETWORK


def test_what_a_domain_gets_at_once_is_limited():
    domain = None
    for n in range(OF_A_DOMAIN.burst):
        one = Knock(mailbox=str(n), domain="example.org", network=f"198.51.{n}.0/24")
        passage, _, _, domain = through((), None, domain, knock=one, now=0.0)
        assert passage.stopped_by is None

    one = Knock(mailbox="last", domain="example.org", network="203.0.113.0/24")
    passage, mailed, _, _ = through((), None, domain, knock=one, now=0.0)

    assert passage.stopped_by is Limit.DOMAIN
    assert mailed == ()
