"""Counts of an edition: right whatever stands in it, and read from indexes."""

import random
from collections import Counter
from datetime import timedelta

import pytest
from builders import MONDAY, open_store
from sqlalchemy import event, insert
from sqlmodel import col, select

from newsletter.adapters.store import tallies
from newsletter.adapters.store.ledger import deliveries
from newsletter.adapters.store.planning import edition_id
from newsletter.adapters.store.tables import DeliveryRow, SubscriberRow
from newsletter.core.delivery.ledger import UNSENT
from newsletter.core.delivery.states import Kind, State

DOMAINS = ("big.example", "big.example", "small.example", "tiny.example")


@pytest.fixture(params=["sqlite", "postgres"])
def store(request, tmp_path):
    url = f"sqlite:///{tmp_path / 'newsletter.db'}"
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_url")
    store = open_store(url, clock=lambda: MONDAY)
    yield store
    store.close()


@pytest.fixture
def edition(store) -> int:
    """An edition of 400 deliveries in all states, beside another one of the same readers."""
    chance = random.Random(5)
    with store.write() as session:
        ids = [
            edition_id(session, Kind.DIGEST, MONDAY.date() + timedelta(days=k), now=MONDAY)
            for k in (0, 1)
        ]
        readers = [a_reader(k, chance.choice(DOMAINS)) for k in range(1, 401)]
        session.execute(insert(SubscriberRow), readers)
        for edition in ids:
            rows = [a_delivery(edition, reader["id"], chance) for reader in readers]
            session.execute(insert(DeliveryRow), rows)
    return ids[0]


def a_reader(number: int, domain: str) -> dict:
    address = f"r{number}@{domain}"
    return {"id": number, "address": address, "address_key": address, "address_hash": str(number),
            "status": "active", "created_at": MONDAY, "ended_because": ""}  # fmt: skip


def a_delivery(edition: int, reader: int, chance: random.Random) -> dict:
    next_at = MONDAY + timedelta(minutes=chance.choice((-5, 0, 5)))
    return {"edition_id": edition, "subscriber_id": reader, "message_id": f"<{edition}.{reader}@x>",
            "state": chance.choice(list(State)), "next_at": next_at, "planned_at": MONDAY,
            "digest": {}}  # fmt: skip


def expected(store, edition: int) -> tuple[Counter, int, dict]:
    with store.read() as session:
        rows = session.execute(
            select(col(DeliveryRow.state), col(DeliveryRow.next_at), col(SubscriberRow.domain))
            .join(SubscriberRow, col(SubscriberRow.id) == col(DeliveryRow.subscriber_id))
            .where(col(DeliveryRow.edition_id) == edition)
        ).all()
    later = sum(row.state == "pending" and row.next_at > MONDAY for row in rows)
    by_domain = {name: Counter(r.state for r in rows if r.domain == name) for name in set(DOMAINS)}
    return Counter(row.state for row in rows), later, by_domain


def test_the_counts_are_those_of_the_rows(store, edition):
    states, later, by_domain = expected(store, edition)

    with store.read() as session:
        found = tallies.tally(session, edition, now=MONDAY)
        domains = tallies.by_domain(session, edition, now=MONDAY)

    assert (found.counts, found.deferred, found.planned) == (states, later, 400)
    assert {one.domain: one.tally.counts for one in domains} == by_domain
    assert sum(one.tally.deferred for one in domains) == later
    assert domains[0].domain == "big.example"


def test_every_reason_is_told_once(store, edition):
    states, later, _ = expected(store, edition)

    with store.read() as session:
        found = list(tallies.reasons(session, edition, now=MONDAY))

    counts = Counter()
    for state, _code, _text, number in found:
        counts[state] += number
    assert counts == {state: states[state] for state in UNSENT} | {State.PENDING: later}


def test_an_edition_of_nothing_counts_nothing(store):
    with store.read() as session:
        assert tallies.tally(session, 1, now=MONDAY).planned == 0
        assert tallies.by_domain(session, 1, now=MONDAY) == []


@pytest.mark.parametrize("narrowed", [{}, {"states": UNSENT}, {"domain": "big.example"},
    {"edition": MONDAY.date()}, {"edition": MONDAY.date(), "states": (State.SENT,)}],
    ids=["all", "unsent", "domain", "edition", "edition and state"])  # fmt: skip
def test_pages_hold_every_delivery_once(store, edition, narrowed):
    with store.read() as session:
        whole = deliveries(session, **narrowed, limit=1000)
        paged, after = [], None
        while page := deliveries(session, **narrowed, after=after, limit=37):
            paged += page
            after = page[-1].id

    assert paged == list(whole)
    assert len({one.id for one in paged}) == len(paged) > 0


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_counting_looks_up_no_row_of_what_went_well(store, edition):
    plans: list[str] = []

    @event.listens_for(store._reader, "before_cursor_execute")
    def explain(connection, cursor, statement, parameters, context, executemany):
        if "deliveries" in statement:
            found = cursor.execute("EXPLAIN QUERY PLAN " + statement, parameters).fetchall()
            plans.extend(line[3] for line in found if "deliveries" in line[3])

    with store.read() as session:
        tallies.tally(session, edition, now=MONDAY)

    assert [next(word for word in line.split() if "_deliveries_" in word) for line in plans] == [
        "sqlite_autoindex_deliveries_1",
        "ix_deliveries_waiting",
        "ix_deliveries_leased",
        "ix_deliveries_unsent",
    ]
    assert "COVERING" in plans[0]
