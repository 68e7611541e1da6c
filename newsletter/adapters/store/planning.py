"""What the planner reads and writes: who is due, by ranges, and what they have seen."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import exists, func, select, update
from sqlmodel import Session, col

from newsletter.adapters.store.bulk import is_one_of
from newsletter.adapters.store.engine import insert_once
from newsletter.adapters.store.tables import (
    PENDING,
    DeliveryRow,
    EditionRow,
    MuteRow,
    RangeRow,
    SubscriberRow,
    SuppressionRow,
    TopicRow,
)
from newsletter.core.delivery.states import COUNTS_AS_SEEN, LIFETIMES, Kind
from newsletter.core.ports import RANGE_SIZE

TopicOf = tuple[str, str, int | None]  # name, filter text, cap


class Reader(NamedTuple):
    """One active subscriber as the planner needs them; a tuple, since there are very many.

    paused_at: when a pause began that no digest has followed yet.
    """

    id: int
    cadence: str
    weekday: int
    hour: int
    time_zone: str
    cap: int
    paused_until: datetime | None
    paused_at: datetime | None
    is_suppressed: bool
    topics: tuple[TopicOf, ...]
    mutes: tuple[str, ...]


def edition_id(session: Session, kind: Kind, day: date, *, now: datetime) -> int:
    """The edition of this day, made when there is none yet."""
    of_day = select(col(EditionRow.id)).where(
        col(EditionRow.kind) == kind, col(EditionRow.edition_on) == day
    )
    found = session.scalar(of_day)
    if found is None:
        session.execute(
            insert_once(session, EditionRow).values(
                kind=kind,
                edition_on=day,
                state="open",
                held_because="",
                created_at=now,
                expires_at=now + LIFETIMES[kind],
            )
        )
        found = session.scalars(of_day).one()
    assert found is not None
    return found


def due_ranges(session: Session, *, now: datetime | None) -> list[int]:
    """The ranges that hold active subscribers whose hour has come; all of them for now=None."""
    range_no = col(SubscriberRow.id) // RANGE_SIZE
    query = select(range_no).where(col(SubscriberRow.status) == "active").distinct()
    if now is not None:
        query = query.where(col(SubscriberRow.next_due_at) <= now)
    return sorted(session.scalars(query))


def range_version(session: Session, range_no: int) -> int:
    """The version of who has seen what in this range."""
    found = session.scalar(select(col(RangeRow.version)).where(col(RangeRow.range_no) == range_no))
    return found or 0


def lock_range(session: Session, range_no: int) -> int:
    """The version of who has seen what in this range; nobody else plans it until the commit."""
    locked = (
        select(col(RangeRow.version))
        .where(col(RangeRow.range_no) == range_no)
        .with_for_update()  # PostgreSQL; SQLite's transaction holds the write lock already
    )
    found = session.scalar(locked)
    if found is None:
        session.execute(insert_once(session, RangeRow).values(range_no=range_no, version=0))
        found = session.scalars(locked).one()
    return found


def bump_ranges(session: Session, range_nos: Iterable[int]) -> None:
    """Note that who has seen what has changed there; the dedup cache is told at the next plan."""
    wanted = sorted(set(range_nos))  # in one order, so that two of these cannot wait for each other
    for range_no in wanted:
        bump = (
            update(RangeRow)
            .where(col(RangeRow.range_no) == range_no)
            .values(version=RangeRow.version + 1)
        )
        if session.connection().execute(bump).rowcount == 0:
            session.execute(insert_once(session, RangeRow).values(range_no=range_no, version=0))
            session.connection().execute(bump)


def readers_in(session: Session, range_no: int, *, due_at: datetime | None) -> list[Reader]:
    """The range's active subscribers with their topics, by id.

    due_at: only those whose hour has come by then; None for all of them.
    """
    query = (
        select(
            col(SubscriberRow.id),
            col(SubscriberRow.cadence),
            col(SubscriberRow.weekday),
            col(SubscriberRow.hour),
            col(SubscriberRow.time_zone),
            col(SubscriberRow.cap),
            col(SubscriberRow.paused_until),
            col(SubscriberRow.paused_at),
            col(SubscriberRow.address_hash)
            .in_(select(col(SuppressionRow.address_hash)))
            .label("is_suppressed"),
        )
        .where(
            col(SubscriberRow.id).between(*_ids_of(range_no)), col(SubscriberRow.status) == "active"
        )
        .order_by(col(SubscriberRow.id))
    )
    if due_at is not None:
        query = query.where(col(SubscriberRow.next_due_at) <= due_at)
    # Plain rows, without the session's own wrapping: there are very many.
    rows: Sequence[Any] = session.connection().execute(query).all()
    if not rows:
        return []
    topics, mutes = _topics(session, range_no), _mutes(session, range_no)
    return [
        Reader._make((*row, tuple(topics.get(row[0], ())), tuple(mutes.get(row[0], ()))))
        for row in rows
    ]


def _ids_of(range_no: int) -> tuple[int, int]:
    return range_no * RANGE_SIZE, (range_no + 1) * RANGE_SIZE - 1


def _topics(session: Session, range_no: int) -> Mapping[int, list[TopicOf]]:
    topics: dict[int, list[TopicOf]] = defaultdict(list)
    rows = session.connection().execute(
        select(
            col(TopicRow.subscriber_id), col(TopicRow.name), col(TopicRow.filter), col(TopicRow.cap)
        )
        .where(col(TopicRow.subscriber_id).between(*_ids_of(range_no)), col(TopicRow.is_on))
        .order_by(col(TopicRow.subscriber_id), col(TopicRow.position))
    )
    for subscriber_id, name, text, cap in rows.all():  # at once: one by one takes twice as long
        topics[subscriber_id].append((name, text, cap))
    return topics


def _mutes(session: Session, range_no: int) -> Mapping[int, list[str]]:
    mutes: dict[int, list[str]] = {}
    rows = session.connection().execute(
        select(col(MuteRow.subscriber_id), col(MuteRow.filter))
        .where(col(MuteRow.subscriber_id).between(*_ids_of(range_no)))
        .order_by(col(MuteRow.id))
    )
    for subscriber_id, text in rows:
        mutes.setdefault(subscriber_id, []).append(text)
    return mutes


def readers_with_digest(session: Session, kind: Kind, day: date, range_no: int) -> set[int]:
    """The subscribers of the range who have a digest of this edition already."""
    return set(
        session.scalars(
            select(col(DeliveryRow.subscriber_id))
            .join(EditionRow, col(EditionRow.id) == col(DeliveryRow.edition_id))
            .where(
                col(EditionRow.kind) == kind,
                col(EditionRow.edition_on) == day,
                col(DeliveryRow.subscriber_id).between(*_ids_of(range_no)),
            )
        )
    )


def set_next_due(session: Session, next_due: Mapping[int, datetime], *, now: datetime) -> None:
    """When each of these is to be looked at again; not for those who chose another hour since."""
    together: dict[datetime, list[int]] = {}
    for reader, at in next_due.items():
        together.setdefault(at, []).append(reader)
    for at, readers in together.items():
        session.execute(
            update(SubscriberRow)
            .where(
                is_one_of(session, col(SubscriberRow.id), readers),
                col(SubscriberRow.next_due_at) <= now,
            )
            .values(next_due_at=at)
            .execution_options(synchronize_session=False)
        )


def end_pauses(session: Session, readers: Collection[int], *, now: datetime) -> None:
    """The pause of each of these is over and made up for; not of those who pause anew."""
    if not readers:
        return
    is_over = col(SubscriberRow.paused_until).is_(None) | (col(SubscriberRow.paused_until) <= now)
    session.execute(
        update(SubscriberRow)
        .where(col(SubscriberRow.id).in_(readers), is_over)
        .values(paused_until=None, paused_at=None)
        .execution_options(synchronize_session=False)
    )


def seen_in_ledger(session: Session, range_no: int, *, since: datetime) -> dict[str, bytearray]:
    """Who has seen which paper, by the ledger: per paper id a bitmap over the range.

    Bit k, lowest first, is the range's k-th subscriber.
    """
    first, last = _ids_of(range_no)
    rows = session.execute(
        select(col(DeliveryRow.subscriber_id), col(DeliveryRow.digest)).where(
            col(DeliveryRow.subscriber_id).between(first, last),
            col(DeliveryRow.state).in_(COUNTS_AS_SEEN),
            col(DeliveryRow.planned_at) >= since,
        )
    )
    bitmaps: dict[str, bytearray] = {}
    for subscriber_id, digest in rows:
        byte, bit = divmod(subscriber_id - first, 8)
        for paper_id in paper_ids_of(digest):
            bitmap = bitmaps.setdefault(paper_id, bytearray(RANGE_SIZE // 8))
            bitmap[byte] |= 1 << bit
    return bitmaps


def paper_ids_of(digest: Mapping[str, Any]) -> list[str]:
    """All papers that this digest names, as the ledger keeps it."""
    picked = [pick[0] for _, picks in digest.get("sections", ()) for pick in picks]
    return picked + [pick[0] for pick in digest.get("left_out", ())]


def is_waiting(session: Session, *, now: datetime) -> bool:
    """Whether a delivery could be claimed now."""
    waits = exists().where(
        col(DeliveryRow.edition_id) == col(EditionRow.id),
        col(DeliveryRow.state) == PENDING,
        col(DeliveryRow.next_at) <= now,
    )
    return bool(
        session.scalar(
            select(col(EditionRow.id))
            .where(col(EditionRow.state) == "open", col(EditionRow.expires_at) > now, waits)
            .limit(1)
        )
    )


def overdue_readers(session: Session, *, before: datetime) -> int:
    """Active subscribers whose hour came before that instant and who were not looked at since."""
    return session.scalars(
        select(func.count()).where(
            col(SubscriberRow.status) == "active", col(SubscriberRow.next_due_at) < before
        )
    ).one()


REMEMBERED = timedelta(days=80)  # what the dedup cache is told; see core.papers.REFEATURE_DAYS
