"""Subscribe, confirm, recover the link; and what admins do with a subscription.

Ids come from signed links, so an id that is not there means a link that has outlived its
subscription. What is returned as `int | None` is a delivery that waits: ring for it.
"""

from datetime import datetime, timedelta

from sqlmodel import Session

from newsletter.adapters.store import subscribers as store
from newsletter.adapters.store.activation import activate, refuse_suppressed
from newsletter.adapters.store.deliveries import Sender, add_single
from newsletter.adapters.store.recipients import changes_asked
from newsletter.core.addresses import Address, hash_address, parse_address
from newsletter.core.delivery.states import Kind
from newsletter.core.subscribers import (
    MOST_CONFIRMATIONS,
    Status,
    Subscriber,
    Wishes,
    check_wishes,
)
from newsletter.errors import NotFound, Refused

MOST_RECOVERIES = 3
_DAY = timedelta(days=1)


def key_of(address: str) -> str:
    """The normalised form of an address, by which it is found. Raises AddressError."""
    return parse_address(address).key


def subscribe(
    session: Session,
    address: str,
    wishes: Wishes,
    *,
    hash_secret: bytes,
    sender: Sender,
    now: datetime,
) -> int | None:
    """Wait for this address to confirm these wishes; the confirmation mail's delivery.

    None, and no error, when nothing is mailed: the address is active (then nothing changes),
    suppressed, or had MOST_CONFIRMATIONS today. Whoever typed it must not learn which.
    Raises AddressError, FilterError or ChoiceError for what was typed.
    """
    found, wishes = parse_address(address), check_wishes(wishes)
    address_hash = hash_address(found.key, hash_secret)
    subscriber = store.subscriber_by_key(session, found.key, is_locked=True)
    if store.is_suppressed(session, address_hash):
        return None
    if subscriber is None:
        subscriber_id = _add(session, found, wishes, address_hash=address_hash, now=now)
    elif subscriber.status is Status.ACTIVE:
        return None
    else:
        subscriber_id = subscriber.id
        store.set_wishes(session, subscriber_id, wishes)
        store.set_pending(session, subscriber_id)
    return _ask(session, subscriber_id, address_hash, sender=sender, now=now)


def confirm(
    session: Session, subscriber_id: int, *, sender: Sender, now: datetime
) -> tuple[Subscriber, int | None]:
    """Begin to mail this reader; confirming again changes nothing. With the welcome's delivery.

    Raises LinkError when the subscription is gone, Refused when it was ended since, or its address
    suppressed.
    """
    subscriber = store.subscriber_behind(session, subscriber_id, is_locked=True)
    if subscriber.status is Status.ACTIVE:
        return subscriber, None
    if subscriber.status is Status.ENDED:
        raise Refused("This subscription was ended after the link was made: subscribe again.")
    refuse_suppressed(session, subscriber_id)
    activated = activate(session, subscriber, now=now)
    welcome = add_single(session, Kind.WELCOME, subscriber_id, sender=sender, now=now, most=1)
    return activated, welcome


def subscriber_of(session: Session, subscriber_id: int) -> Subscriber:
    """The reader a link is about; read only. Raises LinkError when the subscription is gone."""
    return store.subscriber_behind(session, subscriber_id)


def recover(
    session: Session, address: str, *, hash_secret: bytes, sender: Sender, now: datetime
) -> int | None:
    """Mail this reader the link to their preferences; the mail's delivery.

    One who has not confirmed gets the confirmation once more. None, and no error, when nothing is
    mailed: unknown, suppressed, or MOST_RECOVERIES today. Raises AddressError.
    """
    found = parse_address(address)
    subscriber = store.subscriber_by_key(session, found.key, is_locked=True)
    address_hash = hash_address(found.key, hash_secret)
    if subscriber is None or store.is_suppressed(session, address_hash):
        return None
    if subscriber.status is Status.PENDING:
        return _ask(session, subscriber.id, address_hash, sender=sender, now=now)
    return add_single(
        session, Kind.RECOVER, subscriber.id, sender=sender, now=now, most=MOST_RECOVERIES
    )


