"""The event webhook of Twilio SendGrid: a list of events (its event reference).

It sends our messages under a return path of its own, and tells our Message-ID as `smtp-id`.
"""

from typing import Any

from newsletter.core.reports import causes
from newsletter.core.webhooks.fields import (
    MAX_ID,
    address_at,
    instant_at,
    message_id_at,
    objects,
    text_at,
)
from newsletter.core.webhooks.judging import complaint, failed
from newsletter.core.webhooks.values import Event

# Its bounce classifications and its reasons to drop a message unsent. An address that it has on a
# list of its own is counted against the reader, who gets no mail, but not called dead: nobody
# passes on why it is there.
LABELS = {
    "Invalid Address": causes.NO_MAILBOX,
    "Mailbox Unavailable": causes.FULL,
    "Technical": causes.SYSTEM,
    "Content": causes.CONTENT,
    "Reputation": causes.BLOCKED,
    "Frequency or Volume Too High": causes.RATE,
    "Bounced Address": causes.DISABLED,
    "Invalid": causes.DISABLED,
    "Spam Reporting Address": causes.DISABLED,
    "Recipient List over Package Quota": causes.RATE,
}
LEAVES = ("unsubscribe", "group_unsubscribe")
UNSUBSCRIBED = "Unsubscribed Address"


def read_sendgrid(document: Any) -> tuple[Event, ...]:
    """What a call tells; nothing of what went well or is still tried, of opens and of clicks."""
    return tuple(event for one in objects(document) if (event := _event(one)) is not None)


def _event(one: Any) -> Event | None:
    name, recipient = text_at(one, "event"), address_at(one, "email")
    reason = text_at(one, "reason")
    if name in LEAVES or (name == "dropped" and reason == UNSUBSCRIBED):
        record = None
    elif name == "spamreport":
        record = complaint(recipient)
    elif name in ("bounce", "dropped"):
        label = LABELS.get(reason) or LABELS.get(text_at(one, "bounce_classification"))
        status = text_at(one, "status", most=20)
        record = failed(recipient, reason, status=status, label=label)
    else:
        return None
    message_id = message_id_at(one, "smtp-id")
    return Event(
        id=text_at(one, "sg_event_id", most=MAX_ID) or f"{name} {message_id} {recipient}",
        recipient=recipient,
        record=record,
        message_id=message_id,
        at=instant_at(one, "timestamp"),
    )
