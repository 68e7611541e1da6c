"""A provider's call and what it tells, as values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from newsletter.core.reports.values import Record


class Provider(StrEnum):
    """Who calls. The name stands in the call's address and in NEWSLETTER_HOOK_SECRETS."""

    SES = "ses"
    POSTMARK = "postmark"
    SENDGRID = "sendgrid"
    MAILGUN = "mailgun"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A POST as it came. headers: names in small letters. form: the fields of a form, else empty.

    query: of its address.
    """

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that a call tells of one recipient.

    id: the provider's own, the same each time it is told. record: None where the reader asked the
    provider to be left alone: they leave. return_path and message_id: of our message, as far as
    the provider keeps them, else "". at: when it happened, aware UTC, where it says so. token: may
    serve for this event only; "" where the call's signature holds all that it tells. sender: whom
    the message came from, where neither a path nor an id of ours says whether it was ours.
    """

    id: str
    recipient: str
    record: "Record | None"
    return_path: str = ""
    message_id: str = ""
    at: datetime | None = None
    token: str = ""
    sender: str = ""
