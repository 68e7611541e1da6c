"""A reader is mailed from now on: the one step that confirming, coming back and adding share."""

from datetime import datetime

from sqlmodel import Session

from newsletter.adapters.store import subscribers as store
from newsletter.core.subscribers import Subscriber, next_due_at, without_past_pause
from newsletter.errors import Refused


def activate(session: Session, subscriber: Subscriber, *, now: datetime) -> Subscriber:
    """The reader, active and due at their next hour; a pause that is over is forgotten."""
    wishes = without_past_pause(subscriber.wishes, now=now)
    if wishes != subscriber.wishes:
        store.set_wishes(session, subscriber.id, wishes)
    due_at = next_due_at(wishes, now=now)
    store.set_active(session, subscriber.id, confirmed_at=now, next_due_at=due_at)
    return store.subscriber_behind(session, subscriber.id)


def refuse_suppressed(session: Session, subscriber_id: int) -> None:
    """Raises Refused when this reader's address must not be mailed."""
    hashes = store.address_hashes_of(session, [subscriber_id])
    if store.is_suppressed(session, *hashes.values()):
        raise Refused(
            "Mail to this address was returned or reported, so nothing more is sent to it: "
            "subscribe with another address, or write to the operator."
        )
