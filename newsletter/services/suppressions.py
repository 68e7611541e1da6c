"""Suppressions by an admin's hand: add, lift, account for.

Only the keyed hash of an address is stored; the audit names it likewise.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlmodel import Session

from newsletter.adapters.store import histories
from newsletter.adapters.store import suppressions as store
from newsletter.adapters.store.ending import skip_waiting
from newsletter.adapters.store.reports import address_history
from newsletter.adapters.store.subscribers import (
    MAX_REASON,
    add_audit,
    subscriber_by_key,
    suppressed,
)
from newsletter.core.addresses import hash_address, parse_address
from newsletter.core.feedback.suppressed import Suppressing, SuppressionAccount
from newsletter.core.feedback.suppression import MOST_BAD_DAYS, Event, bad_days
from newsletter.errors import AddressError, NotFound, Refused

AT_ONCE = 500  # addresses in one transaction


def look(session: Session, texts: Iterable[str], *, hash_secret: bytes) -> Suppressing:
    """What suppressing these would come to; nothing is changed."""
    hashes: dict[str, str] = {}
    wrong, twice = [], 0
    for text in texts:
        try:
            found = parse_address(text)
        except AddressError as problem:
            wrong.append((text.strip(), str(problem)))
            continue
        hashed = hash_address(found.key, hash_secret)
        twice += hashed in hashes
        hashes.setdefault(hashed, found.text)
    there: set[str] = set()
    names = list(hashes)
    for start in range(0, len(names), AT_ONCE):
        there |= suppressed(session, names[start : start + AT_ONCE]).keys()
    return Suppressing(
        new=tuple(text for hashed, text in hashes.items() if hashed not in there),
        already=len(there),
        twice=twice,
        wrong=tuple(wrong),
    )


def add(
    session: Session,
    addresses: Sequence[str],
    *,
    because: str,
    actor: str,
    hash_secret: bytes,
    now: datetime,
) -> int:
    """Mail none of these any more, what waits included; how many were not suppressed before.

    addresses: at most AT_ONCE. Raises Refused without a reason, AddressError.
    """
    because = _reason(because)
    hashes = [hash_address(parse_address(text).key, hash_secret) for text in addresses]
    there = suppressed(session, hashes)
    new = [hashed for hashed in dict.fromkeys(hashes) if hashed not in there]
    store.add_suppressions(session, new, because=because, actor=actor, now=now)
    for subscriber_id in store.subscribers_with(session, new):
        skip_waiting(session, subscriber_id, f"the address is suppressed ({because})")
    return len(new)


def lift(
    session: Session, address: str, *, because: str, actor: str, hash_secret: bytes, now: datetime
) -> None:
    """Let this address be mailed again; its subscription stays as it is, its score begins anew.

    Raises AddressError, Refused without a reason, NotFound where it is not suppressed.
    """
    because = _reason(because)
    hashed = hash_address(parse_address(address).key, hash_secret)
    found = store.suppression(session, hashed)
    if found is None:
        raise NotFound(f"{address.strip()} is not suppressed: there is nothing to lift.")
    store.remove_suppression(session, hashed)
    add_audit(
        session,
        actor=actor,
        action=histories.LIFT,
        subject=hashed,
        because=because,
        details={"reason": found.reason, "since": found.since_at.isoformat()},
        now=now,
    )


def why(session: Session, address: str, *, hash_secret: bytes, now: datetime) -> SuppressionAccount:
    """Why this address is not mailed, with all that was told of it. Raises AddressError."""
    parsed = parse_address(address)
    hashed = hash_address(parsed.key, hash_secret)
    reader = subscriber_by_key(session, parsed.key)
    told = [*store.told_of(session, hashed)]
    number = reader.id if reader is not None else 0
    told += histories.refusals_of(session, number, hashed, now=now)
    lifted_at = histories.lifted_at(session, hashed)
    history = address_history(session, number, hashed, now=now)
    history += [Event(at=lifted_at)] if lifted_at is not None else []
    return SuppressionAccount(
        address=parsed.text,
        suppression=store.suppression(session, hashed),
        status=str(reader.status) if reader is not None else "",
        told=tuple(sorted(told, key=lambda one: one.at, reverse=True)),
        bad_days=len(bad_days(history, now=now)),
        most_bad_days=MOST_BAD_DAYS,
        lifted_at=lifted_at,
    )


def _reason(because: str) -> str:
    found = " ".join(because.split())[:MAX_REASON]
    if not found:
        raise Refused("No reason was given: say in --reason why, for who asks later.")
    return found
