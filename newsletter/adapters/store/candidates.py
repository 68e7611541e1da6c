"""Readers of an edition who may be mailed again, a page at a time, each page from an index."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, exists, literal_column, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from newsletter.adapters.store.ledger import settled_at
from newsletter.adapters.store.tables import DeliveryRow, SubscriberRow, SuppressionRow
from newsletter.core.delivery.resends import Candidate, Wanted
from newsletter.core.delivery.states import State

PAGE = 1000  # readers; one transaction each


@dataclass(frozen=True, slots=True, kw_only=True)
class NotPlanned:
    """An active reader for whom an edition holds nothing, with what says when they were due."""

    subscriber_id: int
    address: str
    domain: str
    paused_until: datetime | None
    suppressed_because: str | None
    cadence: str
    weekday: int
    hour: int
    time_zone: str
    confirmed_at: datetime | None


def readers_in_state(
    session: Session, edition_id: int, state: State, wanted: Wanted, *, after: int
) -> list[int]:
    """Up to PAGE readers above this id with a delivery of the edition in this state, by id.

    It need not be their last one: `candidates_of` tells, for so few at little cost. In one question
    PostgreSQL would compare the whole edition with itself for every page.
    """
    reader = col(DeliveryRow.subscriber_id)
    query = select(reader).where(
        col(DeliveryRow.edition_id) == edition_id,
        col(DeliveryRow.state) == literal_column(f"'{state.value}'"),
        reader > after,
    )
    if wanted.since is not None:
        query = query.where(settled_at() >= wanted.since)
    if wanted.domain:
        query = query.join(SubscriberRow, col(SubscriberRow.id) == reader)
        query = query.where(col(SubscriberRow.domain) == wanted.domain)
    return list(session.scalars(query.distinct().order_by(reader).limit(PAGE)))


def candidates_of(
    session: Session, edition_id: int, subscriber_ids: Collection[int]
) -> dict[int, Candidate]:
    """These readers with their last delivery of the edition, by id."""
    query = (
        _readers()
        .outerjoin(
            DeliveryRow,
            and_(
                col(DeliveryRow.subscriber_id) == col(SubscriberRow.id),
                col(DeliveryRow.edition_id) == edition_id,
                ~_is_superseded(),
            ),
        )
        .add_columns(*_last(edition_id))
        .where(col(SubscriberRow.id).in_(subscriber_ids))
    )
    found = (_candidate(row) for row in session.execute(query))
    return {one.subscriber_id: one for one in found}


def without_delivery(
    session: Session, edition_id: int, range_ids: tuple[int, int], *, domain: str
) -> list[NotPlanned]:
    """Active readers of the range for whom nothing of the edition was ever planned, by id."""
    has_one = exists().where(
        col(DeliveryRow.edition_id) == edition_id,
        col(DeliveryRow.subscriber_id) == col(SubscriberRow.id),
    )
    query = (
        _readers()
        .add_columns(
            col(SubscriberRow.cadence),
            col(SubscriberRow.weekday),
            col(SubscriberRow.hour),
            col(SubscriberRow.time_zone),
            col(SubscriberRow.confirmed_at),
        )
        .where(
            col(SubscriberRow.id).between(*range_ids),
            col(SubscriberRow.status) == "active",
            ~has_one,
        )
        .order_by(col(SubscriberRow.id))
    )
    if domain:
        query = query.where(col(SubscriberRow.domain) == domain)
    return [NotPlanned(**row._asdict()) for row in session.execute(query)]


def _readers() -> Any:
    return select(
        col(SubscriberRow.id).label("subscriber_id"),
        col(SubscriberRow.address),
        col(SubscriberRow.domain),
        col(SubscriberRow.paused_until),
        col(SuppressionRow.reason).label("suppressed_because"),
    ).outerjoin(SuppressionRow, col(SuppressionRow.address_hash) == col(SubscriberRow.address_hash))


def _last(edition_id: int) -> tuple[Any, ...]:
    sent = aliased(DeliveryRow)
    was_sent = exists().where(
        col(sent.edition_id) == edition_id,
        col(sent.subscriber_id) == col(SubscriberRow.id),
        col(sent.state) == State.SENT,
    )
    return (
        col(SubscriberRow.status),
        col(DeliveryRow.id).label("delivery_id"),
        col(DeliveryRow.state),
        col(DeliveryRow.resend_no),
        col(DeliveryRow.because),
        was_sent.label("was_sent"),
    )


def _is_superseded() -> Any:
    """Whether the reader has a newer delivery of the same edition."""
    newer = aliased(DeliveryRow)
    return exists().where(
        col(newer.edition_id) == col(DeliveryRow.edition_id),
        col(newer.subscriber_id) == col(DeliveryRow.subscriber_id),
        col(newer.resend_no) > col(DeliveryRow.resend_no),
    )


def _candidate(row: Any) -> Candidate:
    return Candidate(
        subscriber_id=row.subscriber_id,
        address=row.address,
        domain=row.domain,
        status=row.status,
        paused_until=row.paused_until,
        suppressed_because=row.suppressed_because,
        delivery_id=row.delivery_id,
        state=State(row.state) if row.state else None,
        resend_no=row.resend_no or 0,
        because=row.because or "",
        was_sent=bool(row.was_sent),
    )
