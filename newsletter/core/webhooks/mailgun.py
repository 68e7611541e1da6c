"""Webhooks of Mailgun: `event-data` in JSON, and the form fields of before 2018.

Its signature holds only a stamp and a token, not what it tells: a token may serve once.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from newsletter.core.reports import causes
from newsletter.core.reports.values import Record
from newsletter.core.webhooks.fields import (
    MAX_ID,
    address_at,
    instant_at,
    message_id_at,
    text_at,
    value_at,
)
from newsletter.core.webhooks.judging import complaint, failed
from newsletter.core.webhooks.values import Event

# Its reasons where the server's words say nothing; on its own list of bounces: see sendgrid.py.
LABELS = {
    "suppress-bounce": causes.DISABLED,
    "suppress-complaint": causes.DISABLED,
    "espblock": causes.BLOCKED,
    "old": causes.EXPIRED,
    "hardfail": causes.NO_MAILBOX,
}
OLD_NAMES = {"bounced": "failed", "dropped": "failed"}


@dataclass(frozen=True, slots=True, kw_only=True)
class MailgunSeal:
    """The signature of a call. stamp: seconds since 1970, as text."""

    stamp: str
    token: str
    signature: str

    def is_of(self, key: str) -> bool:
        """Whether this key made it: HMAC-SHA-256 over stamp and token, in hex."""
        said = (self.stamp + self.token).encode()
        made = hmac.new(key.encode(), said, hashlib.sha256).hexdigest()
        return hmac.compare_digest(made.encode(), self.signature.lower().encode())


def mailgun_seal(document: Any) -> MailgunSeal | None:
    """The signature in a document or form, None where a part of it is missing."""
    signed = value_at(document, "signature")
    if not isinstance(signed, Mapping):
        signed = document
    stamp, token, signature = (
        text_at(signed, name, most=MAX_ID) for name in ("timestamp", "token", "signature")
    )
    if not (stamp and token and signature):
        return None
    return MailgunSeal(stamp=stamp, token=token, signature=signature)


def read_mailgun(document: Any, *, token: str) -> tuple[Event, ...]:
    """What a call tells: one event or none, such as of what is still tried. token: of its seal."""
    told = value_at(document, "event-data")
    if not isinstance(told, Mapping):
        told = _modern(document)
    name, recipient = text_at(told, "event"), address_at(told, "recipient")
    reason = text_at(told, "reason")
    record: Record | None
    if name == "unsubscribed" or (name == "failed" and reason == "suppress-unsubscribe"):
        record = None
    elif name == "complained":
        record = complaint(recipient)
    elif name in ("failed", "rejected") and text_at(told, "severity") != "temporary":
        record = _failed(told, recipient, reason)
    else:
        return ()
    return (
        Event(
            id=text_at(told, "id", most=MAX_ID) or token,
            token=token,
            recipient=recipient,
            record=record,
            return_path=address_at(told, "envelope", "sender"),
            message_id=message_id_at(told, "message", "headers", "message-id"),
            at=instant_at(told, "timestamp"),
        ),
    )


def _failed(told: Mapping[str, Any], recipient: str, reason: str) -> Record:
    status = value_at(told, "delivery-status")
    words = (
        text_at(status, "message")
        or text_at(status, "description")
        or text_at(told, "reject", "reason")
    )
    return failed(
        recipient,
        words,
        status=text_at(status, "enhanced-code", most=20),
        code=text_at(status, "code", most=3),
        label=LABELS.get(reason),
    )


def _modern(form: Any) -> dict[str, Any]:
    """The form fields under the names of today."""
    name = text_at(form, "event")
    words = text_at(form, "error") or text_at(form, "description") or text_at(form, "notification")
    stamp = text_at(form, "timestamp", most=20)
    return {
        "event": OLD_NAMES.get(name, name),
        "recipient": text_at(form, "recipient"),
        "reason": text_at(form, "reason"),
        "delivery-status": {"message": words, "code": text_at(form, "code", most=3)},
        "message": {"headers": {"message-id": text_at(form, "Message-Id")}},
        "timestamp": int(stamp) if stamp.isdecimal() and stamp.isascii() else None,
    }
