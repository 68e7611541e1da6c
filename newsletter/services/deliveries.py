"""Send what waits, and give back what was abandoned."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from sqlmodel import Session

from newsletter.adapters.store import claims
from newsletter.adapters.store.at_hand import PapersAtHand
from newsletter.adapters.store.attempts import add_turns
from newsletter.adapters.store.claims import Claimed
from newsletter.adapters.store.ending import end_waiting
from newsletter.adapters.store.recipients import forget_recipients
from newsletter.adapters.store.reports import address_history
from newsletter.adapters.store.subscribers import MAX_REASON
from newsletter.adapters.store.tables import DeliveryRow
from newsletter.core.delivery.moves import Move, move, state_after_lapse
from newsletter.core.delivery.states import Outcome, Result, State
from newsletter.core.feedback.refusals import record_of_reply
from newsletter.core.feedback.suppression import Event, decide
from newsletter.core.mail.links import Letterhead
from newsletter.core.mail.press import letters_for
from newsletter.core.mail.rendering import Renderer
from newsletter.core.papers import Paper
from newsletter.core.ports import Letter, Seen
from newsletter.errors import QueueUnavailable

log = logging.getLogger(__name__)

BATCH = 500  # deliveries claimed at once by a worker that knows nothing of its relay
MOST_AT_ONCE = 1500  # by one whose relay is quick; each takes 8 KB of memory
BATCH_SECONDS = 1.0
SWEPT_AT_ONCE = 1000


def next_batch(size: int, *, claimed: int, sent: int, seconds: float) -> int:
    """How many deliveries to claim next, after a batch for which `size` were wanted.

    A second's work: the last round trips of each batch pass with few letters on their way, which
    a relay far away makes felt. A slow relay gets BATCH, so that little is claimed and then waits.
    """
    if claimed < size:  # no more waited, which says nothing of the relay
        return size
    return max(BATCH, min(MOST_AT_ONCE, 2 * size, round(sent / seconds * BATCH_SECONDS)))


def papers_for(
    session: Session, claimed: Sequence[Claimed], *, at_hand: PapersAtHand
) -> dict[str, Paper]:
    """The papers that these messages show."""
    # by identity: very many readers share one, and to go through it takes longer than all the rest
    digests = {id(one.digest): one.digest for one in claimed if one.digest is not None}
    ids = {found for digest in digests.values() for found in digest.shown_ids}
    return at_hand.with_ids(session, ids)


def letters_of(
    claimed: Sequence[Claimed],
    papers: Mapping[str, Paper],
    *,
    renderer: Renderer,
    letterhead: Letterhead,
) -> tuple[list[Letter], dict[int, str]]:
    """The messages, ready to hand over; and why, by delivery id, for those that cannot be made.

    One poisonous row must not stop the others: it goes to a person, with the reason.
    """
    letters, broken = letters_for(claimed, papers, renderer=renderer, letterhead=letterhead)
    for delivery_id, problem in broken.items():
        log.error("message_broken delivery=%s", delivery_id, exc_info=problem)
    return letters, {
        delivery_id: f"the message cannot be made: {type(problem).__name__}: {problem}"
        for delivery_id, problem in broken.items()
    }


def moves_of(
    claimed: Sequence[Claimed],
    outcomes: Mapping[int, Outcome],
    broken: Mapping[int, str],
    *,
    now: datetime,
) -> list[Move]:
    """Where each claimed delivery goes. One without an outcome is left to its lease."""
    moves = []
    for one in claimed:
        if one.id in outcomes:
            moves.append(_move(one, outcomes[one.id], now=now))
        elif one.id in broken:
            moves.append(_to_review(one, broken[one.id], now))
    return moves


def _move(one: Claimed, outcome: Outcome, *, now: datetime) -> Move:
    return move(
        outcome,
        delivery_id=one.id,
        epoch=one.epoch,
        subscriber_id=one.subscriber_id,
        attempts=one.attempts,
        uncertain=one.uncertain,
        now=now,
    )


def _to_review(one: Claimed, because: str, now: datetime) -> Move:
    return Move(
        delivery_id=one.id,
        epoch=one.epoch,
        subscriber_id=one.subscriber_id,
        state=State.REVIEW,
        attempts=one.attempts,
        uncertain=one.uncertain,
        next_at=now,
        text=because[:500],
    )


def held_for_our_sake(claimed: Sequence[Claimed], broken: Mapping[int, str]) -> dict[int, Outcome]:
    """Where not one of several messages could be made: all of them wait, for the fault is ours,
    such as a template's. Otherwise nothing: what cannot be made goes to a person.
    """
    if not len(broken) == len(claimed) > 1:
        return {}
    return {one: Outcome(result=Result.HELD, text=text) for one, text in broken.items()}


def record(
    session: Session,
    claimed: Sequence[Claimed],
    outcomes: Mapping[int, Outcome],
    broken: Mapping[int, str],
    *,
    now: datetime,
) -> None:
    """Write what became of these deliveries, and suppress where the rule for reports says so."""
    accepted, others = [], {}
    for one in claimed:
        outcome = outcomes.get(one.id)
        if outcome is not None and outcome.result is Result.SENT:
            accepted.append((one.id, outcome))
        elif outcome is not None:
            others[one.id] = outcome
    rest = [one for one in claimed if one.id in others or one.id in broken]
    moves = moves_of(rest, others, broken, now=now)
    failed = {move.delivery_id for move in moves if move.state is State.FAILED}
    for one in rest:
        if one.id in failed:
            _decide(session, one, others[one.id], now=now)
    claims.record(session, accepted, moves, now=now)


def _decide(session: Session, one: Claimed, outcome: Outcome, *, now: datetime) -> None:
    said = record_of_reply(
        outcome.code, outcome.status, outcome.text, is_after_data=outcome.is_after_data
    )
    suppression = decide(said, _history(session, one, now), now=now)
    if suppression is not None:
        because = suppression.reason[:MAX_REASON]
        claims.add_suppression(session, one.address_hash, because, now=now)
        log.info("suppressed subscriber=%s because=%s", one.subscriber_id, because)


def _history(session: Session, one: Claimed, now: datetime) -> Iterator[Event]:
    """Read only when it is asked for: most refusals decide without it."""
    yield from address_history(session, one.subscriber_id, one.address_hash, now=now)


def sweep(session: Session, *, seen: Seen, now: datetime) -> tuple[int, int]:
    """Settle what was abandoned: (leases that ran out, deliveries that will never go out).

    An acceptance that was noted counts as sent. Without a note, or without Redis, the delivery is
    in doubt: it waits again, with the same Message-ID.
    """
    rows = claims.lapsed(session, now=now, most=SWEPT_AT_ONCE)
    accepted = _accepted(seen, rows)
    for row in rows:
        row.lease_until = None
        if (row.id, row.epoch) in accepted:
            row.state, row.sent_at, row.last_text = State.SENT, now, "accepted, by its note"
            row.attempts += 1
        else:
            row.recovered += 1
            row.state, row.next_at = state_after_lapse(row.recovered), now
            row.last_text = "its worker vanished before it was recorded"
        log.warning("lease_lapsed delivery=%s state=%s", row.id, row.state)
    session.flush()
    add_turns(session, rows, now=now)
    forget_recipients(session, now=now)
    return len(rows), end_waiting(session, now=now)


def _accepted(seen: Seen, rows: Sequence[DeliveryRow]) -> set[tuple[int, int]]:
    pairs = [(row.id, row.epoch) for row in rows if row.id is not None]
    if not pairs:
        return set()
    try:
        return seen.accepted(pairs)
    except QueueUnavailable as problem:
        log.warning("acceptance_notes_away because=%s", problem)
        return set()
