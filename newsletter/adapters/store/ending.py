"""Deliveries that end without being sent: their reader left, or their edition is over."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlmodel import Session, col

from newsletter.adapters.store.planning import bump_ranges
from newsletter.adapters.store.tables import PENDING, DeliveryRow, EditionRow
from newsletter.core.delivery.states import State
from newsletter.core.ports import RANGE_SIZE


def end_waiting(session: Session, *, now: datetime) -> int:
    """Deliveries of expired or cancelled editions leave the queue; how many those were."""
    of_edition = col(DeliveryRow.edition_id)
    is_cancelled = col(EditionRow.state) == "cancelled"
    cancelled = of_edition.in_(select(col(EditionRow.id)).where(is_cancelled))
    expired = of_edition.in_(
        select(col(EditionRow.id)).where(col(EditionRow.expires_at) <= now, ~is_cancelled)
    )
    return end(session, State.SKIPPED, "its edition was cancelled", cancelled) + end(
        session, State.EXPIRED, "its edition expired", expired
    )


def skip_waiting(session: Session, subscriber_id: int, because: str) -> int:
    """Nothing that waits for this subscriber goes out any more; how many those were."""
    return end(session, State.SKIPPED, because, col(DeliveryRow.subscriber_id) == subscriber_id)


def skip_of_edition(session: Session, edition_id: int, because: str, *, most: int) -> int:
    """Up to `most` of what waits in this edition goes out no more; how many those were."""
    waiting = (
        select(col(DeliveryRow.id))
        .where(col(DeliveryRow.edition_id) == edition_id, col(DeliveryRow.state) == PENDING)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    return end(session, State.SKIPPED, because, col(DeliveryRow.id).in_(waiting.scalar_subquery()))


def end(session: Session, state: State, because: str, condition: Any, *, was: Any = PENDING) -> int:
    """Deliveries of this condition that stand at `was` end so; how many those were."""
    readers = session.scalars(
        update(DeliveryRow)
        .where(col(DeliveryRow.state) == was, condition)
        .values(state=state, last_text=because, lease_until=None)
        .returning(col(DeliveryRow.subscriber_id))
        .execution_options(synchronize_session=False)
    ).all()
    bump_unseen(session, readers)
    return len(readers)


def bump_unseen(session: Session, subscriber_ids: Iterable[int]) -> None:
    """These readers did not get what was planned: the dedup cache must not go on saying so."""
    bump_ranges(session, {reader // RANGE_SIZE for reader in subscriber_ids})
