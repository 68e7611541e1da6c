"""What the services need from outside. Each has an in-memory twin held to the same tests."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple, Protocol

from newsletter.core.delivery.flow import Grant, Limits, Look
from newsletter.core.delivery.states import Outcome
from newsletter.core.feedback.intake import CameBy
from newsletter.core.gate import Knock, Passage
from newsletter.core.papers import Fetched

Validators = Mapping[str, Mapping[str, str]]


class Letter(NamedTuple):
    """One message on its way: `parts` together are the whole message, CRLF, not yet dot-stuffed.

    Most parts are shared with other letters, so that thousands of them wait in little memory.
    return_path and recipient are bare addresses (the envelope, RFC 5321). is_wire_ready: whoever
    made the parts vouches that they hold CRLF only, end with one, and that no line begins with a
    dot; they may go out as they are. Thousands are made in a second.
    """

    delivery_id: int
    epoch: int
    return_path: str
    recipient: str
    parts: Sequence[bytes]
    is_wire_ready: bool = False

    @property
    def content(self) -> bytes:
        """The whole message, joined anew each time: it is as large as all its parts."""
        return b"".join(self.parts)


class PaperSource(Protocol):
    """A place papers come from."""

    @property
    def name(self) -> str: ...

    def fetch(self, day: date, *, validators: Validators) -> Fetched:
        """The papers that the source announces for this day, whole, whatever its page size.

        validators: what `Fetched.validators` gave last time for this day, or empty.
        Raises SourceUnavailable when nothing usable came; broken records are in `skipped`.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A message that waits in a mailbox. name: its own there. raw: MAX_REPORT_BYTES of it."""

    name: str
    raw: bytes


class ReportBox(Protocol):
    """A place where reports wait. Each call may raise MailboxUnavailable."""

    @property
    def name(self) -> str:
        """What people may read of its address: never a login."""
        ...

    @property
    def came_by(self) -> CameBy: ...

    def fetch(self) -> Iterator[Mail]:
        """Each message that waits, the oldest first; one that cannot be read is passed over."""
        ...

    def remove(self, mail: Mail) -> None:
        """Remove this message and no other, once it is committed. Twice is no error.

        A crash before `close` may leave it there.
        """
        ...

    def close(self) -> None:
        """Finish the removals and let go; `fetch` begins anew."""
        ...


class Transport(Protocol):
    """The way to the relay. Connections are kept between calls."""

    def send_many(
        self, letters: Sequence[Letter], *, accepted: Callable[[Sequence[Letter]], None]
    ) -> Iterator[tuple[Letter, Outcome]]:
        """Hand over each letter and say what became of it, in any order, each exactly once.

        accepted: called soon after each final 250, in small groups, before the outcome is
        yielded: what it notes survives a crash of this process.
        Never raises for what a relay does; relays that cannot be used at all give `held`, and a
        letter that a limit or its domain has no room for `delayed`, with the wait.
        """
        ...

    def close(self) -> None: ...


RANGE_SIZE = 1024  # subscribers; 128 bytes of a bitmap


class Seen(Protocol):
    """The dedup cache: who has seen which paper, by ranges of subscribers; what was accepted.

    A range is `subscriber_id // RANGE_SIZE`. A cache that lost its memory, or that missed a
    commit, is noticed by its version and told again from the store.
    """

    def version(self, range_no: int) -> int | None:
        """The version last told for this range; None when nothing is known."""
        ...

    def seen(self, range_no: int, paper_ids: Sequence[str]) -> dict[str, bytes]:
        """For each paper a bitmap over the range: bit k (LSB first) is its k-th subscriber."""
        ...

    def remember(self, range_no: int, bitmaps: Mapping[str, bytes], *, version: int) -> None:
        """Write these papers' bitmaps over the range as they are, then the version."""
        ...

    def note_accepted(self, pairs: Iterable[tuple[int, int]]) -> None:
        """Note (delivery id, epoch) pairs that the relay accepted; kept for two days."""
        ...

    def accepted(self, pairs: Sequence[tuple[int, int]]) -> set[tuple[int, int]]:
        """Those of the pairs that were noted. Raises QueueUnavailable when Redis is away."""
        ...


class Spacing(Protocol):
    """Keeps requests to one place apart, over all processes."""

    def wait(self, name: str, interval: timedelta) -> None:
        """Return when this caller's turn has come; turns of one name are `interval` apart."""
        ...


class Flow(Protocol):
    """What all workers together know of the relays' limits and of the domains' moods.

    It never raises: without its memory it grants less, never more.
    """

    def look(self, relays: Sequence[str]) -> Look:
        """How these relays and all domains stand; at most some tenths of a second old."""
        ...

    def take(self, relay: str, limits: Limits, wanted: int) -> Grant:
        """How many of the wanted this relay may be given now."""
        ...

    def give_back(self, relay: str, limits: Limits, count: int) -> None:
        """So many were granted and not used."""
        ...

    def leave(self, wanted: Mapping[str, int]) -> Mapping[str, Grant]:
        """For each domain, how many of the wanted may go; a domain that is free is left out."""
        ...

    def note(self, replies: Mapping[str, tuple[int, int]], *, seconds: float) -> None:
        """For each domain how many it accepted, and how often it asked for fewer, in this time.

        Only domains that asked for fewer, now or earlier, need to be told of.
        """
        ...

    def close_relay(self, relay: str, because: str) -> None:
        """Leave the relay alone, all of us, longer each time it happens in a row."""
        ...

    def open_relay(self, relay: str) -> None:
        """It takes letters again."""
        ...


class Gate(Protocol):
    """Counts the mails that strangers asked for; see core/gate.py for how many there may be."""

    def take(self, knock: Knock) -> Passage:
        """Whether this mail may be sent; if so, it counts. Raises QueueUnavailable."""
        ...

    def spend(self, proof: str) -> bool:
        """Whether this proof of work was never spent before; from now on it is.

        proof: what `proof.read_proof` gave. Raises QueueUnavailable.
        """
        ...

    def look(self) -> None:
        """Raise QueueUnavailable unless it can count."""
        ...


class Sns(Protocol):
    """Amazon's notification service, as far as it must be asked itself."""

    def certificate(self, url: str) -> bytes:
        """The certificate at this address, in PEM. Raises SourceUnavailable."""
        ...

    def confirm(self, url: str) -> None:
        """Agree to be called, at the address that a signed message gave. As above."""
        ...


class TaskQueue(Protocol):
    """Rings doorbells. A ring may be lost, doubled or late: the rows decide."""

    def ring(self, task: str, **arguments: int | str) -> None:
        """Put one short message on the queue. Raises QueueUnavailable, within two seconds."""
        ...
