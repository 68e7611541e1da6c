"""What the uses of the service answer: plain values for the CLI, the pages and the workers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING

from newsletter.core.backtest import Match
from newsletter.core.delivery.states import Kind, State
from newsletter.core.digests import Digest

if TYPE_CHECKING:
    from newsletter.core.mail.rendering import Rendered


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulled:
    """One look at one source for one day.

    papers: the day's papers there; added: those that were new to the store. skipped: a sentence
    for each record that could not be read. problem: why nothing came, "" when all went well.
    """

    source: str
    day: date
    papers: int = 0
    added: int = 0
    skipped: tuple[str, ...] = ()
    problem: str = ""
    is_unchanged: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a page of a search begins: after the first `skip` matches of the day."""

    day: date
    skip: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched:
    """One page of the papers that a filter selects, the newest day first, best first.

    filter: canonical. following: where the next page begins, None when there is none. total: how
    many there are from `since` on, which is None where no paper is stored.
    """

    filter: str
    matches: tuple[Match, ...]
    following: Place | None
    total: int
    since: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What planning came to.

    served: readers who had their digest of the edition already. The rest had no match.
    """

    readers: int = 0
    digests: int = 0
    served: int = 0

    @property
    def without_match(self) -> int:
        return self.readers - self.digests - self.served

    def __add__(self, other: "Planned") -> "Planned":
        return Planned(
            readers=self.readers + other.readers,
            digests=self.digests + other.digests,
            served=self.served + other.served,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """Readers taken in. refused: address and reason of each that was not."""

    added: int = 0
    refused: tuple[tuple[str, str], ...] = ()

    def __add__(self, other: "Imported") -> "Imported":
        return Imported(added=self.added + other.added, refused=self.refused + other.refused)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryView:
    """One row of the ledger, for people. edition: its date. papers: ids in the mail's order."""

    id: int
    edition: date
    kind: Kind
    address: str
    state: State
    resend_no: int
    message_id: str
    attempts: int
    planned_at: datetime
    next_at: datetime
    sent_at: datetime | None
    last_code: int
    last_text: str
    because: str
    digest: Digest | None = None

    @property
    def papers(self) -> tuple[str, ...]:
        return self.digest.paper_ids if self.digest else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionView:
    """One edition with how many of its deliveries stand in each state.

    state: open, held or cancelled; held_because: the reason of either. deferred: those pending
    whose next try is later.
    """

    id: int
    edition: date
    kind: Kind
    state: str
    counts: Mapping[State, int] = field(default_factory=dict)
    deferred: int = 0
    held_because: str = ""
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What `run` did. refused: readers of whom it could not be done, with the reason."""

    edition: date
    pulled: tuple[Pulled, ...] = ()
    planned: Planned = Planned()
    counts: Mapping[State, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A reader's mail: its parts, and the whole message as it would be sent."""

    rendered: "Rendered"
    message: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceStatus:
    """How a source stands. papers: of the last day that had any."""

    source: str
    last_success_at: datetime | None
    last_day: date | None
    papers: int
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceStatus:
    """The state of the service; `stale` holds one plain sentence for each thing that is wrong."""

    now: datetime
    sources: tuple[SourceStatus, ...]
    editions: tuple[EditionView, ...]
    subscribers: Mapping[str, int]
    oldest_waiting_at: datetime | None
    stale: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportView:
    """A report that came in. address: of the reader it speaks of, "" where nobody is known.

    fate, kind, came_by: words of core.feedback.intake and core.reports. is_kept: whether the
    message itself is; raw: it, where it was asked for.
    """

    id: int
    arrived_at: datetime
    came_by: str
    nature: str
    fate: str
    kind: str
    status: str
    cause: str
    code: int
    reply: str
    is_delay: bool
    delivery_id: int | None
    address: str
    is_kept: bool
    raw: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportCount:
    """How many reports came this way and ended so."""

    came_by: str
    fate: str
    kind: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxView:
    """How the last look at a mailbox went. taken: all that ever came out of it."""

    name: str
    looked_at: datetime | None
    taken: int
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One result of `check`: what was looked at, whether it is right, and what to do if not."""

    name: str
    is_ok: bool
    words: str
