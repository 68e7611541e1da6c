"""The ledger beside a relay's log: read line by line, and set right where the log knows better."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select, tuple_, update
from sqlmodel import Session, col

from newsletter.adapters.store.attempts import add_turns
from newsletter.adapters.store.planning import bump_ranges
from newsletter.adapters.store.tables import DeliveryRow, SubscriberRow
from newsletter.core.delivery.reconcile import Line
from newsletter.core.delivery.states import State
from newsletter.core.ports import RANGE_SIZE

BY_THE_LOG = "accepted, by the relay's log"


def ledger_lines(
    session: Session, edition_id: int, *, after: tuple[int, int], limit: int
) -> list[tuple[tuple[int, int], Line]]:
    """Up to `limit` deliveries of the edition, by reader, each with its place.

    after: the place of the last one, (0, 0) to begin.
    """
    reader, number = col(DeliveryRow.subscriber_id), col(DeliveryRow.resend_no)
    rows = session.execute(
        select(
            reader,
            number,
            col(DeliveryRow.id),
            col(DeliveryRow.message_id),
            col(DeliveryRow.state),
            col(SubscriberRow.address),
        )
        .join(SubscriberRow, col(SubscriberRow.id) == reader)
        .where(col(DeliveryRow.edition_id) == edition_id, tuple_(reader, number) > tuple_(*after))
        .order_by(reader, number)
        .limit(limit)
    )
    return [
        (
            (row.subscriber_id, row.resend_no),
            Line(
                id=row.id,
                message_id=row.message_id,
                state=State(row.state),
                address=row.address,
            ),
        )
        for row in rows
    ]


def set_sent(session: Session, ids: Collection[int], *, now: datetime) -> list[int]:
    """These were sent, though we never learned it; which of them were not recorded meanwhile."""
    rows = session.scalars(
        update(DeliveryRow)
        .where(
            col(DeliveryRow.id).in_(ids),
            col(DeliveryRow.state).not_in((State.SENT, State.SENDING)),
        )
        .values(state=State.SENT, sent_at=now, lease_until=None, last_text=BY_THE_LOG)
        .returning(DeliveryRow)
        .execution_options(synchronize_session=False)
    ).all()
    add_turns(session, rows, now=now)
    bump_ranges(session, {row.subscriber_id // RANGE_SIZE for row in rows})
    return sorted(row.id for row in rows if row.id is not None)
