"""How many deliveries stand where, counted from indexes: an admin looks while a million go out.

Measured with 1,000,000 deliveries on SQLite: an edition's counts 40 to 90 ms, by domain 0.5 to 1 s.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    and_,
    case,
    func,
    literal,
    literal_column,
    select,
    text,
)
from sqlmodel import Session, col

from newsletter.adapters.store.tables import UNSENT, DeliveryRow, SubscriberRow
from newsletter.core.delivery.ledger import DomainTally, Tally
from newsletter.core.delivery.states import State


def tally(session: Session, edition_id: int, *, now: datetime) -> Tally:
    """The counts of one edition. Nearly all are `sent`, so those are what the others leave."""
    planned = session.scalars(
        select(func.count()).where(col(DeliveryRow.edition_id) == edition_id)
    ).one()
    counts: dict[State, int] = {}
    deferred = 0
    for query in _unsettled(edition_id, now):
        for state, count, later in session.execute(query):
            counts[State(state)] = count
            deferred += later
    return Tally(counts=_with_sent(counts, planned), deferred=deferred)


def by_domain(session: Session, edition_id: int, *, now: datetime) -> list[DomainTally]:
    """The counts of one edition by the readers' domains, the largest first."""
    domain = col(SubscriberRow.domain)
    rows = session.execute(
        select(domain, func.count())
        .join(DeliveryRow, col(DeliveryRow.subscriber_id) == col(SubscriberRow.id))
        .where(col(DeliveryRow.edition_id) == edition_id)
        .group_by(domain)
    )
    planned = {name or "": count for name, count in rows}
    counts: dict[str, dict[State, int]] = {}
    deferred: dict[str, int] = {}
    for query in _unsettled(edition_id, now):
        by_reader = query.join(
            SubscriberRow, col(SubscriberRow.id) == col(DeliveryRow.subscriber_id)
        )
        rows = session.execute(by_reader.add_columns(domain).group_by(domain))
        for state, count, later, name in rows:
            counts.setdefault(name, {})[State(state)] = count
            deferred[name] = deferred.get(name, 0) + later
    return [
        DomainTally(
            domain=name,
            tally=Tally(
                counts=_with_sent(counts.get(name, {}), number), deferred=deferred.get(name, 0)
            ),
        )
        for name, number in sorted(planned.items(), key=lambda one: (-one[1], one[0]))
    ]


def reasons(
    session: Session, edition_id: int, *, now: datetime
) -> Iterator[tuple[State, int, str, int]]:
    """(state, code, text, count) of what did not go out, or not yet: the relay's own words."""
    state, code, words = (
        col(DeliveryRow.state),
        col(DeliveryRow.last_code),
        col(DeliveryRow.last_text),
    )
    of_edition = col(DeliveryRow.edition_id) == edition_id
    for condition in (
        text(f"deliveries.{UNSENT}"),
        and_(text("deliveries.state = 'pending'"), col(DeliveryRow.next_at) > now),
    ):
        rows = session.execute(
            select(state, code, words, func.count())
            .where(condition, of_edition)
            .group_by(state, code, words)
        )
        for found, number, said, count in rows:
            yield State(found), number, said, count


def _with_sent(unsettled: dict[State, int], planned: int) -> dict[State, int]:
    counts = {State.SENT: planned - sum(unsettled.values()), **unsettled}
    return {state: counts[state] for state in State if counts.get(state, 0) > 0}


def _unsettled(edition_id: int, now: datetime) -> Iterator[Select[*tuple[Any, ...]]]:
    """(state, count, of which their next try is later), for all but `sent`.

    Each is counted from its own partial index, which SQLite uses only where the state stands in the
    statement itself; a column that the index lacks would cost a look at each row.
    """
    state, of_edition = col(DeliveryRow.state), col(DeliveryRow.edition_id) == edition_id
    is_later = func.sum(case((col(DeliveryRow.next_at) > now, 1), else_=0))
    nothing = literal(0)
    yield (
        select(literal("pending"), func.count(), func.coalesce(is_later, 0))
        .select_from(DeliveryRow)
        .where(text("deliveries.state = 'pending'"), of_edition)
    )
    yield (
        select(literal("sending"), func.count(), nothing)
        .select_from(DeliveryRow)
        .where(text("deliveries.state = 'sending'"), _unindexed(edition_id))
    )
    yield (
        select(state, func.count(), nothing)
        .where(text(f"deliveries.{UNSENT}"), of_edition)
        .group_by(state)
    )


def _unindexed(edition_id: int) -> ColumnElement[bool]:
    """Whether it is of this edition; the plus keeps SQLite from reading the whole edition."""
    return literal_column("+deliveries.edition_id", BigInteger()).in_([edition_id])
