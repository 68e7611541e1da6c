"""Reports counted by edition and domain, from the reports' side: they are few, deliveries many."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, func, literal_column, select
from sqlmodel import Session, col

from newsletter.adapters.store.tables import DeliveryRow, EditionRow, ReportRow, SubscriberRow
from newsletter.adapters.store.tallies import by_domain
from newsletter.core.delivery.states import State
from newsletter.core.feedback.intake import Fate
from newsletter.core.feedback.rates import Rate, rate_of
from newsletter.core.reports import Kind
from newsletter.core.results import EditionView

_OF_EDITION: ColumnElement[int] = literal_column("+deliveries.edition_id", BigInteger())
_KINDS = (Kind.HARD, Kind.SOFT, Kind.COMPLAINT)
_MESSAGES = func.count(func.distinct(col(ReportRow.delivery_id)))


def reported(session: Session, edition_id: int) -> list[tuple[Kind, str, str, int]]:
    """(kind, cause, words, messages) of what came back of one edition."""
    words = func.max(col(ReportRow.reply))
    kind, cause = col(ReportRow.kind), col(ReportRow.cause)
    rows = session.execute(
        _on(session, [edition_id], kind, cause, words, _MESSAGES).group_by(kind, cause)
    )
    return [(Kind(kind), cause, words, count) for kind, cause, words, count in rows]


def edition_rates(session: Session, editions: Sequence[EditionView]) -> tuple[Rate, ...]:
    """One for each edition, in the same order."""
    found = _grouped(session, [one.id for one in editions], col(DeliveryRow.edition_id))
    return tuple(
        rate_of(str(one.edition), one.counts.get(State.SENT, 0), found.get(one.id, ()))
        for one in editions
    )


def domain_rates(
    session: Session, editions: Sequence[EditionView], *, now: datetime
) -> tuple[Rate, ...]:
    """One for each domain, of all these editions together: those with most reports first."""
    numbers = [one.id for one in editions]
    found = _grouped(session, numbers, col(SubscriberRow.domain))
    sent = Counter[str]()
    for number in numbers:
        for each in by_domain(session, number, now=now):
            sent[each.domain] += each.tally.of(State.SENT)
    rates = [rate_of(name, count, found.get(name, ())) for name, count in sent.items()]
    return tuple(sorted(rates, key=lambda one: (-one.complaints, -one.bounces, -one.sent)))


def _grouped(session: Session, edition_ids: Collection[int], by: Any) -> Mapping[Any, Any]:
    """(kind, messages) by this column, for what anything came back of."""
    found: dict[Any, list[tuple[Kind, int]]] = {}
    if not edition_ids:
        return found
    kind = col(ReportRow.kind)
    wanted = _on(session, edition_ids, by, kind, _MESSAGES)
    wanted = wanted.join(SubscriberRow, col(SubscriberRow.id) == col(DeliveryRow.subscriber_id))
    for name, word, count in session.execute(wanted.group_by(by, kind)):
        found.setdefault(name, []).append((Kind(word), count))
    return found


def _on(session: Session, edition_ids: Collection[int], *columns: Any) -> Any:
    """Reports that count, on messages of these editions; none is older than its edition."""
    since = session.scalar(
        select(func.min(col(EditionRow.created_at))).where(col(EditionRow.id).in_(edition_ids))
    )
    return (
        select(*columns)
        .select_from(ReportRow)
        .join(DeliveryRow, col(DeliveryRow.id) == col(ReportRow.delivery_id))
        .where(
            col(ReportRow.arrived_at) >= since,
            col(ReportRow.fate) == Fate.COUNTED,
            col(ReportRow.kind).in_(_KINDS),
            ~col(ReportRow.is_delay),
            _OF_EDITION.in_(edition_ids),  # the plus keeps SQLite from reading whole editions
        )
    )
