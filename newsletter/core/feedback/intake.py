"""Which ways reports come in, and what becomes of them: the words alone, quick to import."""

from enum import StrEnum


class CameBy(StrEnum):
    """The way that a report came in."""

    MAILBOX = "mailbox"  # IMAP
    MAILDIR = "maildir"
    MBOX = "mbox"
    FILE = "file"
    STDIN = "stdin"
    LMTP = "lmtp"
    SES = "ses"
    POSTMARK = "postmark"
    SENDGRID = "sendgrid"
    MAILGUN = "mailgun"


class Fate(StrEnum):
    """What became of a report. All but REPEATED are kept; only COUNTED acts on a reader."""

    COUNTED = "counted"  # it speaks of a delivery of ours: the rule decided
    UNCLAIMED = "unclaimed"  # a bounce or complaint, and no signed path of ours in it
    IGNORED = "ignored"  # nothing to act on: it arrived, a vacation, authentication report
    UNREAD = "unread"  # not understood: kept whole, for a person
    REPEATED = "repeated"  # seen before
