"""A provider's event as an arrival, so that it is taken in like a report by mail."""

import hashlib
import json
from collections.abc import Sequence

from newsletter.core.feedback.arriving import Arrival
from newsletter.core.feedback.intake import CameBy
from newsletter.core.reports import Kind, Nature, Record, Report
from newsletter.core.webhooks.values import Event

_NATURES = {Kind.COMPLAINT: Nature.COMPLAINT}


def arrival_of(came_by: CameBy, event: Event, *, message_ids: Sequence[str] = ()) -> Arrival:
    """message_ids: that may be of our message, besides the event's own."""
    record = event.record or Record(
        recipient=event.recipient or None, kind=Kind.IGNORE, cause="asked the provider for no more"
    )
    nature = _NATURES.get(record.kind, Nature.BOUNCE) if event.record else Nature.OTHER
    own = (event.message_id,) if event.message_id else ()
    return Arrival(
        key=_key(came_by, "event", event.id),
        came_by=came_by,
        report=Report(nature=nature, records=(record,)),
        raw=_as_json(event, record),
        envelope_to=event.return_path,
        message_ids=(*own, *message_ids),
    )


def token_arrival(came_by: CameBy, token: str) -> Arrival:
    """A note that this token has served."""
    record = Record(recipient=None, kind=Kind.IGNORE, cause="a call's token, which serves once")
    report = Report(nature=Nature.OTHER, records=(record,))
    return Arrival(key=_key(came_by, "token", token), came_by=came_by, report=report)


def _key(came_by: CameBy, what: str, name: str) -> str:
    return hashlib.sha256(f"{came_by}\0{what}\0{name}".encode()).hexdigest()


def _as_json(event: Event, record: Record) -> bytes:
    """What a person wants to see of an event that nobody could make use of."""
    told = {
        "id": event.id,
        "recipient": event.recipient,
        "kind": record.kind,
        "cause": record.cause,
        "status": record.status,
        "reply": record.reply,
        "message_id": event.message_id,
        "return_path": event.return_path,
        "at": event.at.isoformat() if event.at else None,
    }
    return json.dumps(told).encode()
