"""Reports counted by edition and domain, from the reports' side: they are few, deliveries many."""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, func, literal_column, select
from sqlmodel import Session, col

from newsletter.adapters.store.tables import DeliveryRow, EditionRow, ReportRow, SubscriberRow
from newsletter.core.feedback import Fate
from newsletter.core.reports import Kind

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


def reported_by_edition(
    session: Session, edition_ids: Collection[int]
) -> Mapping[int, list[tuple[Kind, str, int]]]:
    """(kind, cause, messages) for each of these editions that anything came back of."""
    return _grouped(session, edition_ids, col(DeliveryRow.edition_id))


def reported_by_domain(
    session: Session, edition_ids: Collection[int]
) -> Mapping[str, list[tuple[Kind, str, int]]]:
    """The same for each domain, of all these editions together."""
    return _grouped(session, edition_ids, col(SubscriberRow.domain))


def _grouped(session: Session, edition_ids: Collection[int], by: Any) -> Mapping[Any, Any]:
    found: dict[Any, list[tuple[Kind, str, int]]] = {}
    if not edition_ids:
        return found
    kind, cause = col(ReportRow.kind), col(ReportRow.cause)
    wanted = _on(session, edition_ids, by, kind, cause, _MESSAGES)
    wanted = wanted.join(SubscriberRow, col(SubscriberRow.id) == col(DeliveryRow.subscriber_id))
    for name, kind_, cause_, count in session.execute(wanted.group_by(by, kind, cause)):
        found.setdefault(name, []).append((Kind(kind_), cause_, count))
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
