"""Where messages go, or went, that is not their reader's address of today; see RecipientRow."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, insert, literal, select
from sqlmodel import Session, col

from newsletter.adapters.store.bulk import is_one_of
from newsletter.adapters.store.engine import insert_once
from newsletter.adapters.store.tables import (
    DeliveryRow,
    EditionRow,
    RecipientRow,
    SubscriberRow,
    SuppressionRow,
)
from newsletter.core.addresses import Address
from newsletter.core.delivery.states import Kind, State

KEPT = timedelta(days=30)  # a late report on what was sent to an address that was left


# How readers want their mail, and what may stand against it.
_STANDING: tuple[Any, ...] = (
    col(SubscriberRow.thumbnails),
    col(SubscriberRow.language),
    col(SubscriberRow.status),
    col(SubscriberRow.paused_until),
    col(SuppressionRow.reason),
)


def readers_of(session: Session, subscriber_ids: Collection[int]) -> dict[int, Sequence[Any]]:
    """By id: it, address and its hash, thumbnails, language, status, the end of a pause, and why
    the address is suppressed.
    """
    address_hash = col(SubscriberRow.address_hash)
    wanted: Any = (
        select(col(SubscriberRow.id), col(SubscriberRow.address), address_hash, *_STANDING)
        .outerjoin(SuppressionRow, col(SuppressionRow.address_hash) == address_hash)
        .where(is_one_of(session, col(SubscriberRow.id), set(subscriber_ids)))
    )
    return {row[0]: row for row in session.connection().execute(wanted).all()}


def readers_elsewhere(session: Session, delivery_ids: Collection[int]) -> dict[int, Sequence[Any]]:
    """The same by delivery, for messages that go to the address beside it where there is one."""
    address_hash = func.coalesce(col(RecipientRow.address_hash), col(SubscriberRow.address_hash))
    address = func.coalesce(col(RecipientRow.address), col(SubscriberRow.address))
    wanted: Any = (
        select(col(DeliveryRow.id), address, address_hash, *_STANDING)
        .join(SubscriberRow, col(SubscriberRow.id) == col(DeliveryRow.subscriber_id))
        .outerjoin(RecipientRow, col(RecipientRow.delivery_id) == col(DeliveryRow.id))
        .outerjoin(SuppressionRow, col(SuppressionRow.address_hash) == address_hash)
        .where(is_one_of(session, col(DeliveryRow.id), delivery_ids))
    )
    return {row[0]: row for row in session.connection().execute(wanted).all()}


def add_recipient(
    session: Session, delivery_id: int, address: Address, *, address_hash: str, now: datetime
) -> None:
    """This delivery goes there instead."""
    session.execute(
        insert(RecipientRow).values(
            delivery_id=delivery_id,
            address=address.text,
            address_key=address.key,
            address_hash=address_hash,
            added_at=now,
        )
    )


def newest_change(session: Session, subscriber_id: int) -> tuple[int, Address] | None:
    """The delivery that asked for this reader's last change of address, and the new address."""
    row = session.execute(
        select(
            col(RecipientRow.delivery_id),
            col(RecipientRow.address),
            col(RecipientRow.address_key),
        )
        .join(DeliveryRow, col(DeliveryRow.id) == col(RecipientRow.delivery_id))
        .join(EditionRow, col(EditionRow.id) == col(DeliveryRow.edition_id))
        .where(col(DeliveryRow.subscriber_id) == subscriber_id, col(EditionRow.kind) == Kind.CHANGE)
        .order_by(col(RecipientRow.delivery_id).desc())
        .limit(1)
    ).first()
    return (row.delivery_id, Address(row.address, row.address_key)) if row else None


def changes_asked(session: Session, address_hash: str, *, since: datetime) -> int:
    """How many mails asked this address since then whether a subscription may move there."""
    return session.scalars(
        select(func.count())
        .select_from(RecipientRow)
        .join(DeliveryRow, col(DeliveryRow.id) == col(RecipientRow.delivery_id))
        .join(EditionRow, col(EditionRow.id) == col(DeliveryRow.edition_id))
        .where(
            col(RecipientRow.address_hash) == address_hash,
            col(RecipientRow.added_at) > since,
            col(EditionRow.kind) == Kind.CHANGE,
        )
    ).one()


def keep_old_address(session: Session, subscriber_id: int, *, now: datetime) -> None:
    """Note where this reader's lately sent messages went, before the address changes.

    Without it a late report on the old address would be taken for one on the new. What still
    waits follows to the new address.
    """
    gone = (
        select(
            col(DeliveryRow.id),
            col(SubscriberRow.address),
            col(SubscriberRow.address_key),
            col(SubscriberRow.address_hash),
            literal(now, type_=RecipientRow.__table__.c.added_at.type),  # type: ignore[attr-defined]
        )
        .join(SubscriberRow, col(SubscriberRow.id) == col(DeliveryRow.subscriber_id))
        .where(
            col(DeliveryRow.subscriber_id) == subscriber_id,
            col(DeliveryRow.state) != State.PENDING,
            col(DeliveryRow.planned_at) > now - KEPT,
        )
    )
    columns = ["delivery_id", "address", "address_key", "address_hash", "added_at"]
    session.execute(insert_once(session, RecipientRow).from_select(columns, gone))


def forget_recipients(session: Session, *, now: datetime) -> None:
    """Let go of addresses that are noted for longer than KEPT."""
    session.execute(delete(RecipientRow).where(col(RecipientRow.added_at) <= now - KEPT))
