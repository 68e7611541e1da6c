"""Deliveries on their way: claimed, recorded, given back, ended. The claim is the only lock."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, bindparam, exists, or_, select, update
from sqlmodel import Session, col

from newsletter.adapters.store.deliveries import digest_of
from newsletter.adapters.store.engine import insert_once
from newsletter.adapters.store.planning import bump_ranges
from newsletter.adapters.store.tables import (
    DeliveryRow,
    EditionRow,
    SubscriberRow,
    SuppressionRow,
)
from newsletter.core.delivery import ALONE_FROM, COUNTS_AS_SEEN, LEASE, Kind, State
from newsletter.core.digests import Digest
from newsletter.core.moves import Move
from newsletter.core.ports import RANGE_SIZE

# Whom a message of each kind may reach at the moment of its claim.
MAY_GET = {
    Kind.DIGEST: ("active",),
    Kind.CONFIRM: ("pending",),
    Kind.RECOVER: ("pending", "active", "ended"),
    Kind.TEST: ("pending", "active", "ended"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A delivery that is ours until its lease runs out, with all that its message needs."""

    id: int
    epoch: int
    attempts: int
    uncertain: int
    subscriber_id: int
    address: str
    address_hash: str
    thumbnails: bool
    kind: Kind
    edition: date
    resend_no: int
    message_id: str
    planned_at: datetime
    digest: Digest | None


def _may_be_sent(now: datetime) -> Any:
    """Whether the joined delivery, subscriber and edition allow a hand-over: the last look."""
    suppressed = exists().where(col(SuppressionRow.address_hash) == col(SubscriberRow.address_hash))
    may_get = or_(
        *(
            and_(col(EditionRow.kind) == kind, col(SubscriberRow.status).in_(statuses))
            for kind, statuses in MAY_GET.items()
        )
    )
    is_paused = and_(
        col(EditionRow.kind) == Kind.DIGEST,
        col(SubscriberRow.paused_until).is_not(None),
        col(SubscriberRow.paused_until) > now,
    )
    return and_(may_get, ~is_paused, ~suppressed)


def claim(
    session: Session, *, now: datetime, most: int, edition: int | None = None
) -> list[Claimed]:
    """Up to `most` waiting deliveries, now ours until the lease runs out; none when none wait.

    Skips whoever left, paused or was suppressed since the plan, and editions held or expired. One
    whose workers vanished ALONE_FROM times comes last and alone. The caller commits before it
    connects: a crash then leaves the lease to run out.
    """
    was_harmless = col(DeliveryRow.recovered) < ALONE_FROM
    ids = _claim_ids(session, was_harmless, now=now, most=most, edition=edition)
    if not ids:
        ids = _claim_ids(session, ~was_harmless, now=now, most=1, edition=edition)
    return _claimed(session, ids) if ids else []


def _claim_ids(
    session: Session, condition: Any, *, now: datetime, most: int, edition: int | None
) -> list[int]:
    waiting = (
        select(col(DeliveryRow.id))
        .join(SubscriberRow, col(SubscriberRow.id) == col(DeliveryRow.subscriber_id))
        .join(EditionRow, col(EditionRow.id) == col(DeliveryRow.edition_id))
        .where(
            col(DeliveryRow.state) == State.PENDING,
            col(DeliveryRow.next_at) <= now,
            col(EditionRow.state) == "open",
            col(EditionRow.expires_at) > now,
            _may_be_sent(now),
            condition,
        )
        .order_by(col(DeliveryRow.id))
        .limit(most)
        # PostgreSQL; SQLite's transaction holds the write lock already
        .with_for_update(of=DeliveryRow, skip_locked=True)
    )
    if edition is not None:
        waiting = waiting.where(col(DeliveryRow.edition_id) == edition)
    ids = session.scalars(
        update(DeliveryRow)
        .where(col(DeliveryRow.id).in_(waiting.scalar_subquery()))
        .values(state=State.SENDING, epoch=col(DeliveryRow.epoch) + 1, lease_until=now + LEASE)
        .returning(col(DeliveryRow.id))
        .execution_options(synchronize_session=False)
    ).all()
    return [found for found in ids if found is not None]


def _claimed(session: Session, ids: Sequence[int]) -> list[Claimed]:
    rows = session.execute(
        select(
            col(DeliveryRow.id),
            col(DeliveryRow.epoch),
            col(DeliveryRow.attempts),
            col(DeliveryRow.uncertain),
            col(DeliveryRow.subscriber_id),
            col(SubscriberRow.address),
            col(SubscriberRow.address_hash),
            col(SubscriberRow.thumbnails),
            col(EditionRow.kind),
            col(EditionRow.edition_on).label("edition"),
            col(DeliveryRow.resend_no),
            col(DeliveryRow.message_id),
            col(DeliveryRow.planned_at),
            col(DeliveryRow.digest),
        )
        .join(SubscriberRow, col(SubscriberRow.id) == col(DeliveryRow.subscriber_id))
        .join(EditionRow, col(EditionRow.id) == col(DeliveryRow.edition_id))
        .where(col(DeliveryRow.id).in_(ids))
        .order_by(col(DeliveryRow.id))
    )
    return [
        Claimed(**{**row._asdict(), "kind": Kind(row.kind), "digest": digest_of(row.digest)})
        for row in rows
    ]


