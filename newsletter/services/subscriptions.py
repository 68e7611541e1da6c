"""Subscribe, confirm, choose, leave, come back: what readers and admins do with a subscription.

Ids come from signed links, so an id that is not there means a link that has outlived its
subscription. What is returned as `int | None` is a delivery that waits: ring for it.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from sqlmodel import Session

from newsletter.adapters.store import subscribers as store
from newsletter.adapters.store.claims import skip_waiting
from newsletter.adapters.store.deliveries import Sender, add_single
from newsletter.adapters.store.planning import lock_range
from newsletter.core.addresses import Address, hash_address, parse_address
from newsletter.core.delivery import Kind
from newsletter.core.ports import RANGE_SIZE
from newsletter.core.schedule import check_cadence, next_due
from newsletter.core.subscribers import LEFT_BY_READER, Status, Subscriber, Wishes, check_wishes
from newsletter.errors import LinkError, NotFound, Refused

MOST_CONFIRMATIONS = 3  # a day and address: a stranger can type any address into the form
MOST_RECOVERIES = 3
_SCHEDULE = ("cadence", "weekday", "hour", "time_zone", "paused_until")
_INSTANT = timedelta(microseconds=1)


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
    subscriber = store.subscriber_by_key(session, found.key, is_locked=True)
    if _is_suppressed(session, found, hash_secret):
        return None
    if subscriber is None:
        subscriber_id = _add(session, found, wishes, hash_secret=hash_secret, now=now)
    elif subscriber.status is Status.ACTIVE:
        return None
    else:
        subscriber_id = subscriber.id
        store.set_wishes(session, subscriber_id, wishes)
        store.set_pending(session, subscriber_id)
    return _ask(session, subscriber_id, sender=sender, now=now)


def confirm(session: Session, subscriber_id: int, *, now: datetime) -> Subscriber:
    """Begin to mail this reader; confirming again changes nothing.

    Raises LinkError when the subscription is gone, Refused when it was ended since, or its address
    suppressed.
    """
    subscriber = _by_link(session, subscriber_id)
    if subscriber.status is Status.ACTIVE:
        return subscriber
    if subscriber.status is Status.ENDED:
        raise Refused("This subscription was ended after the link was made: subscribe again.")
    _refuse_suppressed(session, subscriber)
    return _activate(session, subscriber, now=now)


def subscriber_of(session: Session, subscriber_id: int) -> Subscriber:
    """The reader a link is about; read only. Raises LinkError when the subscription is gone."""
    return _by_link(session, subscriber_id, is_locked=False)


def change_wishes(
    session: Session, subscriber_id: int, wishes: Wishes, *, now: datetime
) -> Subscriber:
    """Replace all wishes of a reader; a new schedule counts from now.

    Raises FilterError or ChoiceError, and then nothing has changed; LinkError.
    """
    wishes = _without_past_pause(check_wishes(wishes), now=now)
    before = _by_link(session, subscriber_id)
    store.set_wishes(session, subscriber_id, wishes)
    is_rescheduled = any(
        getattr(wishes, name) != getattr(before.wishes, name) for name in _SCHEDULE
    )
    if before.status is Status.ACTIVE and (is_rescheduled or before.next_due_at is None):
        store.set_next_due(session, subscriber_id, next_due_at(wishes, now=now))
    return _by_link(session, subscriber_id)


def unsubscribe(session: Session, subscriber_id: int, *, because: str, now: datetime) -> Subscriber:
    """Mail this reader no more, what waits already included; leaving again changes nothing.

    because: one of LEFT_BY_READER when the reader left. Raises LinkError.
    """
    lock_range(session, subscriber_id // RANGE_SIZE)  # in the planner's order: range, then reader
    subscriber = _by_link(session, subscriber_id)
    if subscriber.status is Status.ENDED:
        return subscriber
    store.end_subscription(session, subscriber_id, because=because, now=now)
    skip_waiting(session, subscriber_id, "the reader left")
    return _by_link(session, subscriber_id)


def resubscribe(session: Session, subscriber_id: int, *, now: datetime) -> Subscriber:
    """Take back a leave: mail this reader again with the wishes of before.

    The link proves the address, so no new confirmation is asked of one who confirmed once.
    Raises Refused unless the reader left by themselves, and when the address is suppressed.
    """
    subscriber = _by_link(session, subscriber_id)
    if subscriber.status is Status.ACTIVE:
        return subscriber
    was_ended_by_others = (
        subscriber.status is Status.ENDED and subscriber.ended_because not in LEFT_BY_READER
    )
    if was_ended_by_others or subscriber.confirmed_at is None:
        raise Refused("This subscription cannot be taken up again by a link: subscribe anew.")
    _refuse_suppressed(session, subscriber)
    return _activate(session, subscriber, now=now)


def recover(
    session: Session, address: str, *, hash_secret: bytes, sender: Sender, now: datetime
) -> int | None:
    """Mail this reader the link to their preferences; the mail's delivery.

    One who has not confirmed gets the confirmation once more. None, and no error, when nothing is
    mailed: unknown, suppressed, or MOST_RECOVERIES today. Raises AddressError.
    """
    found = parse_address(address)
    subscriber = store.subscriber_by_key(session, found.key, is_locked=True)
    if subscriber is None or _is_suppressed(session, found, hash_secret):
        return None
    if subscriber.status is Status.PENDING:
        return _ask(session, subscriber.id, sender=sender, now=now)
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
    if _is_suppressed(session, found, hash_secret):
        raise Refused(f"{found.text} is suppressed: no mail may go there.")
    present = store.subscriber_by_key(session, found.key, is_locked=True)
    if present is not None:
        raise Refused(_is_there_already(present))
    subscriber_id = _add(session, found, wishes, hash_secret=hash_secret, now=now)
    asked = None
    if is_confirmed:
        _activate(session, _by_link(session, subscriber_id), now=now)
    else:
        asked = _ask(session, subscriber_id, sender=sender, now=now)
    store.add_audit(
        session,
        actor=actor,
        action="add subscriber",
        subject=hash_address(found.key, hash_secret),
        details={"subscriber": subscriber_id, "is_confirmed": is_confirmed},
        now=now,
    )
    return _by_link(session, subscriber_id), asked


def remove_subscriber(
    session: Session, address: str, *, actor: str, hash_secret: bytes, now: datetime
) -> None:
    """Forget a reader with all that was sent to them; a suppression stays.

    Raises AddressError, NotFound.
    """
    found = store.subscriber_by_key(session, key_of(address))
    if found is None:
        raise _unknown(address)
    lock_range(session, found.id // RANGE_SIZE)  # a digest that is being planned needs the row
    store.remove_subscriber(session, found.id)
    store.add_audit(
        session,
        actor=actor,
        action="remove subscriber",
        subject=hash_address(key_of(address), hash_secret),
        details={"subscriber": found.id},
        now=now,
    )


def next_due_at(wishes: Wishes, *, now: datetime) -> datetime:
    """When the next digest of these wishes is due: after now, and not before a pause ends."""
    after = now
    if wishes.paused_until is not None:
        after = max(now, wishes.paused_until - _INSTANT)  # that instant itself is no longer paused
    return next_due(
        check_cadence(wishes.cadence),
        hour=wishes.hour,
        weekday=wishes.weekday,
        time_zone=wishes.time_zone,
        after=after,
    )


def _add(
    session: Session, address: Address, wishes: Wishes, *, hash_secret: bytes, now: datetime
) -> int:
    """The new subscriber's id, or that of one whom another request added just now."""
    hashed = hash_address(address.key, hash_secret)
    added = store.add_subscriber(session, address, wishes, address_hash=hashed, now=now)
    if added is not None:
        return added
    present = store.subscriber_by_key(session, address.key, is_locked=True)
    assert present is not None  # its key was there a moment ago, and now it is locked
    return present.id


