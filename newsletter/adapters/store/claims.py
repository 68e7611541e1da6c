"""Deliveries on their way: claimed, recorded, given back. The claim is the only lock."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache, partial
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Text, bindparam, cast, exists, extract, func, select, update
from sqlmodel import Session, col

from newsletter.adapters.store.attempts import add_attempts
from newsletter.adapters.store.bulk import run_many
from newsletter.adapters.store.deliveries import digest_in, readable
from newsletter.adapters.store.ending import bump_unseen, end
from newsletter.adapters.store.engine import insert_once
from newsletter.adapters.store.recipients import readers_elsewhere, readers_of
from newsletter.adapters.store.tables import (
    PENDING,
    SENDING,
    DeliveryRow,
    EditionRow,
    SuppressionRow,
)
from newsletter.core.delivery.moves import Move
from newsletter.core.delivery.states import ALONE_FROM, COUNTS_AS_SEEN, LEASE, Kind, Outcome, State
from newsletter.core.digests import Digest

# Whom a message of each kind may reach at the moment of its claim.
MAY_GET = {
    Kind.DIGEST: ("active",),
    Kind.CONFIRM: ("pending",),
    Kind.RECOVER: ("pending", "active", "ended"),
    Kind.WELCOME: ("active",),
    Kind.CHANGE: ("active",),
    Kind.MOVED: ("pending", "active", "ended"),
    Kind.TEST: ("pending", "active", "ended"),
}


class Claimed(NamedTuple):
    """A delivery that is ours until its lease runs out, with all that its message needs.

    In the order of the columns that are read; thousands are made in a second.
    """

    id: int
    epoch: int
    attempts: int
    uncertain: int
    subscriber_id: int
    address: str
    address_hash: str
    thumbnails: bool
    language: str
    edition_id: int
    edition: date
    resend_no: int
    message_id: str
    planned_at: datetime
    kind: Kind
    digest: Digest | None


# What goes out first where several editions wait: a person waits for these at the screen.
_AT_ONCE = tuple(kind for kind in Kind if kind is not Kind.DIGEST)
# These go to the address that stands beside the delivery, all others to their reader's own.
_ELSEWHERE = (Kind.CHANGE, Kind.MOVED)


def claim(
    session: Session, *, now: datetime, most: int, edition: int | None = None
) -> list[Claimed]:
    """Up to `most` waiting deliveries, now ours until the lease runs out; none when none wait.

    They are of one edition, never of one that is held, cancelled or expired. Whoever left, paused
    or was suppressed since the plan is skipped here: the last look. A delivery whose workers
    vanished ALONE_FROM times comes last and alone. The caller commits before it connects: a
    crash then leaves the lease to run out.
    """
    was_harmless = col(DeliveryRow.recovered) < ALONE_FROM
    for condition, number in ((was_harmless, most), (~was_harmless, 1)):
        for of_edition in _editions_waiting(session, condition, now=now, edition=edition):
            while taken := _take(session, of_edition.id, condition, now=now, most=number):
                if claimed := _claimed(session, of_edition, taken, now=now):
                    return claimed
    return []


class _Edition(NamedTuple):
    id: int
    edition_on: date
    kind: str


def _editions_waiting(
    session: Session, condition: Any, *, now: datetime, edition: int | None
) -> list[_Edition]:
    """The editions of which something may go out now: single mails first, then the oldest."""
    waits = exists().where(
        col(DeliveryRow.edition_id) == col(EditionRow.id),
        col(DeliveryRow.state) == PENDING,
        col(DeliveryRow.next_at) <= now,
        condition,
    )
    wanted = select(col(EditionRow.id), col(EditionRow.edition_on), col(EditionRow.kind)).where(
        col(EditionRow.state) == "open", col(EditionRow.expires_at) > now, waits
    )
    if edition is not None:
        wanted = wanted.where(col(EditionRow.id) == edition)
    in_turn = (col(EditionRow.kind).in_(_AT_ONCE).desc(), col(EditionRow.edition_on))
    return [_Edition._make(found) for found in session.execute(wanted.order_by(*in_turn))]


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_Taken = Sequence[Any]  # rows of the columns below, by id

_TAKEN: tuple[Any, ...] = (
    col(DeliveryRow.id),
    col(DeliveryRow.epoch),
    col(DeliveryRow.attempts),
    col(DeliveryRow.uncertain),
    col(DeliveryRow.subscriber_id),
    col(DeliveryRow.resend_no),
    col(DeliveryRow.message_id),
    # As a text, so that what many rows share is read once.
    cast(col(DeliveryRow.digest), Text).label("digest"),
)


def _take(session: Session, edition: int, condition: Any, *, now: datetime, most: int) -> _Taken:
    waiting = (
        select(col(DeliveryRow.id))
        .where(
            col(DeliveryRow.edition_id) == edition,
            col(DeliveryRow.state) == PENDING,
            col(DeliveryRow.next_at) <= now,
            condition,
        )
        .order_by(col(DeliveryRow.next_at))  # as the index has them: nothing is sorted
        .limit(most)
        # PostgreSQL; SQLite's transaction holds the write lock already
        .with_for_update(skip_locked=True)
    )
    ids = waiting.scalar_subquery()
    is_of_these: Any = col(DeliveryRow.id).in_(ids)
    planned_at: Any = cast(col(DeliveryRow.planned_at), Text)  # read once, too
    if session.get_bind().dialect.name == "postgresql":
        # Otherwise it goes through the whole ledger once for every batch, to join the two.
        is_of_these = col(DeliveryRow.id) == func.any(func.array(ids))
        # How its text looks is a server's setting, and to make instants takes 3 us each.
        seconds = extract("epoch", col(DeliveryRow.planned_at))
        planned_at = cast(seconds * 1_000_000, BigInteger)
    taken = session.connection().execute(
        update(DeliveryRow)
        .where(is_of_these)
        .values(state=State.SENDING, epoch=col(DeliveryRow.epoch) + 1, lease_until=now + LEASE)
        .returning(*_TAKEN, planned_at)
    )
    return sorted(taken.all(), key=itemgetter(0))


def _claimed(session: Session, edition: _Edition, taken: _Taken, *, now: datetime) -> list[Claimed]:
    """Those of the taken that may go out; the others leave the queue, with the reason."""
    kind = Kind(edition.kind)
    may_get, goes_elsewhere = MAY_GET[kind], kind in _ELSEWHERE
    if goes_elsewhere:
        readers = readers_elsewhere(session, [one.id for one in taken])
    else:
        readers = readers_of(session, [one.subscriber_id for one in taken])
    digests: dict[str, Digest | None] = {}
    claimed, unreachable = [], defaultdict[str, list[int]](list)
    for of, epoch, attempts, uncertain, subscriber, resend_no, message_id, digest, planned in taken:
        reader = readers.get(of if goes_elsewhere else subscriber)
        if reader is None:  # removed by hand, past all that keeps the two together
            unreachable["the reader is not there"].append(of)
            continue
        _, address, address_hash, thumbnails, language, status, paused_until, suppressed = reader
        if suppressed is not None:
            unreachable[f"the address is suppressed ({suppressed})"].append(of)
        elif status not in may_get:
            unreachable[f"the reader is {status}"].append(of)
        elif paused_until is not None and paused_until > now and kind is Kind.DIGEST:
            unreachable[f"the reader pauses until {paused_until:%Y-%m-%d}"].append(of)
        else:
            if digest not in digests:
                digests[digest] = readable(partial(digest_in, digest), of)
            claimed.append(
                Claimed(
                    of, epoch, attempts, uncertain, subscriber, address, address_hash, thumbnails,
                    language, edition.id, edition.edition_on, resend_no, message_id,
                    _instant(planned), kind, digests[digest],
                )
            )  # fmt: skip
    for because, skipped in unreachable.items():
        end(session, State.SKIPPED, because, col(DeliveryRow.id).in_(skipped), was=SENDING)
    return claimed


@lru_cache(maxsize=64)
def _instant(stored: str | int) -> datetime:
    """An instant as `_take` gave it: microseconds, or SQLite's text, in UTC without saying so."""
    if isinstance(stored, int):
        return _EPOCH + timedelta(microseconds=stored)
    return datetime.fromisoformat(stored).replace(tzinfo=UTC)


