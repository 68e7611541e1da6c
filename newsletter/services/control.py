"""What an admin does to a whole edition: hold it, let it go on, call it off, set it right."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from sqlmodel import Session

from newsletter.adapters.store.editions import (
    edition_by_id,
    edition_row,
    extend_edition,
    set_edition_state,
)
from newsletter.adapters.store.ending import skip_of_edition
from newsletter.adapters.store.rates import reported
from newsletter.adapters.store.reconciling import set_sent
from newsletter.adapters.store.subscribers import add_audit, was_done
from newsletter.adapters.store.tables import EditionRow
from newsletter.adapters.store.tallies import reasons, tally
from newsletter.core.delivery.breaker import why_hold
from newsletter.core.delivery.states import LEAST_LIFE, Kind, State
from newsletter.errors import NotFound, Refused

SKIPPED_AT_ONCE = 2000  # a transaction's worth: workers on SQLite wait for it


def edition_of_digests(session: Session, day: date, *, is_locked: bool = False) -> EditionRow:
    """This day's edition. Raises NotFound."""
    row = edition_row(session, Kind.DIGEST, day, is_locked=is_locked)
    if row is None:
        raise NotFound(f"There is no edition {day}: see `newsletter editions list`.")
    return row


def hold(session: Session, day: date, *, because: str, actor: str, now: datetime) -> None:
    """Nothing of it is claimed any more until it is released; what workers have in hand goes out.

    Held already: the new reason stands. Raises NotFound, and Refused for one that was cancelled.
    """
    row = edition_of_digests(session, day, is_locked=True)
    _refuse_cancelled(row)
    set_edition_state(session, row.id or 0, "held", because)
    _audit(session, "hold", row, actor=actor, because=because, now=now)


def hold_if_refused(session: Session, edition_id: int, *, now: datetime) -> str:
    """Hold this edition where too much of it is refused or complained of; why, or "" if it goes on.

    One that an admin has released is never held by itself again.
    """
    row = edition_by_id(session, edition_id, is_locked=True)
    if row is None or row.state != "open" or row.kind != Kind.DIGEST:
        return ""
    failures = [
        (code, words, count)
        for state, code, words, count in reasons(session, edition_id, now=now)
        if state is State.FAILED
    ]
    sent = tally(session, edition_id, now=now).counts.get(State.SENT, 0)
    because = why_hold(sent, failures, reported(session, edition_id))
    if not because or was_done(session, "release edition", _subject(row)):
        return ""
    set_edition_state(session, edition_id, "held", because)
    _audit(session, "hold", row, actor="the breaker", because=because, now=now)
    return because


def release(session: Session, day: date, *, because: str, actor: str, now: datetime) -> None:
    """Let a held edition go on, and live for long enough to be sent.

    Raises NotFound, and Refused for one that is not held.
    """
    row = edition_of_digests(session, day, is_locked=True)
    _refuse_cancelled(row)
    if row.state != "held":
        raise Refused(f"Edition {day} is {row.state}, not held: there is nothing to release.")
    set_edition_state(session, row.id or 0, "open", "")
    extend_edition(session, row.id or 0, now + LEAST_LIFE)
    details = {"held_because": row.held_because}
    _audit(session, "release", row, actor=actor, because=because, now=now, details=details)


def cancel(session: Session, day: date, *, because: str, actor: str, now: datetime) -> int:
    """Nothing of it is sent any more, for good; its row's id, for `skip_waiting`.

    Cancelled already: nothing changes but that what may still wait can be skipped.
    """
    row = edition_of_digests(session, day, is_locked=True)
    if row.state != "cancelled":
        set_edition_state(session, row.id or 0, "cancelled", because)
        _audit(session, "cancel", row, actor=actor, because=because, now=now)
    return row.id or 0


def skip_waiting(session: Session, edition_id: int, *, because: str) -> int:
    """Skip some of what waits in a cancelled edition; how many, 0 when none is left."""
    reason = f"its edition was cancelled: {because}"
    return skip_of_edition(session, edition_id, reason, most=SKIPPED_AT_ONCE)


def set_right(
    session: Session, day: date, ids: Collection[int], *, because: str, actor: str, now: datetime
) -> int:
    """Record as sent what the relay's log shows; how many were not meanwhile."""
    row = edition_of_digests(session, day)
    done = set_sent(session, ids, now=now)
    details = {"deliveries": done}
    _audit(session, "reconcile", row, actor=actor, because=because, now=now, details=details)
    return len(done)


def _refuse_cancelled(row: EditionRow) -> None:
    if row.state == "cancelled":
        raise Refused(
            f"Edition {row.edition_on} was cancelled ({row.held_because}): that cannot be undone."
        )


def _audit(
    session: Session,
    action: str,
    row: EditionRow,
    *,
    actor: str,
    because: str,
    now: datetime,
    details: dict[str, Any] | None = None,
) -> None:
    add_audit(
        session,
        actor=actor,
        action=f"{action} edition",
        subject=_subject(row),
        because=because,
        details=details,
        now=now,
    )


def _subject(row: EditionRow) -> str:
    return f"edition {row.edition_on}"
