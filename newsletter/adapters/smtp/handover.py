"""One letter after the other over an open connection, and what becomes of each."""

from collections.abc import Generator, Mapping
from typing import Protocol

from newsletter.adapters.smtp.letters import Parcel, pack
from newsletter.adapters.smtp.script import Step, Wait, demand, next_reply
from newsletter.adapters.smtp.wire import Broken, Patience, Reply, Wire
from newsletter.core.delivery.states import Outcome, Result, Stage, outcome_of
from newsletter.core.ports import Letter


class Work(Protocol):
    """Where letters come from, and where their outcomes go."""

    def take(self) -> Letter | None:
        """The next letter, or None when there is none for now."""

    def done(self, letter: Letter, outcome: Outcome) -> None:
        """This became of the letter."""

    def back(self, letter: Letter, *, begun: bool) -> None:
        """Another connection shall take this letter. begun: something was said of it."""

    def hold(self, outcome: Outcome) -> None:
        """The relay is not to be used for now."""

    def refused(self, outcome: Outcome) -> None:
        """This connection could not be opened."""

    def died(self) -> None:
        """This connection broke before it took any letter."""


class Handover:
    """The letters of one connection. With PIPELINING (RFC 2920) the next envelope travels with
    the final dot, so that a letter costs one round trip; otherwise it is one command at a time.

    offers: EHLO keyword → parameters.
    """

    def __init__(self, wire: Wire, offers: Mapping[str, str], patience: Patience) -> None:
        self.is_used = False  # has taken a letter: such a connection may be closed any time
        self._wire, self._offers, self._patience = wire, offers, patience
        self._pipelines = "PIPELINING" in offers
        self._must_reset = False
        self._parcel: Parcel | None = None
        self._ahead: Parcel | None = None  # its envelope went with the dot of the one before
        self._stage = Stage.MAIL
        self._taken: tuple[Reply, Outcome] | None = None  # the last reply, and what it means

    def run(self, work: Work) -> Step:
        """Until there is no more work. Raises Broken and Leaving: then call settle()."""
        while True:
            is_announced = self._ahead is not None
            self._parcel, self._ahead = self._ahead or self._next(work), None
            if self._parcel is None:
                return
            parcel = self._parcel
            if not is_announced:
                yield from self._reset()
                if self._pipelines:
                    self._wire.write(parcel.envelope)
            refusal = None
            if not (self._pipelines and self._wire.takes_envelope()):
                refusal = yield from self._announce(parcel)
            if refusal is None:
                yield from self._hand_over(work, parcel)
                self.is_used = True
            else:
                yield from self._withdraw(work, parcel.letter, refusal)

    def settle(self, work: Work, code: int, text: str) -> None:
        """Say what became of the letters in hand when the conversation ended with this reply,
        or, with code 0, for this cause.
        """
        parcel, ahead = self._parcel, self._ahead
        self._parcel = self._ahead = None
        if ahead is not None:
            work.back(ahead.letter, begun=False)
        if parcel is None:
            return
        letter = parcel.letter
        if self._stage is Stage.MAIL and self.is_used:
            # Servers close after so many letters, or minutes: that says nothing of this one.
            work.back(letter, begun=True)
            return
        if self._stage is Stage.MAIL and code == 421:
            work.hold(outcome_of(Stage.MAIL, code, text))
            work.back(letter, begun=False)
            return
        stage = self._stage
        if stage is Stage.DOT and self._wire.written < self._wire.dot_at:
            stage = Stage.DATA  # without its final dot the relay cannot have taken it
        work.done(letter, outcome_of(stage, code, text))

    def _meaning(self, reply: Reply) -> Outcome:
        """What the reply to a letter came to: many relays have the same words for all."""
        if self._taken is None or self._taken[0] != reply:
            self._taken = reply, outcome_of(Stage.DOT, *reply)
        return self._taken[1]

    def _next(self, work: Work) -> Parcel | None:
        """The next letter that this relay can take at all."""
        while (letter := work.take()) is not None:
            packed = pack(letter, self._offers)
            if isinstance(packed, Parcel):
                return packed
            work.done(letter, packed)
        return None

    def _reset(self) -> Step:
        """End the transaction that a refusal left half open."""
        self._stage = Stage.MAIL
        if self._must_reset:
            yield from demand(self._wire, "RSET", self._patience.command)
            self._must_reset = False

    def _announce(self, parcel: Parcel) -> Generator[Wait, None, "Refusal | None"]:
        """Name the envelope; None when the relay now wants the content."""
        refusal = None
        for stage, command in parcel.commands:
            self._stage = stage
            if not self._pipelines:
                self._wire.write(command)
            is_data = stage is Stage.DATA
            seconds = self._patience.data if is_data else self._patience.command
            reply = yield from next_reply(self._wire, seconds)
            if reply.code >= 400:
                # Those after the first only say that something came before.
                refusal = refusal or Refusal(stage, reply)
                self._must_reset = True
                if not self._pipelines:
                    return refusal
            elif reply.code != 354 if is_data else reply.code // 100 != 2:
                raise Broken(f"it answered {stage.upper()} with {reply.code} {reply.text}")
            elif is_data and refusal is not None:
                # RFC 2920 section 3.1: it may want content though it took no recipient.
                refusal.wants_content = True
        return refusal

    def _withdraw(self, work: Work, letter: Letter, refusal: "Refusal") -> Step:
        """Record the refusal, and give content that is wanted all the same: none."""
        self._parcel = None
        work.done(letter, outcome_of(refusal.stage, *refusal.reply))
        if refusal.wants_content:
            self._wire.write(b".\r\n")
            yield from next_reply(self._wire, self._patience.dot)
            self._must_reset = False

    def _hand_over(self, work: Work, parcel: Parcel) -> Step:
        """Send the content, with the next envelope right behind, and learn what became of it."""
        if self._wire.has_unread:
            raise Broken("the relay answers what nobody asked")
        self._wire.has_early_reply = False
        self._stage, behind = Stage.DOT, b""
        if self._pipelines:
            self._ahead = self._next(work)
            if self._ahead is not None:
                behind = self._ahead.envelope
        end = self._wire.write(parcel.unpack(), b".\r\n" + behind)
        self._wire.dot_at = end - len(behind)
        reply = yield from next_reply(self._wire, self._patience.dot)
        was_early = self._wire.has_early_reply
        if was_early and reply.code < 400:
            raise Broken(f"it said {reply.code} before it had the whole letter")
        outcome = self._meaning(reply)
        self._parcel = None
        work.done(parcel.letter, outcome)
        if was_early or outcome.result is Result.UNCERTAIN:
            raise Broken(f"it answered a letter with {reply.code} {reply.text}")


class Refusal:
    """The first reply that refused an envelope, and at which command."""

    def __init__(self, stage: Stage, reply: Reply) -> None:
        self.stage, self.reply = stage, reply
        self.wants_content = False
