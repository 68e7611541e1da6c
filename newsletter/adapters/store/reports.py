"""Reports beside the deliveries they speak of; the history of an address; what is kept."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, exists, func, or_, select, update
from sqlmodel import Session, col

from newsletter.adapters.store.engine import insert_once
from newsletter.adapters.store.histories import with_refusals
from newsletter.adapters.store.tables import DeliveryRow, RecipientRow, ReportRow, SubscriberRow
from newsletter.core.delivery.states import State
from newsletter.core.feedback.arriving import MAX_KEPT, Arrival, Fate, without_addresses
from newsletter.core.feedback.suppression import WINDOW, Event
from newsletter.core.reports import Kind, Record
from newsletter.core.results import ReportCount, ReportView
from newsletter.core.text import clean

# Servers try for five days before they report (RFC 5321 section 4.5.4.1): only then has no report
# come back.
SETTLED_AFTER = timedelta(days=6)
KEPT_FOR = timedelta(days=400)  # a year of editions can be looked back upon
WHOLE_FOR = timedelta(days=90)  # what nobody understood by then nobody will; it names people
MOST_KEPT = 1_000  # messages kept whole: 64 MB at most
MOST_IDLE = 50_000  # rows that acted on nobody: a flood of junk must not fill the disk


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """The delivery that a report speaks of, its reader, and the address that it went to.

    is_own: that address is still the reader's; else they moved since, or never confirmed it.
    """

    id: int
    edition_id: int
    sent_at: datetime | None
    subscriber_id: int
    address_key: str
    address_hash: str
    is_own: bool


def reported(session: Session, delivery_id: int) -> Reported | None:
    """The delivery of this number, as far as it is still there."""
    row = session.execute(_REPORTED.where(col(DeliveryRow.id) == delivery_id)).first()
    return Reported(**row._mapping) if row else None


def reported_by_message_id(
    session: Session, message_ids: Collection[str], *, address_keys: Collection[str]
) -> Reported | None:
    """The delivery with one of these Message-IDs to one of these addresses, None without."""
    if not message_ids or not address_keys:
        return None
    wanted = _REPORTED.where(
        col(SubscriberRow.address_key).in_(address_keys),
        col(DeliveryRow.message_id).in_(message_ids),
    )
    row = session.execute(wanted.limit(1)).first()
    return Reported(**row._mapping) if row else None


_REPORTED: Any = (
    select(
        col(DeliveryRow.id),
        col(DeliveryRow.edition_id),
        col(DeliveryRow.sent_at),
        col(DeliveryRow.subscriber_id),
        func.coalesce(col(RecipientRow.address_key), col(SubscriberRow.address_key)).label(
            "address_key"
        ),
        func.coalesce(col(RecipientRow.address_hash), col(SubscriberRow.address_hash)).label(
            "address_hash"
        ),
        (
            func.coalesce(col(RecipientRow.address_hash), col(SubscriberRow.address_hash))
            == col(SubscriberRow.address_hash)
        ).label("is_own"),
    )
    .join(SubscriberRow, col(SubscriberRow.id) == col(DeliveryRow.subscriber_id))
    .outerjoin(RecipientRow, col(RecipientRow.delivery_id) == col(DeliveryRow.id))
)


def add_report(
    session: Session,
    arrival: Arrival,
    *,
    fate: Fate,
    record: Record | None,
    of: Reported | None,
    now: datetime,
) -> int | None:
    """The number of the report's new row; None when it was seen before: the unique key decides.

    Where it counts the delivery is part of the key: one message may speak to several of our paths,
    nobody can have a true report taken for a repetition by sending its words first, and what is
    understood only by a later version can be given to it once more.
    """
    said: dict[str, Any] = {}
    if record is not None:
        said = {
            "kind": record.kind,
            "status": record.status[:16],
            "cause": clean(record.cause)[:100],
            "code": record.code,
            "reply": without_addresses(clean(record.reply))[:500],
            "is_delay": record.is_delay,
        }
    is_kept = fate in (Fate.UNREAD, Fate.UNCLAIMED)
    made = insert_once(session, ReportRow).values(
        key=arrival.key[:64] + (f":{of.id}" if of and fate is Fate.COUNTED else ""),
        came_by=arrival.came_by,
        arrived_at=now,
        nature=arrival.report.nature,
        fate=fate,
        delivery_id=of.id if of else None,
        address_hash=of.address_hash if of else "",
        sent_at=of.sent_at if of else None,
        raw=arrival.raw[:MAX_KEPT] if is_kept else None,
        **(_NOTHING_SAID | said),
    )
    report_id: int | None = session.scalar(made.returning(col(ReportRow.id)))
    return report_id


_NOTHING_SAID = {"kind": "", "status": "", "cause": "", "code": 0, "reply": "", "is_delay": False}
_FAILURES = (Kind.HARD.value, Kind.SOFT.value)


def events_of(session: Session, of: Reported, *, now: datetime) -> list[Event]:
    return address_history(session, of.subscriber_id, of.address_hash, now=now)


def address_history(
    session: Session, subscriber_id: int, address_hash: str, *, now: datetime
) -> list[Event]:
    """What became of earlier mail to this address, as `suppression.decide` wants it.

    A failure counts for the day its message was sent, however often and late it is reported.
    """
    rows: Sequence[Any] = session.execute(
        select(col(ReportRow.sent_at), col(ReportRow.arrived_at), col(ReportRow.cause)).where(
            col(ReportRow.address_hash) == address_hash,
            col(ReportRow.arrived_at) > now - WINDOW,
            col(ReportRow.kind).in_(_FAILURES),
            ~col(ReportRow.is_delay),
        )
    ).all()
    events = with_refusals(
        session,
        [Event(at=row.sent_at or row.arrived_at, cause=row.cause) for row in rows],
        subscriber_id=subscriber_id,
        address_hash=address_hash,
        now=now,
    )
    worked_at = _worked_at(session, subscriber_id, now=now)
    return [*events, Event(at=worked_at)] if worked_at else events


def _worked_at(session: Session, subscriber_id: int, *, now: datetime) -> datetime | None:
    """When the last message was sent to this reader that no failure was reported of."""
    failed = exists().where(
        col(ReportRow.delivery_id) == col(DeliveryRow.id), col(ReportRow.kind).in_(_FAILURES)
    )
    return session.scalar(
        select(func.max(col(DeliveryRow.sent_at))).where(
            col(DeliveryRow.subscriber_id) == subscriber_id,
            col(DeliveryRow.state) == State.SENT,
            col(DeliveryRow.sent_at) > now - WINDOW,
            col(DeliveryRow.sent_at) <= now - SETTLED_AFTER,
            ~failed,
        )
    )


def prune(session: Session, *, now: datetime) -> int:
    """Let go what is old or too much: messages kept whole, then rows; how many rows."""
    is_kept, is_old = col(ReportRow.raw).is_not(None), col(ReportRow.arrived_at) <= now - WHOLE_FOR
    if (last := _surplus(session, is_kept, MOST_KEPT)) is not None:
        is_old |= col(ReportRow.id) <= last
    session.execute(update(ReportRow).where(is_kept, is_old).values(raw=None))
    conditions = [col(ReportRow.arrived_at) <= now - KEPT_FOR]
    is_idle = col(ReportRow.fate) != Fate.COUNTED
    if (last := _surplus(session, is_idle, MOST_IDLE)) is not None:
        conditions.append(is_idle & (col(ReportRow.id) <= last))
    gone = delete(ReportRow).where(or_(*conditions)).returning(col(ReportRow.id))
    return len(session.scalars(gone).all())


def _surplus(session: Session, condition: Any, most: int) -> int | None:
    """The newest number of those beyond the newest `most` that are so; None where none is."""
    newest_first = select(col(ReportRow.id)).where(condition).order_by(col(ReportRow.id).desc())
    return session.scalar(newest_first.offset(most).limit(1))


# What admins look at


def reports(
    session: Session,
    *,
    fate: Fate | None = None,
    delivery_id: int | None = None,
    after: int | None = None,
    limit: int,
) -> tuple[ReportView, ...]:
    """The newest reports first. after: the number of the last one of the page before."""
    query = _SHOWN.order_by(col(ReportRow.id).desc()).limit(limit)
    if fate is not None:
        query = query.where(col(ReportRow.fate) == fate)
    if delivery_id is not None:
        query = query.where(col(ReportRow.delivery_id) == delivery_id)
    if after is not None:
        query = query.where(col(ReportRow.id) < after)
    return tuple(_view(row) for row in session.execute(query))


def report(session: Session, report_id: int) -> ReportView | None:
    """One report with its message, as far as that is kept; None when there is no such number."""
    row = session.execute(_SHOWN.where(col(ReportRow.id) == report_id)).first()
    if row is None:
        return None
    raw = session.scalar(select(col(ReportRow.raw)).where(col(ReportRow.id) == report_id))
    return replace(_view(row), raw=raw)


def report_counts(session: Session) -> tuple[ReportCount, ...]:
    """How many reports there are of each way in, fate and kind."""
    groups = (col(ReportRow.came_by), col(ReportRow.fate), col(ReportRow.kind))
    rows = session.execute(select(*groups, func.count()).group_by(*groups).order_by(*groups))
    return tuple(
        ReportCount(came_by=came_by, fate=fate, kind=kind, count=count)
        for came_by, fate, kind, count in rows
    )


_COLUMNS = ("id", "came_by", "arrived_at", "nature", "fate", "delivery_id", "kind", "status",
            "cause", "code", "reply", "is_delay")  # fmt: skip
_SHOWN: Any = (
    select(
        *(getattr(ReportRow, name) for name in _COLUMNS),
        col(ReportRow.raw).is_not(None).label("is_kept"),
        col(SubscriberRow.address),
    )
    .outerjoin(DeliveryRow, col(DeliveryRow.id) == col(ReportRow.delivery_id))
    .outerjoin(SubscriberRow, col(SubscriberRow.id) == col(DeliveryRow.subscriber_id))
)


def _view(row: Any) -> ReportView:
    return ReportView(**{**row._mapping, "address": row.address or ""})
