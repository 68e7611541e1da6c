"""What became of the mail to one address, beside the reports on it."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlmodel import Session, col

from newsletter.adapters.store.tables import AuditRow, DeliveryRow, RecipientRow, SubscriberRow
from newsletter.core.delivery.states import State
from newsletter.core.feedback.refusals import record_of_reply
from newsletter.core.feedback.suppressed import Told
from newsletter.core.feedback.suppression import MOST_BAD_DAYS, WINDOW, Event

LIFT = "lift suppression"  # what the audit calls it


def last_message_id(session: Session, address_key: str) -> str | None:
    """The Message-ID of the newest message that was sent to this address (`Address.key`)."""
    return session.scalar(
        select(col(DeliveryRow.message_id))
        .join(SubscriberRow, col(SubscriberRow.id) == col(DeliveryRow.subscriber_id))
        .outerjoin(RecipientRow, col(RecipientRow.delivery_id) == col(DeliveryRow.id))
        .where(
            col(SubscriberRow.address_key) == address_key,
            col(DeliveryRow.state) == State.SENT,
            col(RecipientRow.delivery_id).is_(None),  # others went to an address of before
        )
        .order_by(col(DeliveryRow.id).desc())
        .limit(1)
    )


def refusals_of(
    session: Session, subscriber_id: int, address_hash: str, *, now: datetime
) -> list[Told]:
    """What the relay refused for this reader, at this one of their addresses, within the window of
    the score; the newest first.
    """
    tried_at = col(DeliveryRow.next_at)  # of what failed: when it did
    rows = session.scalars(
        select(DeliveryRow)
        .join(SubscriberRow, col(SubscriberRow.id) == col(DeliveryRow.subscriber_id))
        .outerjoin(RecipientRow, col(RecipientRow.delivery_id) == col(DeliveryRow.id))
        .where(
            col(DeliveryRow.subscriber_id) == subscriber_id,
            func.coalesce(col(RecipientRow.address_hash), col(SubscriberRow.address_hash))
            == address_hash,
            col(DeliveryRow.state) == State.FAILED,
            tried_at > now - WINDOW,
        )
        .order_by(tried_at.desc())
    )
    return [_told(row) for row in rows]


def lifted_at(session: Session, address_hash: str) -> datetime | None:
    """When an admin last let this address be mailed again."""
    return session.scalar(
        select(func.max(col(AuditRow.at))).where(
            col(AuditRow.subject) == address_hash, col(AuditRow.action) == LIFT
        )
    )


def with_refusals(
    session: Session,
    reported: Sequence[Event],
    *,
    subscriber_id: int,
    address_hash: str,
    now: datetime,
) -> list[Event]:
    """The events reported of an address, and what the relay itself refused; and an admin's lift,
    from which the score begins anew as after a success.
    """
    refused = refusals_of(session, subscriber_id, address_hash, now=now)
    events = [*reported, *(Event(at=one.at, cause=one.cause) for one in refused)]
    # The audit is long and has no index for this: it is read where it may decide.
    if len(events) + 1 >= MOST_BAD_DAYS and (lifted := lifted_at(session, address_hash)):
        events.append(Event(at=lifted))
    return events


def _told(row: DeliveryRow) -> Told:
    record = record_of_reply(row.last_code, row.last_status, row.last_text)
    return Told(
        at=row.next_at,
        by="the relay",
        kind=record.kind,
        cause=record.cause,
        status=record.status,
        reply=f"{row.last_code} {row.last_text}",
        delivery_id=row.id,
    )
