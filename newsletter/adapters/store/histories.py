"""What became of the mail to one address, beside the reports on it."""

from sqlalchemy import select
from sqlmodel import Session, col

from newsletter.adapters.store.tables import DeliveryRow, SubscriberRow
from newsletter.core.delivery import State


def last_message_id(session: Session, address_key: str) -> str | None:
    """The Message-ID of the newest message that was sent to this address (`Address.key`)."""
    return session.scalar(
        select(col(DeliveryRow.message_id))
        .join(SubscriberRow, col(SubscriberRow.id) == col(DeliveryRow.subscriber_id))
        .where(col(SubscriberRow.address_key) == address_key, col(DeliveryRow.state) == State.SENT)
        .order_by(col(DeliveryRow.id).desc())
        .limit(1)
    )
