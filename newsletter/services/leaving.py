"""Leave, come back, be forgotten.

Ids come from signed links: one that is not there raises LinkError.
"""

from datetime import datetime

from sqlmodel import Session

from newsletter.adapters.store import subscribers as store
from newsletter.adapters.store.activation import activate, refuse_suppressed
from newsletter.adapters.store.claims import add_suppression
from newsletter.adapters.store.ending import skip_waiting
from newsletter.adapters.store.planning import lock_range
from newsletter.adapters.store.records import forget_words
from newsletter.core.ports import RANGE_SIZE
from newsletter.core.subscribers import LEFT_BY_READER, Status, Subscriber
from newsletter.errors import Refused

NEVER_AGAIN = "the reader asked never to be mailed"


def unsubscribe(session: Session, subscriber_id: int, *, because: str, now: datetime) -> Subscriber:
    """Mail this reader no more, what waits already included; leaving again changes nothing.

    because: one of LEFT_BY_READER when the reader left.
    """
    lock_range(session, subscriber_id // RANGE_SIZE)  # in the planner's order: range, then reader
    subscriber = store.subscriber_behind(session, subscriber_id, is_locked=True)
    if subscriber.status is Status.ENDED:
        return subscriber
    store.end_subscription(session, subscriber_id, because=because, now=now)
    skip_waiting(session, subscriber_id, "the reader left")
    return store.subscriber_behind(session, subscriber_id)


def resubscribe(session: Session, subscriber_id: int, *, now: datetime) -> Subscriber:
    """Take back a leave: mail this reader again with the wishes of before.

    The link proves the address, so no new confirmation is asked of one who confirmed once.
    Raises Refused unless the reader left by themselves, and when the address is suppressed.
    """
    subscriber = store.subscriber_behind(session, subscriber_id, is_locked=True)
    if subscriber.status is Status.ACTIVE:
        return subscriber
    was_ended_by_others = (
        subscriber.status is Status.ENDED and subscriber.ended_because not in LEFT_BY_READER
    )
    if was_ended_by_others or subscriber.confirmed_at is None:
        raise Refused("This subscription cannot be taken up again by a link: subscribe anew.")
    refuse_suppressed(session, subscriber_id)
    return activate(session, subscriber, now=now)


def erase(session: Session, subscriber_id: int, *, never_again: bool, now: datetime) -> None:
    """Forget this reader with all that was sent to them.

    A suppression stays: it is a keyed hash, and says only what must not be mailed. never_again:
    make one, so that nobody can subscribe the address again; without it the address is as one that
    was never here. The note of it names nobody.
    """
    store.subscriber_behind(session, subscriber_id)
    nobody = f"subscriber {subscriber_id}"  # a number that no row has any more
    (address_hash,) = store.address_hashes_of(session, [subscriber_id]).values()
    if never_again:
        add_suppression(session, address_hash, NEVER_AGAIN, now=now)
    forget_words(session, subscriber_id, address_hash)
    store.remove_subscriber(session, subscriber_id)
    store.rename_in_audit(session, address_hash, nobody)
    store.add_audit(
        session,
        actor="reader",
        action="erase subscriber",
        subject=nobody,
        details={"never_again": never_again},
        now=now,
    )
