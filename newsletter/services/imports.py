"""Take in many readers at once, who asked for the mail elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from sqlmodel import Session

from newsletter.adapters.store import subscribers as store
from newsletter.core.addresses import Address, hash_address, parse_address
from newsletter.core.results import Imported
from newsletter.core.schedule import check_cadence, next_due
from newsletter.core.subscribers import Wishes, check_wishes
from newsletter.errors import AddressError, ChoiceError, FilterError

AT_ONCE = 1000  # readers in one transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reader:
    address: Address
    address_hash: str
    wishes: Wishes


def import_subscribers(
    session: Session,
    readers: Sequence[tuple[str, Wishes]],
    *,
    actor: str,
    hash_secret: bytes,
    now: datetime,
) -> Imported:
    """Add these readers as active; refuses, with the reason, each that cannot be.

    readers: at most AT_ONCE addresses with their wishes. Nobody who is there already or suppressed
    is touched, so that a file can be taken in twice.
    """
    refused: list[tuple[str, str]] = []
    checked: dict[str, _Reader] = {}
    for text, wishes in readers:
        try:
            reader = _checked(text, wishes, hash_secret)
        except (AddressError, FilterError, ChoiceError) as problem:
            refused.append((text, str(problem)))
            continue
        if reader.address.key in checked:
            refused.append((text, "stands there twice"))
        else:
            checked[reader.address.key] = reader
    for key, because in _not_welcome(session, checked).items():
        refused.append((checked.pop(key).address.text, because))
    added = [
        (one.address, one.address_hash, one.wishes, _due(one.wishes, now))
        for one in checked.values()
    ]
    if added:
        store.add_active(session, added, now=now)
        store.add_audit(
            session,
            actor=actor,
            action="import subscribers",
            subject=f"{len(added)} readers",
            details={"refused": len(refused)},
            now=now,
        )
    return Imported(added=len(added), refused=tuple(refused))


def _checked(text: str, wishes: Wishes, hash_secret: bytes) -> _Reader:
    address = parse_address(text)
    hashed = hash_address(address.key, hash_secret)
    return _Reader(address=address, address_hash=hashed, wishes=_checked_wishes(wishes))


# Readers that come together from elsewhere mostly have the same wishes.
_checked_wishes = lru_cache(maxsize=4096)(check_wishes)


def _not_welcome(session: Session, readers: dict[str, _Reader]) -> dict[str, str]:
    """Why some of these cannot be added, by their address's key."""
    there = store.statuses_of(session, list(readers))
    found = {key: f"is a subscriber already ({status})" for key, status in there.items()}
    hashes = {one.address_hash: key for key, one in readers.items()}
    for hashed, reason in store.suppressed(session, list(hashes)).items():
        found[hashes[hashed]] = f"is suppressed ({reason})"
    return found


def _due(wishes: Wishes, now: datetime) -> datetime:
    return _due_after(wishes.cadence, wishes.hour, wishes.weekday, wishes.time_zone, now)


@lru_cache(maxsize=1024)  # one instant for very many readers
def _due_after(cadence: str, hour: int, weekday: int, time_zone: str, now: datetime) -> datetime:
    return next_due(
        check_cadence(cadence), hour=hour, weekday=weekday, time_zone=time_zone, after=now
    )
