"""Send again what an admin asks for, to exactly those readers."""

from collections.abc import Collection
from datetime import date, datetime

from sqlmodel import Session

from newsletter.adapters.store.deliveries import Sender, add_resends
from newsletter.adapters.store.ledger import edition_row, extend_edition, last_digests
from newsletter.adapters.store.subscribers import (
    add_audit,
    address_hashes_of,
    subscriber_by_key,
    suppressed,
)
from newsletter.core.addresses import parse_address
from newsletter.core.delivery import LEAST_LIFE, Kind, State
from newsletter.core.results import Resent
from newsletter.core.subscribers import Status
from newsletter.errors import NotFound


def resend(
    session: Session,
    edition: date,
    addresses: Collection[str],
    *,
    actor: str,
    because: str,
    is_dry_run: bool,
    sender: Sender,
    now: datetime,
) -> Resent:
    """Plan the readers' digests of this edition once more; refuses each it must not, and why.

    Raises NotFound when there is no such edition, AddressError for what is no address.
    """
    row = edition_row(session, Kind.DIGEST, edition)
    if row is None or row.id is None:
        raise NotFound(
            f"There is no edition {edition}: see `newsletter status` for those there are."
        )
    refused: list[tuple[str, str]] = []
    readers: dict[int, str] = {}
    for address in dict.fromkeys(addresses):
        reason, reader = _may_resend(session, address)
        if reader is None:
            refused.append((address, reason))
        else:
            readers[reader[0]] = reader[1]
    originals = last_digests(session, row.id, readers)
    for reader_id, address in readers.items():
        if reader_id not in originals:
            refused.append((address, f"has no digest in edition {edition}: nothing matched"))
        elif originals[reader_id].state in (State.PENDING, State.SENDING):
            refused.append((address, "has one waiting already: it goes out by itself"))
            del originals[reader_id]
    chosen = {reader: address for reader, address in readers.items() if reader in originals}
    ids: list[int] = []
    if chosen and not is_dry_run:
        extend_edition(session, row.id, now + LEAST_LIFE)
        ids = add_resends(
            session, list(originals.values()), edition, sender=sender, now=now, because=because
        )
        add_audit(
            session,
            actor=actor,
            action="resend",
            subject=f"edition {edition}",
            because=because,
            details={"deliveries": ids},
            now=now,
        )
    return Resent(
        edition=edition,
        addresses=tuple(chosen.values()),
        delivery_ids=tuple(ids),
        refused=tuple(refused),
        is_dry_run=is_dry_run,
    )


def _may_resend(session: Session, text: str) -> tuple[str, tuple[int, str] | None]:
    """Why this reader must not be mailed, or their id and address."""
    address = parse_address(text)
    subscriber = subscriber_by_key(session, address.key)
    if subscriber is None:
        return "is not a subscriber", None
    hashes = address_hashes_of(session, [subscriber.id])
    for reason in suppressed(session, hashes.values()).values():
        return f"is suppressed ({reason}): only an admin who knows better lifts that", None
    if subscriber.status is not Status.ACTIVE:
        return f"is {subscriber.status}, not active: they must subscribe again themselves", None
    return "", (subscriber.id, subscriber.address)
