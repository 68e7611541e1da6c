"""Move a subscription to another address: ask the new one first, then tell the old one.

Until the new address has said yes nothing changes. Whoever asks learns nothing about an address
that is not theirs: it may be taken, suppressed or asked too often, and the answer is the same.
"""

from datetime import datetime, timedelta

from sqlmodel import Session

from newsletter.adapters.store import recipients
from newsletter.adapters.store import subscribers as store
from newsletter.adapters.store.deliveries import Sender, add_single, singles_planned
from newsletter.core.addresses import Address, hash_address, parse_address
from newsletter.core.delivery.states import Kind
from newsletter.core.subscribers import (
    LEFT_BY_READER,
    MOST_CONFIRMATIONS,
    Status,
    Subscriber,
)
from newsletter.errors import AddressError, LinkError, Refused

_DAY = timedelta(days=1)


def ask_to_move(
    session: Session,
    subscriber_id: int,
    address: str,
    *,
    hash_secret: bytes,
    sender: Sender,
    now: datetime,
) -> int | None:
    """Mail the new address a link that moves this subscription there; the mail's delivery.

    None, and no error, when nothing is mailed: see `_may_be_asked`. Raises AddressError for what
    was typed, also for the reader's own address; LinkError; Refused unless they are active.
    """
    subscriber = store.subscriber_behind(session, subscriber_id, is_locked=True)
    wanted = check_new(subscriber, address)
    address_hash = hash_address(wanted.key, hash_secret)
    if not _may_be_asked(session, wanted, address_hash, now=now):
        return None
    delivery_id = add_single(
        session, Kind.CHANGE, subscriber_id, sender=sender, now=now, most=MOST_CONFIRMATIONS
    )
    if delivery_id is not None:
        recipients.add_recipient(session, delivery_id, wanted, address_hash=address_hash, now=now)
    return delivery_id


def check_new(subscriber: Subscriber, address: str) -> Address:
    """The new address of this reader. Raises AddressError, also for their own; Refused."""
    if subscriber.status is not Status.ACTIVE:
        raise Refused("Only a subscription that is running can move: subscribe anew instead.")
    wanted = parse_address(address)
    if parse_address(subscriber.address).key == wanted.key:
        raise AddressError(f"{wanted.text} is your address already: type the new one.")
    return wanted


def new_address(session: Session, subscriber_id: int, delivery_id: int) -> str:
    """The address that this link moves to; read only. Raises LinkError when it has had its time."""
    return _wanted(session, subscriber_id, delivery_id).text


def move(
    session: Session,
    subscriber_id: int,
    delivery_id: int,
    *,
    hash_secret: bytes,
    sender: Sender,
    now: datetime,
) -> tuple[Subscriber, int | None]:
    """Mail this reader at the new address from now on; with the notice to the old one.

    delivery_id: of the mail that the link came with. Moving there again changes nothing. What
    waits follows. A subscription that this address had before, and that has ended, goes.
    Raises LinkError; Refused where the address has become another's, or suppressed.
    """
    subscriber = store.subscriber_behind(session, subscriber_id, is_locked=True)
    wanted, old = _wanted(session, subscriber_id, delivery_id), parse_address(subscriber.address)
    if old.key == wanted.key:
        return subscriber, None
    if subscriber.status is not Status.ACTIVE:
        raise Refused("This subscription has ended: take it up again first, then move it.")
    address_hash = hash_address(wanted.key, hash_secret)
    _make_room(session, wanted, address_hash)
    recipients.keep_old_address(session, subscriber_id, now=now)
    if not store.set_address(session, subscriber_id, wanted, address_hash=address_hash):
        raise Refused(_TAKEN)
    notice = add_single(
        session, Kind.MOVED, subscriber_id, sender=sender, now=now, most=MOST_CONFIRMATIONS
    )
    if notice is not None:
        old_hash = hash_address(old.key, hash_secret)
        recipients.add_recipient(session, notice, old, address_hash=old_hash, now=now)
    return store.subscriber_behind(session, subscriber_id), notice


_TAKEN = "This address has a subscription of its own by now: leave that one first, then move."


def _may_be_asked(session: Session, wanted: Address, address_hash: str, *, now: datetime) -> bool:
    """Whether the address may get one more mail from a stranger: not suppressed, not subscribed,
    and asked less than MOST_CONFIRMATIONS times today by whatever form.
    """
    present = store.subscriber_by_key(session, wanted.key)
    if store.is_suppressed(session, address_hash) or not _may_give_way(present):
        return False
    asked = recipients.changes_asked(session, address_hash, since=now - _DAY)
    if present is not None:
        asked += singles_planned(session, Kind.CONFIRM, present.id, day=now.date())
    return asked < MOST_CONFIRMATIONS


def _make_room(session: Session, wanted: Address, address_hash: str) -> None:
    """Let go of an old subscription of the new address, whose reader has just proved to be ours."""
    if store.is_suppressed(session, address_hash):
        raise Refused("Mail to this address was returned or reported: choose another one.")
    present = store.subscriber_by_key(session, wanted.key, is_locked=True)
    if not _may_give_way(present):
        raise Refused(_TAKEN)
    if present is not None:
        store.remove_subscriber(session, present.id)


def _may_give_way(present: Subscriber | None) -> bool:
    if present is None or present.status is Status.PENDING:
        return True
    return present.status is Status.ENDED and present.ended_because in LEFT_BY_READER


def _wanted(session: Session, subscriber_id: int, delivery_id: int) -> Address:
    newest = recipients.newest_change(session, subscriber_id)
    if newest is None or newest[0] != delivery_id:
        raise LinkError("You asked for another address since: only the newest link works.")
    return newest[1]
