"""Where a claimed delivery goes after a try: the state machine's one table of moves."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from newsletter.core.delivery.states import (
    MAX_RECOVERIES,
    MAX_UNCERTAIN,
    UNCERTAIN_WAIT,
    Outcome,
    Result,
    State,
    retry_delay,
)

HELD_WAIT = timedelta(minutes=1)  # the relay is away or refuses us; no try of the reader's is used


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """The new state of one delivery and what the relay said; see DeliveryRow for the fields.

    is_try: whether the reader's message was tried at all, and not held back for our sake.
    """

    delivery_id: int
    epoch: int
    subscriber_id: int
    state: State
    attempts: int
    uncertain: int
    next_at: datetime
    code: int = 0
    status: str = ""
    text: str = ""
    is_try: bool = True


def move(
    outcome: Outcome,
    *,
    delivery_id: int,
    epoch: int,
    subscriber_id: int,
    attempts: int,
    uncertain: int,
    now: datetime,
) -> Move:
    """What one try makes of a delivery. attempts, uncertain: as they were before the try."""
    state, next_at = State.PENDING, now
    match outcome.result:
        case Result.SENT:
            state, attempts = State.SENT, attempts + 1
        case Result.FAILED:
            state, attempts = State.FAILED, attempts + 1
        case Result.HELD:
            next_at = now + HELD_WAIT
        case Result.DELAYED:
            next_at = now + outcome.wait
        case Result.UNCERTAIN:
            attempts, uncertain = attempts + 1, uncertain + 1
            state = State.PENDING if uncertain <= MAX_UNCERTAIN else State.REVIEW
            next_at = now + UNCERTAIN_WAIT
        case Result.DEFERRED:
            attempts += 1
            wait = retry_delay(attempts, seed=delivery_id)
            state = State.PENDING if wait is not None else State.FAILED
            next_at = now + (wait or timedelta())
    return Move(
        delivery_id=delivery_id,
        epoch=epoch,
        subscriber_id=subscriber_id,
        state=state,
        attempts=attempts,
        uncertain=uncertain,
        next_at=next_at,
        code=outcome.code,
        status=outcome.status,
        text=outcome.text[:500],
        is_try=outcome.result is not Result.HELD,
    )


def state_after_lapse(recovered: int) -> State:
    """Where a delivery goes whose worker vanished and nobody noted an acceptance.

    recovered: how often that happened, this time included. Message and Message-ID stay the same,
    so a copy that did arrive is recognised by most mailboxes.
    """
    return State.PENDING if recovered < MAX_RECOVERIES else State.REVIEW
