"""The ledger read by people: deliveries, newest first, a page at a time, and one in full.

Every question is answered along an index, whatever the number of rows: those of an edition, and
those that did not go out, come by their reader, the others by their number.
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, case, func, literal_column, select, tuple_
from sqlmodel import Session, col

from newsletter.adapters.store.attempts import attempts_of
from newsletter.adapters.store.deliveries import digest_of, readable
from newsletter.adapters.store.reports import reports
from newsletter.adapters.store.tables import (
    DeliveryRow,
    EditionRow,
    PaperRow,
    RecipientRow,
    SubscriberRow,
    SuppressionRow,
)
from newsletter.core.delivery.ledger import UNSENT, DeliveryHistory
from newsletter.core.delivery.states import LEAST_LIFE, LIFETIMES, Kind, State
from newsletter.core.results import DeliveryView

MOST_REPORTS = 50  # of one delivery that are shown
FEW = 1000  # readers of a domain whose deliveries are looked up one by one
LONGEST_LIFE = LIFETIMES[Kind.DIGEST] + LEAST_LIFE  # from the plan to the last try


def deliveries(
    session: Session,
    *,
    edition: date | None = None,
    states: Collection[State] = (),
    address_key: str | None = None,
    subscriber_id: int | None = None,
    kind: Kind | None = None,
    domain: str | None = None,
    since: datetime | None = None,
    after: int | None = None,
    limit: int,
) -> tuple[DeliveryView, ...]:
    """The newest deliveries of these kinds, first the newest; all states where none is named.

    since: settled no earlier, see `settled_at`. after: the number of the last one of the page
    before.
    """
    query = _wanted(
        session,
        select(DeliveryRow, EditionRow, _WENT_TO),
        edition=edition,
        states=states,
        address_key=address_key,
        subscriber_id=subscriber_id,
        kind=kind,
        domain=domain,
        since=since,
    )
    is_by_reader = edition is not None or (states and set(states) <= set(UNSENT))
    order = _BY_READER if is_by_reader else (col(DeliveryRow.id),)
    query = query.outerjoin(RecipientRow, _IS_ELSEWHERE)
    query = query.order_by(*(column.desc() for column in order)).limit(limit)
    if after is not None:
        last = session.execute(select(*order).where(col(DeliveryRow.id) == after)).first()
        if last is None:
            return ()
        query = query.where(tuple_(*order) < tuple_(*last))
    return tuple(view_of(*row) for row in session.execute(query))


# Where a message went, also when its reader has moved since.
_WENT_TO: Any = func.coalesce(col(RecipientRow.address), col(SubscriberRow.address))
_IS_ELSEWHERE = col(RecipientRow.delivery_id) == col(DeliveryRow.id)
_BY_READER: tuple[Any, ...] = (
    col(DeliveryRow.edition_id),
    col(DeliveryRow.subscriber_id),
    col(DeliveryRow.resend_no),
)


def delivery_counts(session: Session, **wanted: Any) -> list[tuple[str, State, int]]:
    """How many deliveries there are by domain and state; wanted: as for `deliveries`."""
    domain, state = col(SubscriberRow.domain), col(DeliveryRow.state)
    query = _wanted(session, select(domain, state, func.count()), **wanted)
    rows = session.execute(query.group_by(domain, state))
    return [(name or "", State(found), count) for name, found, count in rows]


def _wanted(
    session: Session,
    query: Any,
    *,
    edition: date | None = None,
    states: Collection[State] = (),
    address_key: str | None = None,
    subscriber_id: int | None = None,
    kind: Kind | None = None,
    domain: str | None = None,
    since: datetime | None = None,
) -> Any:
    query = query.join_from(
        DeliveryRow, EditionRow, col(EditionRow.id) == col(DeliveryRow.edition_id)
    ).join(SubscriberRow, col(SubscriberRow.id) == col(DeliveryRow.subscriber_id))
    conditions: list[Any] = []
    if edition is not None:
        of_day = select(col(EditionRow.id)).where(col(EditionRow.edition_on) == edition)
        conditions.append(col(DeliveryRow.edition_id).in_(list(session.scalars(of_day))))
    elif since is not None:
        conditions.append(col(DeliveryRow.id) >= _first_id(session, since - LONGEST_LIFE))
    if states:  # in the statement itself: SQLite uses a partial index only then
        named = ", ".join(f"'{state.value}'" for state in states)
        conditions.append(literal_column(f"deliveries.state IN ({named})"))
    if address_key is not None:
        conditions.append(col(SubscriberRow.address_key) == address_key)
    if subscriber_id is not None:
        conditions.append(col(DeliveryRow.subscriber_id) == subscriber_id)
    if kind is not None:
        conditions.append(col(EditionRow.kind) == kind)
    if domain is not None:
        conditions.append(_is_of(session, domain))
    if since is not None:
        conditions.append(settled_at() >= since)
    return query.where(*conditions)


def _is_of(session: Session, domain: str) -> ColumnElement[bool]:
    """Whether the reader is of this domain: by its few readers, or looked at row by row."""
    of_domain = select(col(SubscriberRow.id)).where(col(SubscriberRow.domain) == domain)
    ids = session.scalars(of_domain.limit(FEW + 1)).all()
    if len(ids) <= FEW:
        return col(DeliveryRow.subscriber_id).in_(ids)
    # An expression: by the index all that a large domain ever got would have to be sorted.
    return func.coalesce(col(SubscriberRow.domain), "") == domain


def settled_at() -> Any:
    """When a delivery came to its state, as far as its row tells: refusals leave `next_at`."""
    return case(
        (col(DeliveryRow.sent_at).is_not(None), col(DeliveryRow.sent_at)),
        (col(DeliveryRow.state).in_((State.FAILED, State.REVIEW)), col(DeliveryRow.next_at)),
        else_=col(DeliveryRow.planned_at),
    )


def _first_id(session: Session, instant: datetime) -> int:
    """The least number of a delivery planned since then, by halving: numbers follow the plan."""
    low, high = 0, session.scalar(select(func.max(col(DeliveryRow.id)))) or 0
    while low < high:
        middle = (low + high) // 2
        found = session.execute(
            select(col(DeliveryRow.id), col(DeliveryRow.planned_at))
            .where(col(DeliveryRow.id) > middle)
            .order_by(col(DeliveryRow.id))
            .limit(1)
        ).first()
        if found is not None and found.planned_at < instant:
            low = found.id
        else:
            high = middle
    return low


def view_of(row: DeliveryRow, edition: EditionRow, address: str) -> DeliveryView:
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
        digest=readable(partial(digest_of, row.digest), row.id),
    )


def history(session: Session, delivery_id: int) -> DeliveryHistory | None:
    """All that is known of one delivery; None when there is no such number."""
    row = session.get(DeliveryRow, delivery_id)
    if row is None:
        return None
    every = _views(session, row.edition_id, row.subscriber_id)
    view = next(one for one in every if one.id == delivery_id)
    titles = _titles(session, view.papers)
    suppression = session.scalars(
        select(SuppressionRow)
        .join(SubscriberRow, col(SubscriberRow.address_hash) == col(SuppressionRow.address_hash))
        .where(col(SubscriberRow.id) == row.subscriber_id)
    ).first()
    return DeliveryHistory(
        delivery=view,
        epoch=row.epoch,
        recovered=row.recovered,
        uncertain=row.uncertain,
        lease_until=row.lease_until,
        attempts=attempts_of(session, delivery_id),
        others=tuple(one for one in every if one.id != delivery_id),
        titles=tuple((paper, titles.get(paper, "")) for paper in view.papers),
        suppressed_because=suppression.reason if suppression else "",
        suppressed_since_at=suppression.since_at if suppression else None,
        reports=reports(session, delivery_id=delivery_id, limit=MOST_REPORTS)[::-1],
    )


def _views(session: Session, edition_id: int, subscriber_id: int) -> list[DeliveryView]:
    rows = session.execute(
        select(DeliveryRow, EditionRow, _WENT_TO)
        .join_from(DeliveryRow, EditionRow, col(EditionRow.id) == col(DeliveryRow.edition_id))
        .join(SubscriberRow, col(SubscriberRow.id) == col(DeliveryRow.subscriber_id))
        .outerjoin(RecipientRow, _IS_ELSEWHERE)
        .where(
            col(DeliveryRow.edition_id) == edition_id,
            col(DeliveryRow.subscriber_id) == subscriber_id,
        )
        .order_by(col(DeliveryRow.resend_no))
    )
    return [view_of(*row) for row in rows]


def _titles(session: Session, paper_ids: Sequence[str]) -> dict[str, str]:
    rows = session.execute(
        select(col(PaperRow.id), col(PaperRow.title)).where(col(PaperRow.id).in_(paper_ids))
    )
    return {row.id: row.title for row in rows}


def delivery_with_message_id(session: Session, message_id: str) -> int | None:
    """The number of this message's delivery. No index knows it: a million rows take 0.3 s."""
    wanted = select(col(DeliveryRow.id)).where(col(DeliveryRow.message_id) == message_id)
    return session.scalars(wanted.limit(1)).first()
