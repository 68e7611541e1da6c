"""The history of a delivery: each try that did not end in `sent`.

What is sent at the first go, nearly everything, writes nothing here: its row says it all.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlmodel import Session, col

from newsletter.adapters.store.tables import AttemptRow, DeliveryRow
from newsletter.core.delivery import State
from newsletter.core.ledger import Attempt
from newsletter.core.moves import Move


def add_attempts(session: Session, moves: Sequence[Move], *, now: datetime) -> None:
    """Keep these tries, in one statement. Where none was made, as the relay was away, none is."""
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
            for move in moves
            if move.is_try
        ),
    )


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
    if found := list(rows):
        session.execute(insert(AttemptRow), found)


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
