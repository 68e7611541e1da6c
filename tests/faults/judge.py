"""The judge: what the relay has taken, by Message-ID and reader, held against the ledger."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from relay import Relay
from sqlalchemy import func, select, text

from newsletter.adapters.store import Store
from newsletter.adapters.store.tables import DeliveryRow
from newsletter.core.delivery.states import LEASE, State

ROWS = """
SELECT deliveries.message_id, subscribers.address, deliveries.state
FROM deliveries JOIN subscribers ON subscribers.id = deliveries.subscriber_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """rows: of the ledger. doubled: copies beyond one a message. most_copies: of one message.

    missing: `sent` without a copy. unknown: taken, and not in the ledger, or for another reader.
    unsaid: taken, while the ledger says that it was not.
    """

    rows: int
    states: Counter
    doubled: int
    most_copies: int
    missing: frozenset[str]
    unknown: frozenset[str]
    unsaid: frozenset[str]


def judge(store: Store, relay: Relay, *, may_have: Collection[State] = ()) -> Verdict:
    """may_have: states besides `sent` in which the relay may hold a copy."""
    with store.read() as session:
        ledger = {row[0]: (row[1], State(row[2])) for row in session.execute(text(ROWS))}
    taken = relay.taken
    sent = {name for name, (_, state) in ledger.items() if state is State.SENT}
    doubtful = {name for name, (_, state) in ledger.items() if state in may_have}
    right = {name for name, reader in taken if ledger.get(name, ("",))[0] == reader}
    names = {name for name, _ in taken}
    return Verdict(
        rows=len(ledger),
        states=Counter(state for _, state in ledger.values()),
        doubled=sum(taken.values()) - len(taken),
        most_copies=max(taken.values(), default=0),
        missing=frozenset(sent - names),
        unknown=frozenset(names - right),
        unsaid=frozenset(right - sent - doubtful),
    )


def assert_holds(verdict: Verdict, *, readers: int, copies: int = 0) -> None:
    """Every reader has their digest, and at most so many messages came more than once."""
    assert verdict.missing == verdict.unknown == verdict.unsaid == frozenset()
    assert verdict.states == {State.SENT: readers}
    assert verdict.doubled <= copies


def oldest_claim(store: Store) -> float:
    """Seconds, by the service's clock, since the oldest claim that still stands; 0 for none."""
    standing = select(func.min(DeliveryRow.lease_until)).where(DeliveryRow.state == State.SENDING)
    with store.read() as session:
        now, lease_until = store.now(session), session.scalar(standing)
    return (now - (lease_until - LEASE)).total_seconds() if lease_until else 0.0