def subscriber(session: Session, address: str) -> Subscriber:
    """The subscriber of this address. Raises AddressError, NotFound."""
    found = store.subscriber_by_key(session, key_of(address))
    if found is None:
        raise _unknown(address)
    return found


def add_subscriber(
    session: Session,
    address: str,
    wishes: Wishes,
    *,
    is_confirmed: bool,
    actor: str,
    hash_secret: bytes,
    sender: Sender,
    now: datetime,
) -> tuple[Subscriber, int | None]:
    """Add a reader for an admin: at once when they are known to want it, else by confirmation.

    With the confirmation mail's delivery, if there is one. Raises Refused for an address that is
    there already or suppressed; AddressError, FilterError, ChoiceError.
    """
    found, wishes = parse_address(address), check_wishes(wishes)
    address_hash = hash_address(found.key, hash_secret)
    if store.is_suppressed(session, address_hash):
        raise Refused(f"{found.text} is suppressed: no mail may go there.")
    present = store.subscriber_by_key(session, found.key, is_locked=True)
    if present is not None:
        raise Refused(_is_there_already(present))
    subscriber_id = _add(session, found, wishes, address_hash=address_hash, now=now)
    asked = None
    if is_confirmed:
        activate(session, store.subscriber_behind(session, subscriber_id), now=now)
    else:
        asked = _ask(session, subscriber_id, address_hash, sender=sender, now=now)
    store.add_audit(
        session,
        actor=actor,
        action="add subscriber",
        subject=address_hash,
        details={"subscriber": subscriber_id, "is_confirmed": is_confirmed},
        now=now,
    )
    return store.subscriber_behind(session, subscriber_id), asked


def remove_subscriber(
    session: Session, address: str, *, actor: str, hash_secret: bytes, now: datetime
) -> None:
    """Forget a reader with all that was sent to them; a suppression stays.

    Raises AddressError, NotFound.
    """
    found = store.subscriber_by_key(session, key_of(address))
    if found is None:
        raise _unknown(address)
    store.remove_subscriber(session, found.id)
    store.add_audit(
        session,
        actor=actor,
        action="remove subscriber",
        subject=hash_address(key_of(address), hash_secret),
        details={"subscriber": found.id},
        now=now,
    )


def _add(
    session: Session, address: Address, wishes: Wishes, *, address_hash: str, now: datetime
) -> int:
    """The new subscriber's id, or that of one whom another request added just now."""
    added = store.add_subscriber(session, address, wishes, address_hash=address_hash, now=now)
    if added is not None:
        return added
    present = store.subscriber_by_key(session, address.key, is_locked=True)
    assert present is not None  # its key was there a moment ago, and now it is locked
    return present.id


def _ask(
    session: Session, subscriber_id: int, address_hash: str, *, sender: Sender, now: datetime
) -> int | None:
    """The confirmation; whatever else asked this address for its consent today counts as one."""
    most = MOST_CONFIRMATIONS - changes_asked(session, address_hash, since=now - _DAY)
    return add_single(session, Kind.CONFIRM, subscriber_id, sender=sender, now=now, most=most)


def _is_there_already(subscriber: Subscriber) -> str:
    if subscriber.status is Status.ENDED:
        return (
            f"{subscriber.address} left on {subscriber.ended_at:%Y-%m-%d}: only they themselves "
            "can come back, on the subscribe page."
        )
    return (
        f"{subscriber.address} is a subscriber already ({subscriber.status}): "
        f"see `newsletter subscribers show {subscriber.address}`."
    )


def _unknown(address: str) -> NotFound:
    return NotFound(
        f"{address.strip()} is not a subscriber: `newsletter subscribers list` shows who is."
    )
