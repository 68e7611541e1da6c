"""What the relay refused, judged as a report on it would be: one rule, whichever way it is told."""

from dataclasses import replace

from newsletter.core.reports import Kind, Record
from newsletter.core.reports.replies import Said, record_of

AFTER_DATA = "in reply to end of DATA"  # as Postfix puts it in a report


def record_of_reply(code: int, status: str, text: str, *, is_after_data: bool = False) -> Record:
    """What a refusal says of its reader.

    code, status, text: as in `Outcome`. is_after_data: the server had accepted the address, and
    spoke of the message. A 4xx that stood until the last try may yet pass: it is never hard.
    """
    said = Said(
        recipient=None,
        words=f"{code} {text}".strip(),
        around=AFTER_DATA if is_after_data else "",
        status=status,
    )
    record = record_of(said)
    if record.kind is Kind.HARD and code // 100 != 5:
        return replace(record, kind=Kind.SOFT)
    return record
