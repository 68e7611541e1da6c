"""A provider's words judged as a mailed report's are: by the server's reply, not by its label."""

from dataclasses import replace

from newsletter.core.reports.causes import UNKNOWN, Cause
from newsletter.core.reports.replies import Said, record_of
from newsletter.core.reports.values import Kind, Record


def failed(
    recipient: str,
    words: str,
    *,
    status: str = "",
    code: str = "",
    label: Cause | None = None,
) -> Record:
    """The record of a failure for good; a provider that still tries has more to tell later.

    words: the remote server's reply as the provider passes it on. code: its SMTP code, where it
    stands apart. label: the cause that the provider's own word stands for. It counts only where
    the server's words say nothing; and for a dead address only where nothing is passed on at all,
    as providers call many a refusal a hard bounce.
    """
    if code and not words[:3].isdigit():
        words = f"{code} {words}".strip()
    said = Said(recipient=recipient or None, words=words, status=status)
    record = record_of(said)
    if label is None or record.cause != UNKNOWN.word or (label.is_hard and (words or status)):
        return record
    kind = Kind.HARD if label.is_hard else Kind.SOFT
    return replace(record, kind=kind, cause=label.word, status=label.status or record.status)


def complaint(recipient: str, cause: str = "abuse") -> Record:
    return Record(recipient=recipient or None, kind=Kind.COMPLAINT, cause=cause or "abuse")
