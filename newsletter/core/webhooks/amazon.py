"""Notifications of Amazon SES through SNS: the envelope that is signed, and what it tells.

The contents are read as where they come by mail (`core.reports.notifications`).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from newsletter.core.reports.notifications import read_notification
from newsletter.core.reports.values import Nature
from newsletter.core.webhooks.fields import (
    MAX_ID,
    address_at,
    instant_at,
    message_id_at,
    objects,
    parse_json,
    text_at,
    value_at,
)
from newsletter.core.webhooks.values import Event

NOTIFICATION, CONFIRMATION = "Notification", "SubscriptionConfirmation"
# What is signed, by the kind of message and in this order, each name and value on a line of its
# own; what a message lacks is left out (Amazon SNS developer guide, verifying signatures).
_OF_TOPIC = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
_SIGNED = {
    NOTIFICATION: ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    CONFIRMATION: _OF_TOPIC,
    "UnsubscribeConfirmation": _OF_TOPIC,
}
HASHES = {"1": "SHA1", "2": "SHA256"}
# Whole addresses, since what a parser and a client take for the host may differ.
_HOST = r"https://sns\.[a-z0-9-]{3,40}\.amazonaws\.com(?:\.cn)?"
_CERTIFICATE = re.compile(_HOST + r"/[A-Za-z0-9_-]{1,100}\.pem")
_SUBSCRIBE = re.compile(_HOST + r"/\?Action=ConfirmSubscription&[A-Za-z0-9=&%:._~-]{1,2000}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SnsMessage:
    """What SNS posts. signed: the bytes that the signature holds. hash: SHA1 or SHA256.

    certificate_url and subscribe_url: "" where they lead anywhere but to SNS itself.
    """

    kind: str
    topic: str
    message: str
    signature: str
    signed: bytes
    hash: str
    certificate_url: str
    subscribe_url: str


def parse_sns(body: bytes) -> SnsMessage | None:
    """The message in a call, None where it is none or cannot be signed."""
    document = parse_json(body)
    kind = value_at(document, "Type")
    names = _SIGNED.get(kind) if isinstance(kind, str) else None
    hash_ = HASHES.get(text_at(document, "SignatureVersion"))
    if names is None or hash_ is None:
        return None
    given = {name: document[name] for name in names if document.get(name) is not None}
    if not all(isinstance(value, str) for value in given.values()):
        return None
    lines = "".join(f"{name}\n{value}\n" for name, value in given.items())
    return SnsMessage(
        kind=kind,
        topic=given.get("TopicArn", ""),
        message=given.get("Message", ""),
        signature=text_at(document, "Signature"),
        signed=lines.encode(errors="replace"),
        hash=hash_,
        certificate_url=_of_sns(_CERTIFICATE, document, "SigningCertURL"),
        subscribe_url=_of_sns(_SUBSCRIBE, document, "SubscribeURL"),
    )


def read_amazon(message: str) -> tuple[Event, ...]:
    """What a notification tells of each recipient; nothing of what went well or is still tried."""
    document = parse_json(message)
    if not isinstance(document, Mapping):
        return ()
    try:
        nature, records = read_notification(document)
    except RecursionError:  # something nested deep where a word should stand
        return ()
    if nature not in (Nature.BOUNCE, Nature.COMPLAINT):
        return ()
    kind = text_at(document, "notificationType") or text_at(document, "eventType")
    about, mail = value_at(document, kind[:1].lower() + kind[1:]), value_at(document, "mail")
    happened_at = instant_at(about, "timestamp") or instant_at(mail, "timestamp")
    number = (
        text_at(about, "feedbackId", most=MAX_ID)
        or f"{text_at(mail, 'messageId', most=MAX_ID)} {text_at(about, 'timestamp', most=40)}"
    )
    return tuple(
        Event(
            id=f"{number} {record.recipient or ''}".strip(),
            recipient=record.recipient or "",
            record=record,
            return_path=address_at(mail, "source"),
            message_id=_message_id(mail),
            at=happened_at,
        )
        for record in records
        if not record.is_delay
    )


def _message_id(mail: Any) -> str:
    """Ours, which SES replaces on the way; it tells the headers as they were given to it."""
    return message_id_at(mail, "commonHeaders", "messageId") or next(
        (
            message_id_at(one, "value")
            for one in objects(value_at(mail, "headers"))
            if text_at(one, "name").lower() == "message-id"
        ),
        "",
    )


def _of_sns(pattern: re.Pattern[str], document: Mapping[str, Any], name: str) -> str:
    url = document.get(name)
    return url if isinstance(url, str) and pattern.fullmatch(url) else ""
