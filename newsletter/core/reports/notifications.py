"""Notifications of Amazon SES in JSON, as they come by mail or by call."""

import json
from collections.abc import Mapping
from typing import Any

from newsletter.core.reports.addresses import field_address
from newsletter.core.reports.causes import NO_MAILBOX
from newsletter.core.reports.replies import Said, record_of
from newsletter.core.reports.values import Kind, Nature, Record
from newsletter.core.text import clean

MAX_RECIPIENTS = 50


def notification_in(text: str) -> Mapping[str, Any] | None:
    """The notification in a mail's text, None where there is none.

    SNS wraps it as a string in its own object; a server on the way may have folded long lines by
    "!\\n ", as sendmail does.
    """
    begins = text.find("{")
    if begins < 0 or not any(word in text for word in ("notificationType", "eventType")):
        return None
    whole = _object(text[begins:]) or _object(text[begins:].replace("!\n ", ""))
    if whole is not None and isinstance(whole.get("Message"), str):
        whole = _object(whole["Message"])
    return whole if whole and ({"notificationType", "eventType"} & whole.keys()) else None


def read_notification(notification: Mapping[str, Any]) -> tuple[Nature, tuple[Record, ...]]:
    """What a notification says, by the names that SES documents for its contents."""
    kind = str(notification.get("notificationType") or notification.get("eventType"))
    about = notification.get(kind[:1].lower() + kind[1:])
    about = about if isinstance(about, Mapping) else {}
    if kind == "Bounce":
        return Nature.BOUNCE, tuple(
            _bounce(about, one) for one in _mappings(about.get("bouncedRecipients"))
        )
    if kind == "Complaint":
        cause = clean(str(about.get("complaintFeedbackType") or "abuse")[:40])
        if cause == "not-spam":
            return Nature.OTHER, ()
        return Nature.COMPLAINT, tuple(
            Record(recipient=_address(one), kind=Kind.COMPLAINT, cause=cause)
            for one in _mappings(about.get("complainedRecipients"))
        )
    if kind == "DeliveryDelay":
        return Nature.BOUNCE, tuple(
            _said(one, about.get("delayType"), is_delay=True)
            for one in _mappings(about.get("delayedRecipients"))
        )
    return (Nature.DELIVERED if kind == "Delivery" else Nature.OTHER), ()


def _bounce(bounce: Mapping[str, Any], one: Mapping[str, Any]) -> Record:
    kinds = f"{bounce.get('bounceType')} {bounce.get('bounceSubType')}"
    record = _said(one, bounce.get("bounceSubType"), is_delay=False)
    says_nothing = not one.get("diagnosticCode") and not one.get("status")
    if says_nothing and kinds in ("Permanent General", "Permanent NoEmail"):
        return Record(
            recipient=record.recipient, kind=Kind.HARD, cause=NO_MAILBOX.word, status="5.1.1"
        )
    return record


def _said(one: Mapping[str, Any], subtype: Any, *, is_delay: bool) -> Record:
    words = str(one.get("diagnosticCode") or "")[:2_000].removeprefix("smtp;").strip()
    return record_of(
        Said(
            recipient=_address(one),
            words=words or str(subtype or ""),
            around=str(subtype or "") if words else "",
            status=str(one.get("status") or "")[:20],
            is_delay=is_delay or str(one.get("action")) == "delayed",
        )
    )


def _address(one: Mapping[str, Any]) -> str | None:
    return field_address(str(one.get("emailAddress") or "")[:400]) or None


def _mappings(value: Any) -> list[Mapping[str, Any]]:
    values = value[:MAX_RECIPIENTS] if isinstance(value, list) else []
    return [one for one in values if isinstance(one, Mapping)]


def _object(text: str) -> dict[str, Any] | None:
    try:
        found, _ = json.JSONDecoder(strict=False).raw_decode(text.lstrip())
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
