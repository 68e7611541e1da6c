"""The history of a delivery: each try that did not end in `sent`.

What is sent at the first go, nearly everything, writes nothing here: its row says it all.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlmodel import Session, col

from newsletter.adapters.store.tables import AttemptRow, DeliveryRow
from newsletter.core.delivery.ledger import Attempt
from newsletter.core.delivery.moves import Move
from newsletter.core.delivery.states import State


def add_attempts(session: Session, moves: Sequence[Move], *, now: datetime) -> None:
    """Keep these tries, each once. Where none was made, as the relay was away, none is kept.

    The deliveries are written before, in the same transaction. So a worker that writes a batch
    again, since the answer to its commit was lost, waits there until that commit came through or
    not, and then finds what is kept.
    """
    tries = [move for move in moves if move.is_try]
    kept = _kept(session, {move.delivery_id for move in tries}) if tries else set()
    _add(
        session,
        (
            {
                "delivery_id": move.delivery_id,
                "at": now,
                "epoch": move.epoch,
                "state": move.state,
                "code": move.code,
                "status": move.status,
                "text": move.text,
            }
            for move in tries
            if (move.delivery_id, move.epoch, move.state, move.code, move.text) not in kept
        ),
    )


def _kept(session: Session, delivery_ids: Collection[int]) -> set[tuple[Any, ...]]:
    """What tells the tries of these deliveries apart: delivery, epoch, state, code and text."""
    rows = session.execute(
        select(
            col(AttemptRow.delivery_id),
            col(AttemptRow.epoch),
            col(AttemptRow.state),
            col(AttemptRow.code),
            col(AttemptRow.text),
        ).where(col(AttemptRow.delivery_id).in_(delivery_ids))
    )
    return {tuple(row) for row in rows}


def add_turns(session: Session, deliveries: Iterable[DeliveryRow], *, now: datetime) -> None:
    """Keep where these deliveries stand now and why: what befell them was no try of theirs."""
    _add(
        session,
        (
            {
                "delivery_id": row.id,
                "at": now,
                "epoch": row.epoch,
                "state": row.state,
                "code": 0,
                "status": "",
                "text": row.last_text,
            }
            for row in deliveries
        ),
    )


def _add(session: Session, rows: Iterable[Mapping[str, Any]]) -> None:
    """Those whose delivery is still there: its reader may have been forgotten meanwhile."""
    found = list(rows)
    if not found:
        return
    ids = select(col(DeliveryRow.id)).where(
        col(DeliveryRow.id).in_([row["delivery_id"] for row in found])
    )
    there = set(session.scalars(ids.with_for_update(read=True, key_share=True)))
    if kept := [row for row in found if row["delivery_id"] in there]:
        session.execute(insert(AttemptRow), kept)


def attempts_of(session: Session, delivery_id: int) -> tuple[Attempt, ...]:
    """What is kept of this delivery's tries, the first one first."""
    rows = session.scalars(
        select(AttemptRow)
        .where(col(AttemptRow.delivery_id) == delivery_id)
        .order_by(col(AttemptRow.id))
    )
    return tuple(
        Attempt(at=row.at, epoch=row.epoch, state=State(row.state), code=row.code, text=row.text)
        for row in rows
    )
