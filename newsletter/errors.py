"""Every error that is raised on purpose.

NewsletterError
├── SettingsError       set up wrongly: fix the named setting
├── FilterError         a filter's text cannot be read: fix the text
├── AddressError        not an address that mail can be sent to: fix the address
├── ChoiceError         a preference out of its range (hour, time zone, cadence): fix the value
├── LinkError           a signed link is broken, of another purpose or too old: ask for a new one
├── NotFound            no such subscriber, edition or delivery: look at what there is
├── Refused             understood, and not allowed: the message says what would allow it
├── TemplateProblem     a template cannot be rendered: fix file and line
└── Unavailable         something outside does not answer: wait, it is tried again
    ├── SourceUnavailable   a place papers come from
    ├── StoreUnavailable    the database, or its tables are not those of this version
    ├── QueueUnavailable    the Redis-protocol server
    └── MailboxUnavailable  a mailbox that reports come to

Each message says what is wrong, with which value, and what to do. Bugs stay plain exceptions.
"""

from datetime import timedelta


class NewsletterError(Exception):
    """What all errors on purpose have in common; its text is meant for a person."""


class SettingsError(NewsletterError):
    """A setting is missing or wrong."""


class FilterError(NewsletterError):
    """The text of a filter cannot be read. `column` counts characters from 1."""

    def __init__(self, text: str, column: int, problem: str) -> None:
        super().__init__(text, column, problem)  # all of them: errors cross processes pickled
        self.text, self.column, self.problem = text, column, problem

    def __str__(self) -> str:
        # A long text is shown around its column only; a terminal line is all a reader can use.
        start = max(0, self.column - 61)
        shown = self.text[start : start + 100].replace("\n", " ").replace("\t", " ")
        lead, tail = ("…" if start else ""), ("…" if start + 100 < len(self.text) else "")
        pointer = " " * (self.column - 1 - start + len(lead)) + "^"
        at = " At" if self.problem.endswith("?") else ", at"
        return f"{self.problem}{at} column {self.column}:\n  {lead}{shown}{tail}\n  {pointer}"


class AddressError(NewsletterError):
    """The text is not an address that mail can be sent to."""


class ChoiceError(NewsletterError):
    """A preference is out of its range."""


class LinkError(NewsletterError):
    """A signed link is broken, made for another purpose, or too old."""


class NotFound(NewsletterError):
    """There is no such row."""


class Refused(NewsletterError):
    """The request was understood and is not allowed."""


class TemplateProblem(NewsletterError):
    """A mail template cannot be read or rendered; the text names the file and the line."""


class Unavailable(NewsletterError):
    """Something outside does not answer; the same call may work later."""


class SourceUnavailable(Unavailable):
    """A source gave no usable answer. `retry_after` is its own wish, None where it gave none."""

    def __init__(self, source: str, reason: str, retry_after: timedelta | None = None) -> None:
        super().__init__(source, reason, retry_after)
        self.source, self.reason, self.retry_after = source, reason, retry_after

    def __str__(self) -> str:
        return f"{self.source}: {self.reason}"


class StoreUnavailable(Unavailable):
    """The database does not answer, or its tables are not those of this version."""


class QueueUnavailable(Unavailable):
    """The Redis-protocol server does not answer."""


class MailboxUnavailable(Unavailable):
    """A mailbox that reports come to does not answer, or its login or folder is wrong."""
