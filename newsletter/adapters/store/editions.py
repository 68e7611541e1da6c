"""Editions with their counts: read, held, released, cancelled and kept alive."""

from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, exists, func, select, update
from sqlmodel import Session, col

from newsletter.adapters.store.tables import PENDING, DeliveryRow, EditionRow
from newsletter.adapters.store.tallies import tally
from newsletter.core.delivery.states import Kind
from newsletter.core.results import EditionView


def edition_views(
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
    is_wanted = and_(col(EditionRow.kind) == kind, col(EditionRow.edition_on) == day)
    return _one(session, is_wanted, is_locked=is_locked)


def edition_by_id(
    session: Session, edition_id: int, *, is_locked: bool = False
) -> EditionRow | None:
    return _one(session, col(EditionRow.id) == edition_id, is_locked=is_locked)


def _one(session: Session, condition: ColumnElement[bool], *, is_locked: bool) -> EditionRow | None:
    wanted = select(EditionRow).where(condition)
    if is_locked:  # deliveries that name the edition are still added: those need its key only
        wanted = wanted.with_for_update(key_share=True)
    return session.scalars(wanted.execution_options(populate_existing=True)).first()


def set_edition_state(session: Session, edition_id: int, state: str, because: str) -> None:
    """state: open, held or cancelled; because: why it is one of the last two, "" for open."""
    session.execute(
        update(EditionRow)
        .where(col(EditionRow.id) == edition_id)
        .values(state=state, held_because=because)
    )


def sent_between(session: Session, edition_id: int) -> tuple[datetime | None, datetime | None]:
    """When the first and the last message of the edition were sent; reads all its rows."""
    first, last = session.execute(
        select(func.min(col(DeliveryRow.sent_at)), func.max(col(DeliveryRow.sent_at))).where(
            col(DeliveryRow.edition_id) == edition_id
        )
    ).one()
    return first, last


def newest_edition(session: Session) -> date | None:
    """The edition that people mean when they name none: the last one of which anything waits,
    else the last one."""
    of_digests = select(col(EditionRow.edition_on)).where(col(EditionRow.kind) == Kind.DIGEST)
    waits = exists().where(
        col(DeliveryRow.edition_id) == col(EditionRow.id),
        col(DeliveryRow.state) == PENDING,
    )
    newest = of_digests.order_by(col(EditionRow.edition_on).desc()).limit(1)
    return session.scalars(newest.where(waits)).first() or session.scalars(newest).first()


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
            col(DeliveryRow.state) == PENDING, col(DeliveryRow.next_at) <= now
        )
    ).one()
