"""Suppressions as admins see and change them; who must not be mailed is asked elsewhere."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, insert, select
from sqlmodel import Session, col

from newsletter.adapters.store.engine import insert_once
from newsletter.adapters.store.tables import AuditRow, ReportRow, SubscriberRow, SuppressionRow
from newsletter.core.feedback.suppressed import SuppressionView, Told
from newsletter.core.reports import Kind

MOST_TOLD = 100
ADD = "add suppression"  # what the audit calls it
_ACTING = (Kind.HARD, Kind.SOFT, Kind.COMPLAINT)


def newest_suppressions(session: Session, *, limit: int) -> tuple[SuppressionView, ...]:
    """The newest first."""
    wanted = _SHOWN.order_by(col(SuppressionRow.since_at).desc(), col(SuppressionRow.address_hash))
    return tuple(_view(row) for row in session.execute(wanted.limit(limit)))


def suppressions_page(
    session: Session, *, after: str = "", limit: int
) -> tuple[SuppressionView, ...]:
    """Those with hashes above this one, by hash: a million are read without being sorted."""
    hashed = col(SuppressionRow.address_hash)
    wanted = _SHOWN.where(hashed > after).order_by(hashed).limit(limit)
    return tuple(_view(row) for row in session.execute(wanted))


def suppression(session: Session, address_hash: str) -> SuppressionView | None:
    row = session.execute(_SHOWN.where(col(SuppressionRow.address_hash) == address_hash)).first()
    return _view(row) if row is not None else None


def suppression_count(session: Session) -> int:
    return session.scalars(select(func.count()).select_from(SuppressionRow)).one()


def add_suppressions(
    session: Session, address_hashes: Sequence[str], *, because: str, actor: str, now: datetime
) -> None:
    """Suppress these, each noted in the audit. None of them may be suppressed yet."""
    if not address_hashes:
        return
    kept = {"reason": because, "since_at": now}
    noted = {"at": now, "actor": actor[:200], "action": ADD, "because": because, "details": {}}
    session.execute(
        insert_once(session, SuppressionRow),
        [{"address_hash": hashed, **kept} for hashed in address_hashes],
    )
    session.execute(insert(AuditRow), [{"subject": hashed, **noted} for hashed in address_hashes])


def remove_suppression(session: Session, address_hash: str) -> None:
    session.execute(delete(SuppressionRow).where(col(SuppressionRow.address_hash) == address_hash))


def subscribers_with(session: Session, address_hashes: Collection[str]) -> Sequence[int]:
    """The subscribers of these addresses."""
    found = select(col(SubscriberRow.id)).where(col(SubscriberRow.address_hash).in_(address_hashes))
    return [number for number in session.scalars(found) if number is not None]


def told_of(session: Session, address_hash: str) -> tuple[Told, ...]:
    """The reports on mail to this address that say something against it, the newest first."""
    rows = session.scalars(
        select(ReportRow)
        .where(col(ReportRow.address_hash) == address_hash, col(ReportRow.kind).in_(_ACTING))
        .order_by(col(ReportRow.id).desc())
        .limit(MOST_TOLD)
    )
    return tuple(
        Told(
            at=row.arrived_at,
            by=row.came_by,
            kind=Kind(row.kind),
            cause=row.cause,
            status=row.status,
            reply=row.reply,
            delivery_id=row.delivery_id,
        )
        for row in rows
    )


_SHOWN: Any = select(
    col(SuppressionRow.address_hash),
    col(SuppressionRow.reason),
    col(SuppressionRow.since_at),
    func.coalesce(col(SubscriberRow.address), "").label("address"),
).outerjoin(SubscriberRow, col(SubscriberRow.address_hash) == col(SuppressionRow.address_hash))


def _view(row: Any) -> SuppressionView:
    return SuppressionView(**row._mapping)