def _activate(session: Session, subscriber: Subscriber, *, now: datetime) -> Subscriber:
    wishes = _without_past_pause(subscriber.wishes, now=now)
    if wishes != subscriber.wishes:
        store.set_wishes(session, subscriber.id, wishes)
    due_at = next_due_at(wishes, now=now)
    store.set_active(session, subscriber.id, confirmed_at=now, next_due_at=due_at)
    return _by_link(session, subscriber.id)


def _ask(session: Session, subscriber_id: int, *, sender: Sender, now: datetime) -> int | None:
    return add_single(
        session, Kind.CONFIRM, subscriber_id, sender=sender, now=now, most=MOST_CONFIRMATIONS
    )


def _by_link(session: Session, subscriber_id: int, *, is_locked: bool = True) -> Subscriber:
    found = store.subscriber_by_id(session, subscriber_id, is_locked=is_locked)
    if found is None:
        raise LinkError("This link belongs to a subscription that is no longer there.")
    return found


def _is_suppressed(session: Session, address: Address, hash_secret: bytes) -> bool:
    return store.is_suppressed(session, hash_address(address.key, hash_secret))


def _refuse_suppressed(session: Session, subscriber: Subscriber) -> None:
    hashes = store.address_hashes_of(session, [subscriber.id])
    if store.is_suppressed(session, *hashes.values()):
        raise Refused(
            "Mail to this address was returned or reported, so nothing more is sent to it: "
            "subscribe with another address, or write to the operator."
        )


def _without_past_pause(wishes: Wishes, *, now: datetime) -> Wishes:
    is_over = wishes.paused_until is not None and wishes.paused_until <= now
    return replace(wishes, paused_until=None) if is_over else wishes


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
