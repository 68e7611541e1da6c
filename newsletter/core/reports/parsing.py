"""A message as it came in, read as a report: the standards first, then the dialects."""

import re

from newsletter.core.reports import automatic, dialects, dsn, feedback, freeform, notifications
from newsletter.core.reports.addresses import addresses_in, unique
from newsletter.core.reports.freeform import Notice, around_of
from newsletter.core.reports.mime import Headers, Part, parts_of, readable
from newsletter.core.reports.replies import records_of
from newsletter.core.reports.values import Nature, Record, Report

MAX_RECORDS = 50

# Where a report's own envelope recipient may stand, the surest first, and in what it returns.
_ENVELOPE = (
    "x-original-to",
    "delivered-to",
    "envelope-to",
    "x-envelope-to",
    "x-rcpt-to",
    "x-delivered-to",
    "x-forwarded-to",
    "apparently-to",
    "x-apparently-to",
    "to",
    "cc",
)
_RETURNED_FROM = ("return-path", "x-envelope-from", "errors-to", "sender")  # fmt: skip
_REPORT_TYPE = re.compile(r"report-type=\"?delivery-status", re.IGNORECASE)
_FOR = re.compile(r"\bfor\s+<([^<>\s]{3,254})>")


def parse_report(raw: bytes) -> Report:
    """What a message says as a report: who failed or complained, why, and where it came back to.

    raw: one RFC 5322 message; MAX_REPORT_BYTES are looked at, and that takes at most 100 ms.
    Anything may come in and nothing is raised: a message that is no report has no records.
    """
    headers, parts = parts_of(raw)
    subject = readable(headers.get("subject"))
    notice = freeform.notice_of(parts)
    nature, records = _read(headers, subject, parts, notice)
    return Report(
        nature=nature,
        records=_once(records),
        envelope_to=_envelope_to(headers, parts, notice),
    )


def _read(
    headers: Headers, subject: str, parts: list[Part], notice: Notice
) -> tuple[Nature, tuple[Record, ...]]:
    if (fields := feedback.feedback_of(parts)) is not None:
        if other := feedback.NOT_A_COMPLAINT.get(feedback.complaint_type(fields)):
            return other, ()
        return Nature.COMPLAINT, feedback.complaints(fields, notice.original)
    if feedback.is_old_complaint(subject, parts):
        return Nature.COMPLAINT, feedback.complaints(Headers(()), notice.original)
    if automatic.is_authentication_report(subject, parts):
        return Nature.AUTHENTICATION, ()
    for part in parts:
        if not part.is_returned and (found := notifications.notification_in(part.text)):
            return notifications.read_notification(found)
    if (read := _read_dsn(parts, notice)) is not None:
        return read
    if (
        automatic.is_receipt(parts)
        or automatic.is_by_subject(subject)
        or automatic.is_by_somebody(headers, parts)
    ):
        return Nature.AUTOMATIC, ()
    if dialects.SUCCESSES.search(subject):
        return Nature.DELIVERED, ()
    if freeform.is_notice(headers, subject, notice) and (
        said := freeform.said_in(headers, subject, notice)
    ):
        return Nature.BOUNCE, records_of(said)
    if (inner := _wrapped(headers, parts)) and (
        read := _read_dsn(inner, freeform.notice_of(inner))
    ):
        return read
    return (Nature.AUTOMATIC if automatic.is_automatic(headers, subject) else Nature.OTHER), ()


def _read_dsn(parts: list[Part], notice: Notice) -> tuple[Nature, tuple[Record, ...]] | None:
    """The records of a standard report; None where there is none that names anybody."""
    parts = [part for part in parts if part.kind != automatic.RECEIPT]
    texts = [p.text for p in parts if p.kind.startswith("message/") and not p.is_returned]
    texts = [text for text in texts if dsn.looks_like_dsn(text)]
    texts = texts or [p.text for p in parts if not p.is_returned and dsn.looks_like_dsn(p.text)]
    blocks = [block for text in texts for block in dsn.blocks_of(text)][:MAX_RECORDS]
    recipients = unique(found for block in blocks if (found := dsn.recipient_of(block)))
    blocks = [block for block in blocks if dsn.recipient_of(block)] or [
        block for block in blocks if block.get("final-recipient") and block.get("action")
    ]
    if not blocks:
        return None
    # An X.400 name, or one of another system: whom it was sent to is in what comes back.
    hidden = freeform.sent_to(notice) if len(blocks) == 1 else None
    lines = freeform.lines_of(notice)
    said = [
        dsn.said_of(block, who or hidden, around_of(who or hidden, recipients, lines))
        for block in blocks
        for who in (dsn.recipient_of(block),)
    ]
    records = records_of([one for one in said if one is not None])
    return (Nature.BOUNCE if records else Nature.DELIVERED), records


def _wrapped(headers: Headers, parts: list[Part]) -> list[Part]:
    """The parts of a report that a gateway put whole into a message of its own, else none."""
    if not dialects.SENDERS.search(headers.get("from")[:300]):
        return []
    found = (p.text for p in parts if p.is_returned and _REPORT_TYPE.search(p.text[:8_000]))
    return next((parts_of(text.encode("utf-8", "replace"))[1] for text in found), [])


def _once(records: tuple[Record, ...]) -> tuple[Record, ...]:
    """Each recipient once: a later word on the same one is the better informed."""
    by_recipient = {(record.recipient or "").lower(): record for record in records}
    return tuple(by_recipient.values())[:MAX_RECORDS]


def _envelope_to(headers: Headers, parts: list[Part], notice: Notice) -> tuple[str, ...]:
    """Candidates for our return path: the report's recipients, then the returned one's sender."""
    values = headers.all(*_ENVELOPE)
    values += [a for value in headers.all("received") for a in _FOR.findall(value)]
    fields = feedback.feedback_of(parts)
    values += fields.all("original-mail-from") if fields else []
    values += notice.original.all(*_RETURNED_FROM)
    return tuple(unique(a for value in values for a in addresses_in(value)))[:40]
