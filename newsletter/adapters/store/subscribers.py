"""Subscribers, and suppressions: reads and writes. Rows become values here."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col

from newsletter.adapters.store.bulk import insert_many
from newsletter.adapters.store.engine import insert_once
from newsletter.adapters.store.planning import bump_ranges, lock_range
from newsletter.adapters.store.tables import (
    AuditRow,
    DeliveryRow,
    SubscriberRow,
    SuppressionRow,
)
from newsletter.adapters.store.wishes import (
    add_texts,
    insert_texts,
    mute_rows,
    plain_columns,
    plain_wishes,
    replace_texts,
    topic_rows,
    wishes_of,
)
from newsletter.core.addresses import Address
from newsletter.core.ports import RANGE_SIZE
from newsletter.core.subscribers import Status, Subscriber, Wishes
from newsletter.errors import LinkError

MAX_REASON = 200


def subscriber_by_id(
    session: Session, subscriber_id: int, *, is_locked: bool = False
) -> Subscriber | None:
    """The subscriber, or None. is_locked: nobody else changes them until this transaction ends."""
    return _one(session, col(SubscriberRow.id) == subscriber_id, is_locked=is_locked)


def subscriber_by_key(session: Session, key: str, *, is_locked: bool = False) -> Subscriber | None:
    """The subscriber of this normalised address (`Address.key`), or None."""
    return _one(session, col(SubscriberRow.address_key) == key, is_locked=is_locked)


def subscriber_behind(
    session: Session, subscriber_id: int, *, is_locked: bool = False
) -> Subscriber:
    """The subscriber whom a signed link names. Raises LinkError when the link outlived them."""
    found = subscriber_by_id(session, subscriber_id, is_locked=is_locked)
    if found is None:
        raise LinkError("This link belongs to a subscription that is no longer there.")
    return found


def ids_by_key(session: Session, keys: Collection[str]) -> dict[str, int]:
    """The subscribers of these normalised addresses; who is unknown is left out."""
    wanted = select(col(SubscriberRow.address_key), col(SubscriberRow.id))
    rows = session.execute(wanted.where(col(SubscriberRow.address_key).in_(keys)))
    return {row.address_key: row.id for row in rows if row.id is not None}


def subscribers_page(
    session: Session, *, status: Status | None = None, limit: int = 100, after_id: int = 0
) -> tuple[Subscriber, ...]:
    """Up to `limit` subscribers with ids above `after_id`, by id."""
    wanted = select(SubscriberRow).where(col(SubscriberRow.id) > after_id)
    if status is not None:
        wanted = wanted.where(col(SubscriberRow.status) == status.value)
    rows = session.scalars(wanted.order_by(col(SubscriberRow.id)).limit(limit)).all()
    return subscribers_of(session, rows)


def subscribers_by_status(session: Session) -> dict[Status, int]:
    """How many subscribers there are of each status, noughts included."""
    counted = select(col(SubscriberRow.status), func.count()).group_by(col(SubscriberRow.status))
    found = {Status(status): count for status, count in session.execute(counted)}
    return {status: found.get(status, 0) for status in Status}


def subscribers_of(session: Session, rows: Sequence[SubscriberRow]) -> tuple[Subscriber, ...]:
    """These rows as values, in the same order; their topics and mutes in one query each."""
    wishes = wishes_of(session, rows)
    return tuple(_subscriber(row, wishes[_id(row)]) for row in rows)


def add_subscriber(
    session: Session, address: Address, wishes: Wishes, *, address_hash: str, now: datetime
) -> int | None:
    """The id of a new pending subscriber; None when the address has its row already.

    The unique key decides, so that of two requests at once one adds and the other finds.
    """
    made = insert_once(session, SubscriberRow).values(
        address=address.text,
        address_key=address.key,
        address_hash=address_hash,
        status=Status.PENDING.value,
        created_at=now,
        ended_because="",
        **plain_wishes(wishes),
    )
    subscriber_id: int | None = session.scalar(made.returning(col(SubscriberRow.id)))
    if subscriber_id is not None:
        add_texts(session, subscriber_id, wishes)
    return subscriber_id


def add_active(
    session: Session, readers: Sequence[tuple[Address, str, Wishes, datetime]], *, now: datetime
) -> None:
    """Add many confirmed readers: address, its hash, wishes, and when their first digest is due.

    None of the addresses may be there yet.
    """
    keys = [address.key for address, *_ in readers]
    wishes = [one for _, _, one, _ in readers]
    insert_many(
        session,
        SubscriberRow,
        {
            "address": [address.text for address, *_ in readers],
            "address_key": keys,
            "address_hash": [hashed for _, hashed, *_ in readers],
            "domain": [key.rpartition("@")[2] for key in keys],
            "next_due_at": [due_at for *_, due_at in readers],
            **plain_columns(wishes),
        },
        shared={
            "status": Status.ACTIVE.value,
            "created_at": now,
            "confirmed_at": now,
            "ended_because": "",
        },
    )
    ids = ids_by_key(session, keys)
    insert_texts(
        session,
        [row for key, one in zip(keys, wishes, strict=True) for row in topic_rows(ids[key], one)],
        [row for key, one in zip(keys, wishes, strict=True) for row in mute_rows(ids[key], one)],
    )


def statuses_of(session: Session, keys: Collection[str]) -> dict[str, str]:
    """The status of those of these addresses (`Address.key`) that are there."""
    wanted = select(col(SubscriberRow.address_key), col(SubscriberRow.status))
    rows = session.execute(wanted.where(col(SubscriberRow.address_key).in_(keys)))
    return {row.address_key: row.status for row in rows}


def set_wishes(session: Session, subscriber_id: int, wishes: Wishes) -> None:
    """Replace all wishes of a subscriber; status and due time stay."""
    replace_texts(session, subscriber_id, wishes)
    _set(session, subscriber_id, plain_wishes(wishes))


def set_pending(session: Session, subscriber_id: int) -> None:
    """Wait for a confirmation, perhaps again."""
    values = {"status": Status.PENDING.value, "next_due_at": None, "paused_at": None}
    _set(session, subscriber_id, values)


def set_active(
    session: Session, subscriber_id: int, *, confirmed_at: datetime, next_due_at: datetime
) -> None:
    """Mail this reader from now on."""
    values = {
        "status": Status.ACTIVE.value,
        "confirmed_at": confirmed_at,
        "next_due_at": next_due_at,
        "ended_at": None,
        "ended_because": "",
    }
    _set(session, subscriber_id, values)


def set_next_due(session: Session, subscriber_id: int, next_due_at: datetime) -> None:
    _set(session, subscriber_id, {"next_due_at": next_due_at})


def set_paused_at(session: Session, subscriber_id: int, paused_at: datetime) -> None:
    """Since when no digest came: the first one after a pause makes up for it."""
    _set(session, subscriber_id, {"paused_at": paused_at})


def set_address(
    session: Session, subscriber_id: int, address: Address, *, address_hash: str
) -> bool:
    """Whether mail to this reader goes there from now on; False when another has the address."""
    values = {
        "address": address.text,
        "address_key": address.key,
        "address_hash": address_hash,
        "domain": address.key.rpartition("@")[2],
    }
    try:
        with session.begin_nested():  # the unique key decides, whatever was read before
            _set(session, subscriber_id, values)
    except IntegrityError:
        return False
    return True


def end_subscription(session: Session, subscriber_id: int, *, because: str, now: datetime) -> None:
    """Mail this reader no more; their wishes are kept, for a change of mind."""
    values = {
        "status": Status.ENDED.value,
        "next_due_at": None,
        "ended_at": now,
        "ended_because": because[:MAX_REASON],
    }
    _set(session, subscriber_id, values)


def remove_subscriber(session: Session, subscriber_id: int) -> None:
    """Forget a subscriber: topics, mutes and deliveries go with the row, suppressions stay.

    The dedup cache is told to forget as well. A worker that records a batch locks deliveries and
    then their range, the planner a range and then its readers: so the same order here.
    """
    of_reader = col(DeliveryRow.subscriber_id) == subscriber_id
    session.execute(select(col(DeliveryRow.id)).where(of_reader).with_for_update())
    lock_range(session, subscriber_id // RANGE_SIZE)
    session.execute(delete(SubscriberRow).where(col(SubscriberRow.id) == subscriber_id))
    bump_ranges(session, [subscriber_id // RANGE_SIZE])


def address_hashes_of(session: Session, ids: Collection[int]) -> dict[int, str]:
    """The keyed hash of each of these subscribers' addresses, as it stands in the row."""
    wanted = select(col(SubscriberRow.id), col(SubscriberRow.address_hash))
    rows = session.execute(wanted.where(col(SubscriberRow.id).in_(ids)))
    return {row.id: row.address_hash for row in rows if row.id is not None}


