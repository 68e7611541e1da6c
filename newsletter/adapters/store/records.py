"""Everything that any table holds about one reader, read for that reader."""

from collections.abc import Collection
from datetime import datetime
from functools import partial

from sqlalchemy import select, update
from sqlmodel import Session, col

from newsletter.adapters.store.deliveries import digest_of, readable
from newsletter.adapters.store.subscribers import address_hashes_of
from newsletter.adapters.store.tables import (
    AuditRow,
    DeliveryRow,
    EditionRow,
    PaperRow,
    RecipientRow,
    ReportRow,
    SuppressionRow,
)
from newsletter.core.delivery.states import Kind, State
from newsletter.core.records import Noted, Reported, Sent

AT_ONCE = 500  # ids in one statement


def all_sent(session: Session, subscriber_id: int) -> tuple[Sent, ...]:
    """Every message that was planned for this reader, the newest first."""
    rows = session.execute(
        select(DeliveryRow, EditionRow, col(RecipientRow.address))
        .join(EditionRow, col(EditionRow.id) == col(DeliveryRow.edition_id))
        .outerjoin(RecipientRow, col(RecipientRow.delivery_id) == col(DeliveryRow.id))
        .where(col(DeliveryRow.subscriber_id) == subscriber_id)
        .order_by(col(DeliveryRow.id).desc())
    )
    return tuple(_sent(*row) for row in rows)


def _sent(row: DeliveryRow, edition: EditionRow, address: str | None) -> Sent:
    assert row.id is not None  # it was read from the table
    return Sent(
        id=row.id,
        kind=Kind(edition.kind),
        edition=edition.edition_on,
        message_id=row.message_id,
        state=State(row.state),
        planned_at=row.planned_at,
        sent_at=row.sent_at,
        attempts=row.attempts,
        last_reply=row.last_text,
        address=address or "",
        digest=readable(partial(digest_of, row.digest), row.id),
    )


def reports_on(session: Session, subscriber_id: int) -> tuple[Reported, ...]:
    """What came back on this reader's mail, by the address of today too, the newest first."""
    hashes = [one for one in address_hashes_of(session, [subscriber_id]).values() if one]
    sent = select(col(DeliveryRow.id)).where(col(DeliveryRow.subscriber_id) == subscriber_id)
    is_theirs = col(ReportRow.delivery_id).in_(sent) | col(ReportRow.address_hash).in_(hashes)
    rows = session.scalars(select(ReportRow).where(is_theirs).order_by(col(ReportRow.id).desc()))
    return tuple(
        Reported(
            arrived_at=row.arrived_at,
            delivery_id=row.delivery_id,
            kind=row.kind,
            status=row.status,
            cause=row.cause,
            reply=row.reply,
        )
        for row in rows
    )


def forget_words(session: Session, subscriber_id: int, address_hash: str) -> None:
    """Reports on this reader's mail stay as counts; what servers wrote may name the address."""
    sent = select(col(DeliveryRow.id)).where(col(DeliveryRow.subscriber_id) == subscriber_id)
    is_theirs = col(ReportRow.delivery_id).in_(sent) | (col(ReportRow.address_hash) == address_hash)
    session.execute(
        update(ReportRow)
        .where(is_theirs)
        .values(reply="", address_hash="", raw=None)
        .execution_options(synchronize_session=False)
    )


def notes_on(session: Session, subscriber_id: int) -> tuple[Noted, ...]:
    """What the audit says of this reader; it knows them by the hash of their address."""
    hashes = address_hashes_of(session, [subscriber_id]).values()
    rows = session.scalars(
        select(AuditRow).where(col(AuditRow.subject).in_(hashes)).order_by(col(AuditRow.id))
    )
    return tuple(
        Noted(at=row.at, actor=row.actor, action=row.action, because=row.because) for row in rows
    )


def suppression_of(session: Session, subscriber_id: int) -> tuple[datetime, str] | None:
    """Since when and why this reader's address must not be mailed; None when it may."""
    hashes = list(address_hashes_of(session, [subscriber_id]).values())
    row = session.scalars(
        select(SuppressionRow).where(col(SuppressionRow.address_hash).in_(hashes))
    ).first()
    return (row.since_at, row.reason) if row else None


def titles_of(session: Session, paper_ids: Collection[str]) -> dict[str, str]:
    """The titles of those of these papers that are still stored."""
    ids, found = sorted(paper_ids), {}
    for start in range(0, len(ids), AT_ONCE):
        wanted = col(PaperRow.id).in_(ids[start : start + AT_ONCE])
        rows = session.execute(select(col(PaperRow.id), col(PaperRow.title)).where(wanted))
        found.update({row.id: row.title for row in rows})
    return found