def record(session: Session, moves: Sequence[Move], *, now: datetime) -> None:
    """Write what became of each claimed delivery.

    An acceptance counts at any epoch: the reader has the message. Everything else only while the
    claim is still ours, so that a late worker undoes nothing.
    """
    sent = [move for move in moves if move.state is State.SENT]
    others = [move for move in moves if move.state is not State.SENT]
    if sent:
        session.connection().execute(
            update(DeliveryRow)
            .where(col(DeliveryRow.id) == bindparam("of_id"), col(DeliveryRow.state) != "sent")
            .values(state=State.SENT, lease_until=None, sent_at=now, **_REPLY),
            [{"of_id": move.delivery_id, **_reply(move)} for move in sent],
        )
    if others:
        session.connection().execute(
            update(DeliveryRow)
            .where(
                col(DeliveryRow.id) == bindparam("of_id"),
                col(DeliveryRow.epoch) == bindparam("of_epoch"),
                col(DeliveryRow.state) == State.SENDING,
            )
            .values(
                state=bindparam("to_state"),
                lease_until=None,
                attempts=bindparam("to_attempts"),
                uncertain=bindparam("to_uncertain"),
                next_at=bindparam("to_next_at"),
                **_REPLY,
            ),
            [
                {
                    "of_id": move.delivery_id,
                    "of_epoch": move.epoch,
                    "to_state": move.state,
                    "to_attempts": move.attempts,
                    "to_uncertain": move.uncertain,
                    "to_next_at": move.next_at,
                    **_reply(move),
                }
                for move in others
            ],
        )
    _bump_unseen(session, [move.subscriber_id for move in moves if not _is_seen(move.state)])


_REPLY: dict[str, Any] = {
    "last_code": bindparam("to_code"),
    "last_status": bindparam("to_status"),
    "last_text": bindparam("to_text"),
}


def _reply(move: Move) -> dict[str, Any]:
    return {"to_code": move.code, "to_status": move.status, "to_text": move.text}


def _is_seen(state: State) -> bool:
    return state in COUNTS_AS_SEEN


def _bump_unseen(session: Session, subscriber_ids: Iterable[int]) -> None:
    """These readers did not get what was planned: the dedup cache must not go on saying so."""
    bump_ranges(session, {reader // RANGE_SIZE for reader in subscriber_ids})


def add_suppression(session: Session, address_hash: str, reason: str, *, now: datetime) -> None:
    session.execute(
        insert_once(session, SuppressionRow).values(
            address_hash=address_hash, reason=reason, since_at=now
        )
    )


def lapsed(session: Session, *, now: datetime, most: int) -> list[DeliveryRow]:
    """Claimed deliveries whose lease ran out: their worker died or hangs."""
    return list(
        session.scalars(
            select(DeliveryRow)
            .where(col(DeliveryRow.state) == State.SENDING, col(DeliveryRow.lease_until) <= now)
            .order_by(col(DeliveryRow.id))
            .limit(most)
            .with_for_update(skip_locked=True)
        )
    )


def end_waiting(session: Session, *, now: datetime) -> int:
    """Deliveries that will never go out leave the queue: expired editions, readers who left."""
    expired = select(col(EditionRow.id)).where(
        or_(col(EditionRow.expires_at) <= now, col(EditionRow.state) == "cancelled")
    )
    ended = _end(
        session, State.EXPIRED, "its edition expired", col(DeliveryRow.edition_id).in_(expired)
    )
    unreachable = (
        select(col(DeliveryRow.id))
        .join(SubscriberRow, col(SubscriberRow.id) == col(DeliveryRow.subscriber_id))
        .join(EditionRow, col(EditionRow.id) == col(DeliveryRow.edition_id))
        .where(col(DeliveryRow.state) == State.PENDING, ~_may_be_sent(now))
    )
    return ended + _end(
        session, State.SKIPPED, "the reader left, paused or is suppressed",
        col(DeliveryRow.id).in_(unreachable),
    )  # fmt: skip


def skip_waiting(session: Session, subscriber_id: int, because: str) -> int:
    """Nothing that waits for this subscriber goes out any more; how many those were."""
    return _end(session, State.SKIPPED, because, col(DeliveryRow.subscriber_id) == subscriber_id)


def _end(session: Session, state: State, because: str, condition: Any) -> int:
    readers = session.scalars(
        update(DeliveryRow)
        .where(col(DeliveryRow.state) == State.PENDING, condition)
        .values(state=state, last_text=because)
        .returning(col(DeliveryRow.subscriber_id))
        .execution_options(synchronize_session=False)
    ).all()
    _bump_unseen(session, readers)
    return len(readers)