def is_suppressed(session: Session, *address_hashes: str) -> bool:
    """Whether the address must not be mailed; one hash for each key that may have made it."""
    return bool(suppressed(session, address_hashes))


def suppressed(session: Session, address_hashes: Collection[str]) -> dict[str, str]:
    """Those of the hashes that must not be mailed, with the reason."""
    rows = session.scalars(
        select(SuppressionRow).where(col(SuppressionRow.address_hash).in_(address_hashes))
    )
    return {row.address_hash: row.reason for row in rows}


def add_audit(
    session: Session,
    *,
    actor: str,
    action: str,
    subject: str,
    now: datetime,
    because: str = "",
    details: Mapping[str, Any] | None = None,
) -> None:
    """Note what an admin did. subject: an id or an address's hash, never an address."""
    session.execute(
        insert(AuditRow).values(
            at=now,
            actor=actor[:200],
            action=action[:64],
            subject=subject,
            because=because,
            details=dict(details or {}),
        )
    )


def rename_in_audit(session: Session, subject: str, name: str) -> None:
    """What was noted about this subject goes by that name from now on."""
    session.execute(update(AuditRow).where(col(AuditRow.subject) == subject).values(subject=name))


def was_done(session: Session, action: str, subject: str) -> bool:
    """Whether an admin has ever done this to it."""
    found = select(col(AuditRow.id)).where(
        col(AuditRow.action) == action, col(AuditRow.subject) == subject
    )
    return session.scalars(found.limit(1)).first() is not None


def _one(session: Session, condition: Any, *, is_locked: bool) -> Subscriber | None:
    wanted = select(SubscriberRow).where(condition)
    if is_locked:
        wanted = wanted.with_for_update()  # SQLite's writers hold the whole database already
    # A lock waits for the other transaction: what this session remembers is then old.
    row = session.scalars(wanted.execution_options(populate_existing=True)).one_or_none()
    return subscribers_of(session, [row])[0] if row is not None else None


def _set(session: Session, subscriber_id: int, values: Mapping[str, Any]) -> None:
    session.execute(
        update(SubscriberRow).where(col(SubscriberRow.id) == subscriber_id).values(**values)
    )


def _subscriber(row: SubscriberRow, wishes: Wishes) -> Subscriber:
    return Subscriber(
        id=_id(row),
        address=row.address,
        status=Status(row.status),
        wishes=wishes,
        created_at=row.created_at,
        next_due_at=row.next_due_at,
        paused_at=row.paused_at,
        confirmed_at=row.confirmed_at,
        ended_at=row.ended_at,
        ended_because=row.ended_because,
    )


def _id(row: SubscriberRow) -> int:
    assert row.id is not None  # it was read from the table
    return row.id
