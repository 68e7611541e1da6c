"""What a report says, as values."""

from dataclasses import dataclass
from enum import StrEnum

MAX_REPLY = 500  # characters kept of what the remote server said


class Kind(StrEnum):
    """What a record says of its address.

    HARD: the address itself is dead. SOFT: everything else that failed, 5.x.x or not. IGNORE: it
    is named, and nothing is wrong with it.
    """

    HARD = "hard"
    SOFT = "soft"
    COMPLAINT = "complaint"
    IGNORE = "ignore"


class Nature(StrEnum):
    """What a message turned out to be. Only bounces and complaints have records."""

    BOUNCE = "bounce"
    COMPLAINT = "complaint"
    DELIVERED = "delivered"  # a delivery report of success: delivered, relayed, expanded
    AUTHENTICATION = "authentication"  # DMARC, SPF or DKIM, of one message or of many
    AUTOMATIC = "automatic"  # vacation, out of office, receipt, challenge
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What a report says of one recipient.

    recipient: as the report writes it, None where the report hides it. status: RFC 3463 ("5.1.1"),
    derived from the wording where the report has none or only x.0.0; "" when there is none either
    way. cause: a word of `causes.CAUSES`. code: the SMTP reply code, 0 without. reply: the remote
    server's words, at most MAX_REPLY characters. is_delay: the server is still trying, so this may
    pass by itself and another report follows.
    """

    recipient: str | None
    kind: Kind
    cause: str
    status: str = ""
    code: int = 0
    reply: str = ""
    is_delay: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A message read as a report.

    envelope_to: addresses that may be the return path it came back to, the likeliest first: look
    for one of ours among them before you believe any recipient. `records` of a message that is no
    report are empty.
    """

    nature: Nature
    records: tuple[Record, ...] = ()
    envelope_to: tuple[str, ...] = ()
