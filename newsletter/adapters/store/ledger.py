"""The ledger read by people: deliveries, editions and their counts, and what admins did."""

from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy import func, select, update
from sqlmodel import Session, col

from newsletter.adapters.store.deliveries import digest_of
from newsletter.adapters.store.tables import DeliveryRow, EditionRow, SubscriberRow
from newsletter.adapters.store.tallies import tally
from newsletter.core.delivery import Kind, State
from newsletter.core.results import DeliveryView, EditionView


def deliveries(
    session: Session,
    *,
    edition: date | None = None,
    states: Collection[State] = (),
    address_key: str | None = None,
    subscriber_id: int | None = None,
    kind: Kind | None = None,
    limit: int,
) -> tuple[DeliveryView, ...]:
    """The newest deliveries of these kinds, first the newest; all states where none is named."""
    query = (
        select(DeliveryRow, EditionRow, col(SubscriberRow.address))
        .join(EditionRow, col(EditionRow.id) == col(DeliveryRow.edition_id))
        .join(SubscriberRow, col(SubscriberRow.id) == col(DeliveryRow.subscriber_id))
        .order_by(col(DeliveryRow.id).desc())
        .limit(limit)
    )
    if edition is not None:
        query = query.where(col(EditionRow.edition_on) == edition)
    if states:
        query = query.where(col(DeliveryRow.state).in_(states))
    if address_key is not None:
        query = query.where(col(SubscriberRow.address_key) == address_key)
    if subscriber_id is not None:
        query = query.where(col(DeliveryRow.subscriber_id) == subscriber_id)
    if kind is not None:
        query = query.where(col(EditionRow.kind) == kind)
    return tuple(_view(*row) for row in session.execute(query))


def _view(row: DeliveryRow, edition: EditionRow, address: str) -> DeliveryView:
    assert row.id is not None
    return DeliveryView(
        id=row.id,
        edition=edition.edition_on,
        kind=Kind(edition.kind),
        address=address,
        state=State(row.state),
        resend_no=row.resend_no,
        message_id=row.message_id,
        attempts=row.attempts,
        planned_at=row.planned_at,
        next_at=row.next_at,
        sent_at=row.sent_at,
        last_code=row.last_code,
        last_text=row.last_text,
        because=row.because,
        digest=digest_of(row.digest),
    )


def editions(
    session: Session,
    *,
    limit: int,
    now: datetime,
    kind: Kind | None = None,
    edition: date | None = None,
) -> tuple[EditionView, ...]:
    """The last editions with their counts, newest first."""
    query = select(EditionRow).order_by(col(EditionRow.edition_on).desc(), col(EditionRow.kind))
    if kind is not None:
        query = query.where(col(EditionRow.kind) == kind)
    if edition is not None:
        query = query.where(col(EditionRow.edition_on) == edition)
    return tuple(_edition(session, row, now) for row in session.scalars(query.limit(limit)).all())


def _edition(session: Session, row: EditionRow, now: datetime) -> EditionView:
    found = tally(session, row.id or 0, now=now)
    return EditionView(
        id=row.id or 0,
        edition=row.edition_on,
        kind=Kind(row.kind),
        state=row.state,
        counts=found.counts,
        deferred=found.deferred,
        held_because=row.held_because,
        expires_at=row.expires_at,
    )


def edition_row(
    session: Session, kind: Kind, day: date, *, is_locked: bool = False
) -> EditionRow | None:
    """The row of this edition. is_locked: nobody else who asks so gets it until the commit."""
    wanted = select(EditionRow).where(
        col(EditionRow.kind) == kind, col(EditionRow.edition_on) == day
    )
    if is_locked:  # deliveries that name the edition are still added: those need its key only
        wanted = wanted.with_for_update(key_share=True)
    return session.scalars(wanted.execution_options(populate_existing=True)).first()


def extend_edition(session: Session, edition_id: int, until: datetime) -> None:
    """Let an edition's waiting deliveries go out until then, at least."""
    session.execute(
        update(EditionRow)
        .where(col(EditionRow.id) == edition_id, col(EditionRow.expires_at) < until)
        .values(expires_at=until)
    )


def oldest_waiting_at(session: Session, *, now: datetime) -> datetime | None:
    """Since when the longest-waiting delivery could have been sent; None when none waits."""
    return session.scalars(
        select(func.min(col(DeliveryRow.next_at))).where(
            col(DeliveryRow.state) == State.PENDING, col(DeliveryRow.next_at) <= now
        )
    ).one()
