"""Delivery reports in the standard form: RFC 3464 in RFC 6522, with what is broken in the field."""

import re

from newsletter.core.reports.addresses import field_address
from newsletter.core.reports.mime import Headers, readable, split_header
from newsletter.core.reports.replies import Said, code_of, is_general, status_of

MAX_BLOCKS = 60

_RECIPIENTS = ("final-recipient", "original-recipient", "x-actual-recipient")
_OF_RECIPIENT = (*_RECIPIENTS, "action", "status", "diagnostic-code")
_CATEGORY = "x-powermta-bouncecategory"
_EMPTY_LINES = re.compile(r"\n[ \t]*\n\s*")
# A reply in a field of the server's own, where no Diagnostic-Code is.
_REPLY = re.compile(r"\b[45]\d\d[ -](?:#?[45]\.\d\.\d|[A-Za-z<])|#[45]\.\d\.\d")
_ELSEWHERE = "x-reply"
_DIAGNOSTIC_TYPE = re.compile(r"\s*[\w-]{1,40}\s*;\s*")

# RFC 3464 section 2.3.3, and the words that some servers made up. None: gone well.
ACTIONS = {
    "failed": "failed", "failure": "failed", "fail": "failed", "error": "failed",
    "undeliverable": "failed", "bounced": "failed", "expired": "failed", "denied": "failed",
    "delayed": "delayed", "delay": "delayed", "deferred": "delayed", "transient": "delayed",
    "delivered": None, "relayed": None, "expanded": None, "deliverable": None, "success": None,
}  # fmt: skip


def looks_like_dsn(text: str) -> bool:
    """Whether the text has the fields of a delivery report, whatever its part is called."""
    head = text[:20_000].lower()
    return "final-recipient:" in head or ("original-recipient:" in head and "action:" in head)


def blocks_of(text: str) -> list[Headers]:
    """The fields about each recipient, in order.

    An empty line ends a block only where the next field begins another one: in the field they stand
    within blocks, and are missing between them.
    """
    blocks: list[list[tuple[str, str]]] = [[]]
    has: set[str] = set()
    for piece in _EMPTY_LINES.split(text.strip(), maxsplit=2 * MAX_BLOCKS)[: 2 * MAX_BLOCKS]:
        is_after_gap = True
        for name, value in split_header(piece)[0].fields:
            if name.startswith("x-") and name not in (*_OF_RECIPIENT, _CATEGORY):
                name = _ELSEWHERE if _REPLY.search(value) else name
            if name not in (*_OF_RECIPIENT, _CATEGORY, _ELSEWHERE):
                continue
            is_next_person = name in _RECIPIENTS and bool(has & set(_RECIPIENTS))
            if (name in has and name in _OF_RECIPIENT and (is_after_gap or is_next_person)) or (
                is_next_person and is_after_gap
            ):
                blocks.append([])
                has = set()
            has.add(name)
            blocks[-1].append((name, value))
            is_after_gap = False
    return [Headers(tuple(fields)) for fields in blocks[:MAX_BLOCKS]]


def action_of(block: Headers) -> str | None:
    """ "failed", "delayed", or None for what went well. Without a word the code decides."""
    word = block.get("action").split(" ")[0].split(";")[0].strip().lower()
    if word in ACTIONS:
        return ACTIONS[word]
    return None if block.get("status").startswith("2") else "failed"


def said_of(block: Headers, recipient: str | None, around: str) -> Said | None:
    """What a block says of its recipient; None where nothing failed.

    around: what the report says about this recipient in its readable part.
    """
    action = action_of(block)
    if action is None:
        return None
    diagnoses = block.all("diagnostic-code") or block.all(_ELSEWHERE)
    words = " ".join(_DIAGNOSTIC_TYPE.sub("", readable(w), count=1) for w in diagnoses)
    status = status_of(block.get("status"))
    if category := block.get(_CATEGORY):
        words = f"{words} ({category})"
    if not words.strip():
        words, around = around, ""
    elif is_general(status) and is_general(status_of(words)) and not code_of(words):
        status = status_of(around) or status
    return Said(
        recipient=recipient,
        words=words,
        around=around,
        status=status,
        is_delay=action == "delayed",
    )


def recipient_of(block: Headers) -> str:
    """The recipient as the reporter knew it in the end, else as the message was sent, else "".

    A last stop inside the reporter's own system ("ada@store-7") has no domain; then it is the one
    that the message was sent to.
    """
    found = [who for value in block.all(*_RECIPIENTS) if (who := field_address(value))]
    return next((who for who in found if "." in who.rpartition("@")[2]), "".join(found[:1]))
