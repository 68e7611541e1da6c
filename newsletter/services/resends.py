"""Send an edition again to exactly the readers whom an admin asks for, a page at a time.

A page is one transaction: what is stopped in the middle goes on where it was when it is asked for
again, and nobody gets two.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime

from sqlmodel import Session

from newsletter.adapters.store import candidates as book
from newsletter.adapters.store.deliveries import Sender, add_resends, deliveries_with_ids
from newsletter.adapters.store.editions import edition_row, extend_edition
from newsletter.adapters.store.subscribers import add_audit, ids_by_key
from newsletter.adapters.store.tables import EditionRow
from newsletter.core.addresses import parse_address
from newsletter.core.delivery.resends import Candidate, Verdict, Wanted, refusal
from newsletter.core.delivery.states import LEAST_LIFE, Kind
from newsletter.core.ports import RANGE_SIZE
from newsletter.core.schedule import Cadence, due_on
from newsletter.errors import NotFound, Refused


def edition_for(session: Session, day: date, *, is_locked: bool = False) -> EditionRow:
    """The edition whose digests may be sent again. is_locked: nobody else adds to it meanwhile.

    Raises NotFound, and Refused for one that was cancelled.
    """
    row = edition_row(session, Kind.DIGEST, day, is_locked=is_locked)
    if row is None:
        raise NotFound(f"There is no edition {day}: see `newsletter editions list`.")
    if row.state == "cancelled":
        raise Refused(
            f"Edition {day} was cancelled ({row.held_because}): nothing of it is sent any more."
        )
    return row


def named(session: Session, edition: EditionRow, addresses: Iterable[str]) -> list[Candidate]:
    """The readers of these addresses, in that order. Raises AddressError, NotFound.

    A stranger is a Candidate of no status, so that the others are not held up.
    """
    keys = {parse_address(text).key: text for text in addresses}
    ids = ids_by_key(session, keys)
    found = book.candidates_of(session, edition.id or 0, ids.values())
    return [found[ids[key]] if key in ids else _stranger(text) for key, text in keys.items()]


def _stranger(address: str) -> Candidate:
    return Candidate(
        subscriber_id=0,
        address=address,
        domain=address.rpartition("@")[2],
        status="",
        paused_until=None,
        suppressed_because=None,
    )


def resend(
    session: Session,
    edition: EditionRow,
    asked: Sequence[Candidate],
    wanted: Wanted,
    *,
    actor: str,
    is_dry_run: bool,
    sender: Sender,
    now: datetime,
) -> list[Verdict]:
    """Plan these readers' digests once more, and say of each what was decided, in their order."""
    refused = {one.address: _refusal(one, wanted, now=now) for one in asked}
    chosen = [one.delivery_id for one in asked if one.delivery_id and not refused[one.address]]
    made: dict[int, int] = {}
    if chosen and not is_dry_run:
        extend_edition(session, edition.id or 0, now + LEAST_LIFE)
        originals = deliveries_with_ids(session, chosen)
        day, because = edition.edition_on, wanted.because
        ids = add_resends(session, originals, day, sender=sender, now=now, because=because)
        made = dict(zip((row.subscriber_id for row in originals), ids, strict=True))
        _audit(session, wanted, {"deliveries": ids}, actor=actor, now=now)
    return [
        Verdict(
            subscriber_id=one.subscriber_id,
            address=one.address,
            domain=one.domain,
            state=one.state,
            refused=refused[one.address],
            delivery_id=made.get(one.subscriber_id),
        )
        for one in asked
    ]


def _refusal(one: Candidate, wanted: Wanted, *, now: datetime) -> str:
    if not one.subscriber_id:
        return "is not a subscriber"
    because = refusal(one, wanted, now=now)
    if not because and one.delivery_id is None:
        return f"has no digest in edition {wanted.edition}: nothing matched"
    return because


def never_planned(
    session: Session, edition: EditionRow, range_no: int, wanted: Wanted, *, now: datetime
) -> dict[int, Verdict]:
    """Readers of the range who were due in this edition and of whom the ledger knows nothing.

    By subscriber id. Whether anything matches their topics only the planner can say.
    """
    ids = range_no * RANGE_SIZE, (range_no + 1) * RANGE_SIZE - 1
    rows = book.without_delivery(session, edition.id or 0, ids, domain=wanted.domain)
    return {
        row.subscriber_id: Verdict(
            subscriber_id=row.subscriber_id, address=row.address, domain=row.domain, state=None
        )
        for row in rows
        if _was_due(row, wanted.edition, now)
    }


def _was_due(row: book.NotPlanned, edition: date, now: datetime) -> bool:
    """Whether this edition should have reached this reader by now."""
    if row.suppressed_because is not None or (row.paused_until and row.paused_until > now):
        return False
    due_at = due_on(
        edition,
        Cadence(row.cadence),
        hour=row.hour,
        weekday=row.weekday,
        time_zone=row.time_zone,
    )
    if due_at is None or due_at > now:
        return False
    return row.confirmed_at is not None and row.confirmed_at <= due_at


def audit_planned(
    session: Session, wanted: Wanted, readers: Collection[int], *, actor: str, now: datetime
) -> None:
    """Note whose digests were planned for the first time by an admin's hand."""
    _audit(session, wanted, {"planned_for": sorted(readers)}, actor=actor, now=now)


def _audit(
    session: Session, wanted: Wanted, details: dict[str, list[int]], *, actor: str, now: datetime
) -> None:
    add_audit(
        session,
        actor=actor,
        action="resend",
        subject=f"edition {wanted.edition}",
        because=wanted.because,
        details=details,
        now=now,
    )
