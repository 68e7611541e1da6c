"""What was sent to a reader, and everything that is stored about them; nothing is written."""

from datetime import datetime, timedelta

from sqlmodel import Session

from newsletter.adapters.store import records as store
from newsletter.adapters.store.ledger import deliveries
from newsletter.adapters.store.subscribers import subscriber_behind
from newsletter.core.delivery.states import Kind
from newsletter.core.records import Export
from newsletter.core.results import DeliveryView

MOST_SHOWN = 200  # more than 90 days can hold, resends included


def digests_sent(
    session: Session, subscriber_id: int, *, days: int, now: datetime
) -> tuple[DeliveryView, ...]:
    """This reader's digests of the last `days` days, the newest first. Raises LinkError."""
    subscriber_behind(session, subscriber_id)
    found = deliveries(session, kind=Kind.DIGEST, subscriber_id=subscriber_id, limit=MOST_SHOWN)
    first = (now - timedelta(days=days)).date()
    return tuple(one for one in found if one.edition > first)


def is_suppressed(session: Session, subscriber_id: int) -> bool:
    """Whether this reader's address must not be mailed."""
    return store.suppression_of(session, subscriber_id) is not None


def export(session: Session, subscriber_id: int, *, now: datetime) -> Export:
    """All that is stored about this reader. Raises LinkError when they are gone."""
    subscriber = subscriber_behind(session, subscriber_id)
    sent = store.all_sent(session, subscriber_id)
    papers = {found for one in sent if one.digest for found in one.digest.shown_ids}
    return Export(
        exported_at=now,
        subscriber=subscriber,
        sent=sent,
        reports=store.reports_on(session, subscriber_id),
        notes=store.notes_on(session, subscriber_id),
        titles=store.titles_of(session, papers),
        suppressed=store.suppression_of(session, subscriber_id),
    )
