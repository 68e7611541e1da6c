"""Webhooks of Postmark: bounce, spam complaint, subscription change (its developer manual).

Postmark sends our messages under a return path and a Message-ID of its own, so the recipient is all
that leads back to the reader.
"""

from typing import Any

from newsletter.core.reports import causes
from newsletter.core.reports.causes import Cause
from newsletter.core.reports.values import Record
from newsletter.core.webhooks.fields import (
    MAX_ID,
    address_at,
    instant_at,
    objects,
    text_at,
    value_at,
)
from newsletter.core.webhooks.judging import complaint, failed
from newsletter.core.webhooks.values import Event

# Its types of bounces, by what each stands for where `Details` says nothing. `Description` is the
# same sentence for all of a type ("ex: unknown user, mailbox not found") and is never asked.
FAILURES: dict[str, Cause | None] = {
    "HardBounce": causes.NO_MAILBOX,
    "BadEmailAddress": causes.NOT_AN_ADDRESS,
    "SoftBounce": causes.FULL,
    "DnsError": causes.NETWORK,
    "SpamNotification": causes.SPAM,
    "VirusNotification": causes.VIRUS,
    "Blocked": causes.BLOCKED,
    "SMTPApiError": causes.BLOCKED,
    "DMARCPolicy": causes.AUTHENTICATION,
    "Unknown": None,
}
COMPLAINT, LEAVE, FAILURE = "complaint", "leave", "bounce"
# What numbers an event; a complaint is told by two hooks, which share the message's number.
NUMBERS = {
    COMPLAINT: ("MessageID", "ID"),
    LEAVE: ("ID", "ChangedAt"),
    FAILURE: ("ID", "MessageID"),
}


def read_postmark(document: Any) -> tuple[Event, ...]:
    """What a call tells; nothing of what is still tried, of opens, automatic replies and so on."""
    return tuple(event for one in objects(document) if (event := _event(one)) is not None)


def _event(one: Any) -> Event | None:
    kind = text_at(one, "RecordType") or "Bounce"  # older hooks have none
    recipient = address_at(one, "Email") or address_at(one, "Recipient")
    told = _changed(one) if kind == "SubscriptionChange" else _bounced(one, kind)
    record: Record | None = None
    if told == COMPLAINT:
        record = complaint(recipient)
    elif told == FAILURE:
        label = FAILURES[text_at(one, "Type")]
        record = failed(recipient, text_at(one, "Details"), label=label)
    elif told != LEAVE:
        return None
    number = next((text for name in NUMBERS[told] if (text := text_at(one, name, most=MAX_ID))), "")
    return Event(
        id=f"{told} {number} {recipient.lower()}",
        recipient=recipient,
        record=record,
        at=instant_at(one, "BouncedAt") or instant_at(one, "ChangedAt"),
        sender=address_at(one, "From"),
    )


def _bounced(one: Any, kind: str) -> str:
    type_ = text_at(one, "Type")
    if kind == "SpamComplaint" or (kind == "Bounce" and type_ == "SpamComplaint"):
        return COMPLAINT
    if kind == "Bounce" and type_ == "Unsubscribe":  # a reader's own mail to Postmark's address
        return LEAVE
    return FAILURE if kind == "Bounce" and type_ in FAILURES else ""


def _changed(one: Any) -> str:
    """Of all changes only those that a reader made; a bounce comes by its own hook, with words."""
    if value_at(one, "SuppressSending") is not True or text_at(one, "Origin") != "Recipient":
        return ""
    return {"SpamComplaint": COMPLAINT, "ManualSuppression": LEAVE}.get(
        text_at(one, "SuppressionReason"), ""
    )
