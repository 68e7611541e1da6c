"""Complaints: feedback reports (RFC 5965, 6591, 6650) and the forms of before the standard."""

import re
from collections.abc import Sequence

from newsletter.core.reports.addresses import addresses_in, field_address, is_person, unique
from newsletter.core.reports.mime import Headers, Part, split_header
from newsletter.core.reports.values import Kind, Nature, Record
from newsletter.core.text import clean

# Feedback-Type (RFC 5965 section 7.3 and the IANA registry) to what it asks for; what is not here
# is a complaint, as a word nobody knows is still somebody's protest.
NOT_A_COMPLAINT = {
    "not-spam": Nature.OTHER,  # the reader wants it
    "auth-failure": Nature.AUTHENTICATION,  # RFC 6591: speaks of our DNS
    "dmarc": Nature.AUTHENTICATION,
}
_BY_SUBJECT = re.compile(
    r"^\s*(?:complaint about message from|(?:e-?mail )?(?:abuse|feedback) report for ip"
    r"|(?:email )?feedback report for ip|spam complaint|abuse complaint)",
    re.IGNORECASE,
)
_RECIPIENTS = ("original-rcpt-to", "original-recipient", "removal-recipient", "recipient")
_OF_ORIGINAL = ("x-hmxmroriginalrecipient", "x-original-to", "delivered-to", "x-rcpt-to", "to")
_REDACTED = re.compile(r"redacted|removed|xxxx|hidden|anonym|\*", re.IGNORECASE)


def feedback_of(parts: list[Part]) -> Headers | None:
    """The fields of a feedback report, None where there are none."""
    for part in parts:
        if part.kind == "message/feedback-report" or (
            part.kind == "text/plain" and re.match(r"\s*feedback-type\s*:", part.text, re.I)
        ):
            return split_header(part.text.lstrip("\n"))[0]
    return None


def is_old_complaint(subject: str, parts: list[Part]) -> bool:
    """Whether a provider sends back a message that a reader marked, in its own form."""
    return bool(_BY_SUBJECT.match(subject)) and any(part.is_returned for part in parts)


def complaint_type(fields: Headers) -> str:
    """The Feedback-Type, "abuse" where it is missing."""
    return fields.get("feedback-type").split(";")[0].strip().lower() or "abuse"


def complaints(fields: Headers, original: Headers) -> tuple[Record, ...]:
    """A record for each reader who complains; one without a name where it is hidden."""
    named: Sequence[str | None] = _people(fields.all(*_RECIPIENTS)) or next(
        (found for name in _OF_ORIGINAL if (found := _people(original.all(name)))), []
    )
    cause = clean(complaint_type(fields)[:40])
    return tuple(
        Record(recipient=recipient, kind=Kind.COMPLAINT, cause=cause)
        for recipient in named or [None]
    )


def _people(values: list[str]) -> list[str]:
    found = [a for value in values for a in ([field_address(value)] if ";" in value
                                             else addresses_in(value))]  # fmt: skip
    return unique(a for a in found if a and is_person(a) and not _REDACTED.search(a))[:20]