def record(
    session: Session,
    accepted: Sequence[tuple[int, Outcome]],
    others: Sequence[Move],
    *,
    now: datetime,
) -> None:
    """Write what became of each claimed delivery. accepted: by delivery id.

    An acceptance counts at any epoch: the reader has the message. Everything else only while the
    claim is still ours, so that a late worker undoes nothing.
    """
    if accepted:
        _record_accepted(session, accepted, now=now)
    if others:
        _record_others(session, others)
        add_attempts(session, others, now=now)
    bump_unseen(session, [move.subscriber_id for move in others if not _is_seen(move.state)])


def _record_accepted(
    session: Session, accepted: Sequence[tuple[int, Outcome]], *, now: datetime
) -> None:
    run_many(
        session,
        sqlite=(
            "UPDATE deliveries SET state = 'sent', lease_until = NULL, sent_at = :at, "
            "attempts = attempts + 1, last_code = :code, last_status = :status, last_text = :words "
            "WHERE id = :id AND state <> 'sent'"
        ),
        postgresql=(
            "UPDATE deliveries SET state = 'sent', lease_until = NULL, sent_at = :at, "
            "attempts = attempts + 1, last_code = one.code, last_status = one.status, "
            "last_text = one.words FROM unnest(CAST(:id AS bigint[]), CAST(:code AS integer[]), "
            "CAST(:status AS text[]), CAST(:words AS text[])) AS one(id, code, status, words) "
            "WHERE deliveries.id = one.id AND state <> 'sent'"
        ),
        columns={
            "id": [delivery for delivery, _ in accepted],
            "code": [outcome.code for _, outcome in accepted],
            "status": [outcome.status for _, outcome in accepted],
            "words": [outcome.text for _, outcome in accepted],
        },
        shared={"at": now},
    )


def _record_others(session: Session, others: Sequence[Move]) -> None:
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
            last_code=bindparam("to_code"),
            last_status=bindparam("to_status"),
            last_text=bindparam("to_text"),
        ),
        [
            {
                "of_id": move.delivery_id,
                "of_epoch": move.epoch,
                "to_state": move.state,
                "to_attempts": move.attempts,
                "to_uncertain": move.uncertain,
                "to_next_at": move.next_at,
                "to_code": move.code,
                "to_status": move.status,
                "to_text": move.text,
            }
            for move in others
        ],
    )


def _is_seen(state: State) -> bool:
    return state in COUNTS_AS_SEEN


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
            .where(col(DeliveryRow.state) == SENDING, col(DeliveryRow.lease_until) <= now)
            .order_by(col(DeliveryRow.lease_until))  # as its index has them
            .limit(most)
            .with_for_update(skip_locked=True)
        )
    )
