"""The gate before every mail that goes to an address somebody typed: who comes through, how often.

Strangers type other people's addresses, by the thousand. So there are three counts, which all
entrances share: of mails to one address, of tries from one network, and of mails to one domain.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

from newsletter.core.delivery.flow import Bucket, take

Network = IPv4Network | IPv6Network

DAY_SECONDS = 86_400.0
MAILS_A_DAY = 3  # to one address, in any 24 hours
NEAR = tuple(
    ip_network(text)
    for text in ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16",
                 "::1/128", "fc00::/7", "fe80::/10")
)  # fmt: skip
# These write one mailbox in many ways, with dots wherever one likes.
_WITHOUT_DOTS = frozenset({"gmail.com", "googlemail.com"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """So many at once, and then so many an hour: together the most that any hour sees."""

    burst: int
    per_hour: int

    @property
    def per_second(self) -> float:
        return self.per_hour / 3600


OF_A_NETWORK = Pace(burst=20, per_hour=10)
# Behind a proxy that nobody named, or in one's own building, all visitors seem to be one.
OF_A_NEAR_NETWORK = Pace(burst=200, per_hour=100)
OF_A_DOMAIN = Pace(burst=100, per_hour=1200)


class Limit(StrEnum):
    """What a try was stopped by. Only the first two may be told: the third is about a reader."""

    NETWORK = "network"
    DOMAIN = "domain"
    ADDRESS = "address"


@dataclass(frozen=True, slots=True, kw_only=True)
class Knock:
    """One try to have a mail sent. mailbox: stands for the address and does not show it."""

    mailbox: str
    domain: str
    network: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """Whether the mail may be sent: yes where nothing stopped it. wait_seconds: until it may."""

    stopped_by: Limit | None = None
    wait_seconds: float = 0.0


def through(
    mailed: Sequence[float],
    network: Bucket | None,
    domain: Bucket | None,
    *,
    knock: Knock,
    now: float,
) -> tuple[Passage, Sequence[float], Bucket, Bucket | None]:
    """Whether one more mail may go, and the counts afterwards.

    mailed: the instants of the last mails to the address, the newest first. Each try counts for
    its network; for the domain and the address only what comes through does.
    """  # fmt: skip
    pace = pace_of(knock.network)
    network, grant = take(network, 1, burst=pace.burst, rate=pace.per_second, now=now)
    if not grant.count:
        stopped = Passage(stopped_by=Limit.NETWORK, wait_seconds=grant.wait_seconds)
        return stopped, mailed, network, domain
    if len(mailed) >= MAILS_A_DAY and now - mailed[MAILS_A_DAY - 1] < DAY_SECONDS:
        wait = mailed[MAILS_A_DAY - 1] + DAY_SECONDS - now
        return Passage(stopped_by=Limit.ADDRESS, wait_seconds=wait), mailed, network, domain
    rate = OF_A_DOMAIN.per_second
    domain, grant = take(domain, 1, burst=OF_A_DOMAIN.burst, rate=rate, now=now)
    if not grant.count:
        stopped = Passage(stopped_by=Limit.DOMAIN, wait_seconds=grant.wait_seconds)
        return stopped, mailed, network, domain
    return Passage(), (now, *mailed)[:MAILS_A_DAY], network, domain


def pace_of(network: str) -> Pace:
    """How often a network of `network_of` may try."""
    if not network or any(_within(ip_network(network), near) for near in NEAR):
        return OF_A_NEAR_NETWORK
    return OF_A_NETWORK


def network_of(address: str) -> str:
    """The network that is counted as one visitor; "" for what is no address.

    A household or a small firm has an IPv4 /24 to share at worst, and an IPv6 /56 by itself
    (RFC 6177 section 2): who has one has all its addresses.
    """
    found = _address(address)
    if found is None:
        return ""
    return str(ip_network((found, 24 if found.version == 4 else 56), strict=False))


def visitor_of(peer: str, forwarded: Iterable[str], trusted: Sequence[Network]) -> str:
    """The address of who asks, through proxies of our own.

    peer: who connected. forwarded: the lines of X-Forwarded-For, to which each proxy adds on the
    right who connected to it; so they are read from the right, as long as one of ours wrote them.
    """
    hops = [hop.strip() for line in forwarded for hop in line.split(",")]
    visitor = peer
    while hops and _is_one_of(visitor, trusted):
        hop = _without_port(hops.pop())
        if _address(hop) is None:
            break
        visitor = hop
    return visitor


def mailbox_of(key: str) -> str:
    """What stands for all spellings that reach one mailbox. key: `Address.key`.

    What follows a plus is for sorting (RFC 5233), so a stranger could type a new one each time.
    """
    local, _, domain = key.rpartition("@")
    local = local.partition("+")[0] or local
    return f"{local.replace('.', '') if domain in _WITHOUT_DOTS else local}@{domain}"


def is_disposable(domain: str, disposable: frozenset[str]) -> bool:
    """Whether the domain, or one above it, is among those."""
    labels = domain.split(".")
    return any(".".join(labels[start:]) in disposable for start in range(len(labels) - 1))


def _within(network: Network, other: Network) -> bool:
    return network.version == other.version and network.network_address in other


def _is_one_of(address: str, networks: Sequence[Network]) -> bool:
    found = _address(address)
    return found is not None and any(found in network for network in networks)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found


def _without_port(hop: str) -> str:
    """Some proxies write "203.0.113.7:4711" and "[2001:db8::7]:4711"."""
    if hop.startswith("["):
        return hop[1:].partition("]")[0]
    host, colon, _ = hop.partition(":")
    return host if colon and hop.count(":") == 1 else hop
