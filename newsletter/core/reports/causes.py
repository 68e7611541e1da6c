"""Why a message failed: one table of causes, and the codes that stand for them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cause:
    """A cause in a word.

    status: the code (RFC 3463) that stands for it where a report gives none. is_hard: the address
    itself is dead. is_about_reader: it speaks of the mailbox or its server; the others speak of us,
    of the message or of the way, and never count against a reader.
    """

    word: str
    status: str
    is_hard: bool = False
    is_about_reader: bool = False


NO_MAILBOX = Cause("no such mailbox", "5.1.1", is_hard=True, is_about_reader=True)
NO_DOMAIN = Cause("no such domain", "5.1.2", is_hard=True, is_about_reader=True)
NOT_AN_ADDRESS = Cause("not a mail address", "5.1.3", is_hard=True, is_about_reader=True)
MOVED = Cause("moved", "5.1.6", is_hard=True, is_about_reader=True)
TAKES_NO_MAIL = Cause("domain takes no mail", "5.1.10", is_hard=True, is_about_reader=True)
DISABLED = Cause("mailbox disabled", "5.2.1", is_about_reader=True)
FULL = Cause("mailbox full", "5.2.2", is_about_reader=True)
FILTERED = Cause("refused by the reader's filter", "5.2.0", is_about_reader=True)
TOO_LARGE = Cause("too large", "5.3.4")
EXPIRED = Cause("expired", "4.4.7", is_about_reader=True)
SENDER = Cause("sender refused", "5.1.8")
AUTHENTICATION = Cause("authentication", "5.7.9")
RATE = Cause("too many", "4.7.0")
BLOCKED = Cause("blocked", "5.7.0")
SPAM = Cause("spam", "5.7.0")
VIRUS = Cause("virus", "5.7.0")
CONTENT = Cause("content", "5.6.0")
POLICY = Cause("policy", "5.7.1")
RELAYING = Cause("relaying denied", "5.7.1")
ENCRYPTION = Cause("encryption", "5.7.10")
LOOP = Cause("loop", "5.4.6")
NETWORK = Cause("relay trouble", "4.4.1")
SYSTEM = Cause("mail system trouble", "4.3.0")
UNKNOWN = Cause("unknown", "")

CAUSES = (
    NO_MAILBOX, NO_DOMAIN, NOT_AN_ADDRESS, MOVED, TAKES_NO_MAIL, DISABLED, FULL, FILTERED,
    TOO_LARGE, EXPIRED, SENDER, AUTHENTICATION, RATE, BLOCKED, SPAM, VIRUS, CONTENT, POLICY,
    RELAYING, ENCRYPTION, LOOP, NETWORK, SYSTEM, UNKNOWN,
)  # fmt: skip

# RFC 3463 and the IANA registry of enhanced codes, the detail as it is used in the field; for a
# reply whose words say nothing. "5.7." stands for all of its subject that have no row of their own.
BY_STATUS = {
    "5.1.1": NO_MAILBOX,
    "5.1.2": NO_DOMAIN,
    "5.1.3": NOT_AN_ADDRESS,
    "5.1.6": MOVED,
    "5.1.7": SENDER,
    "5.1.8": SENDER,
    "5.1.10": TAKES_NO_MAIL,
    "5.1.351": NO_MAILBOX,  # Exchange Online: the remote server knows no such recipient
    "5.2.1": DISABLED,
    "5.2.2": FULL,
    "5.2.3": TOO_LARGE,
    "5.2.": FILTERED,
    "5.3.4": TOO_LARGE,
    "5.3.": SYSTEM,
    "5.4.4": NETWORK,
    "5.4.6": LOOP,
    "5.4.7": EXPIRED,
    "5.4.14": LOOP,
    "5.4.300": EXPIRED,
    "5.4.310": NETWORK,
    "5.4.": NETWORK,
    "5.6.": CONTENT,
    "5.7.8": AUTHENTICATION,
    "5.7.9": AUTHENTICATION,
    "5.7.10": ENCRYPTION,
    "5.7.13": DISABLED,
    "5.7.17": MOVED,  # RFC 7293: the mailbox has another owner now
    "5.7.18": MOVED,  # RFC 7293: the domain has another owner now
    "5.7.20": AUTHENTICATION,
    "5.7.23": AUTHENTICATION,
    "5.7.25": BLOCKED,
    "5.7.26": AUTHENTICATION,
    "5.7.27": SENDER,
    "5.7.28": RATE,
    "5.7.": POLICY,
    "4.2.1": DISABLED,
    "4.2.2": FULL,
    "4.3.": SYSTEM,
    "4.4.6": LOOP,
    "4.4.7": EXPIRED,
    "4.4.": NETWORK,
    "4.7.": POLICY,
}

BY_CODE = {421: NETWORK, 422: FULL, 432: SYSTEM, 452: SYSTEM, 530: AUTHENTICATION,
           535: AUTHENTICATION, 551: MOVED, 552: FULL}  # fmt: skip
