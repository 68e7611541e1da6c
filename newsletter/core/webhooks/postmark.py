"""Webhooks of Postmark: bounce, spam complaint, subscription change (its developer manual).

Postmark sends our messages under a return path and a Message-ID of its own, so the recipient is all
that leads back to the reader.
"""

from typing import Any

from newsletter.core.reports import causes
from newsletter.core.reports.causes import Cause
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
LEAVES = ("Unsubscribe",)  # a reader's own mail to Postmark's address for it
COMPLAINTS = ("SpamComplaint",)


def read_postmark(document: Any) -> tuple[Event, ...]:
    """What a call tells; nothing of what is still tried, of opens, automatic replies and so on."""
    return tuple(event for one in objects(document) if (event := _event(one)) is not None)


def _event(one: Any) -> Event | None:
    kind = text_at(one, "RecordType") or "Bounce"  # older hooks have none
    if kind == "SubscriptionChange":
        return _change(one)
    if kind not in ("Bounce", "SpamComplaint"):
        return None
    recipient, type_ = address_at(one, "Email"), text_at(one, "Type")
    happened_at, sender = instant_at(one, "BouncedAt"), address_at(one, "From")
    if kind == "SpamComplaint" or type_ in COMPLAINTS:
        return Event(id=_complaint_id(one), recipient=recipient, record=complaint(recipient),
                     at=happened_at, sender=sender)  # fmt: skip
    number = f"bounce {text_at(one, 'ID', most=MAX_ID)}"
    if type_ in LEAVES:
        return Event(id=number, recipient=recipient, record=None, at=happened_at, sender=sender)
    if type_ not in FAILURES:
        return None
    record = failed(recipient, text_at(one, "Details"), label=FAILURES[type_])
    return Event(id=number, recipient=recipient, record=record, at=happened_at, sender=sender)


def _change(one: Any) -> Event | None:
    """Of all changes only those that a reader made; a bounce comes by its own hook, with words."""
    if value_at(one, "SuppressSending") is not True or text_at(one, "Origin") != "Recipient":
        return None
    recipient, reason = address_at(one, "Recipient"), text_at(one, "SuppressionReason")
    changed_at = instant_at(one, "ChangedAt")
    if reason == "SpamComplaint":
        return Event(id=_complaint_id(one), recipient=recipient, record=complaint(recipient),
                     at=changed_at)  # fmt: skip
    if reason == "ManualSuppression":
        stamp = text_at(one, "ChangedAt", most=MAX_ID)
        return Event(id=f"change {stamp} {recipient}", recipient=recipient, record=None,
                     at=changed_at)  # fmt: skip
    return None


def _complaint_id(one: Any) -> str:
    """The same for both hooks that tell of one complaint; a message has one recipient."""
    number = text_at(one, "MessageID", most=MAX_ID) or text_at(one, "ID", most=MAX_ID)
    return f"complaint {number}"
