"""The account of one paper and one reader, step by step in plain words, for people."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from newsletter.core.delivery.states import State
from newsletter.core.papers import Paper
from newsletter.core.results import DeliveryView
from newsletter.core.subscribers import MAX_CAP
from newsletter.core.tracing import CAPS, Miss, Situation, Stop, Trace

_MOST_SOURCES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One decision about the paper. name: "work", "window", "topic", …; words: how it fell.

    Where no topic wants the paper, each of them has a step.
    """

    name: str
    is_passed: bool
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What was around the decision.

    first_on, edition: the days that the digest covers. made_at: when it was decided what is in it.
    seen_in: the edition that showed the paper before. late_at: when the paper reached us, where
    that was after made_at. delivery: the digest in the ledger; where there is none, absence says
    why not.
    """

    address: str
    edition: date
    first_on: date
    paper: Paper
    situation: Situation
    made_at: datetime
    seen_in: date | None = None
    late_at: datetime | None = None
    delivery: DeliveryView | None = None
    absence: str = ""

    @property
    def is_left_out(self) -> bool:
        digest = self.delivery.digest if self.delivery else None
        return digest is not None and any(p.paper_id == self.paper.id for p in digest.left_out)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Why a paper came to a reader, or why not.

    came: it is in a digest that is in the ledger. notes: what a person should know besides.
    conclusion: one or two sentences, with what the reader could change.
    """

    address: str
    edition: date
    paper: Paper
    trace: Trace
    came: bool
    steps: tuple[Step, ...]
    conclusion: str
    notes: tuple[str, ...] = ()
    delivery: DeliveryView | None = None


def account(trace: Trace, around: Circumstances, *, notes: tuple[str, ...] = ()) -> Account:
    """The trace in words."""
    if around.is_left_out:
        notes = (*notes, "The mail names this paper at its foot, without its abstract.")
    teller = _Teller(trace, around)
    return Account(
        address=around.address,
        edition=around.edition,
        paper=around.paper,
        trace=trace,
        came=trace.stop is Stop.DIGEST and around.delivery is not None,
        steps=tuple(teller.steps()),
        conclusion=teller.conclusion(),
        notes=notes,
        delivery=around.delivery,
    )


@dataclass(frozen=True, slots=True)
class _Teller:
    """Finds the words. One method for each step of the order, one for each end."""

    trace: Trace
    around: Circumstances

    def steps(self) -> Iterator[Step]:
        trace = self.trace
        is_recorded = not trace.place and trace.stop in (Stop.DIGEST, *CAPS)
        for name, tell in (_FROM_LEDGER if is_recorded else _IN_ORDER).items():
            stops = name == trace.stop
            told = map(_miss, trace.misses) if stops and trace.misses else (tell(self),)
            yield from (Step(name=name, is_passed=not stops, words=words) for words in told)
            if stops:
                return
        if is_recorded:
            words = "the ledger has it so; topics or papers have changed since"
            yield Step(name="ledger", is_passed=True, words=words)
        elif trace.stop is Stop.CHANGED:
            words = "but it is not in the digest that was made: something has changed since"
            yield Step(name="changed", is_passed=False, words=words)

    def conclusion(self) -> str:
        about = _ENDS[self.trace.stop](self)
        return f"{self.around.absence} {about}" if self.around.absence else about

    # Steps

    def work(self) -> str:
        named = ", ".join(self.around.paper.sources[:_MOST_SOURCES])
        return f"one work, known as {self.trace.paper_id}" + (f", from {named}" if named else "")

    def window(self) -> str:
        around = self.around
        if around.late_at is not None:
            verb = "made" if around.delivery else "due"
            return (
                f"it reached us {_instant(around.late_at)}, and this digest was {verb} "
                f"{_instant(around.made_at)}"
            )
        days = (around.edition - around.first_on).days + 1
        where = "outside" if self.trace.stop is Stop.WINDOW else "within"
        return (
            f"announced {around.paper.featured_on}, {where} the {days} days that this digest "
            f"covers, {around.first_on} to {around.edition}"
        )

    def topic(self) -> str:
        trace = self.trace
        if trace.stop is Stop.TOPIC:  # with misses, these are told
            return "the reader has no topic that is on"
        wanted = f"topic {trace.topic} wants it" if trace.topic else "a topic wanted it then"
        return f"{wanted}: {', '.join(trace.words)}" if trace.words else wanted

    def mute(self) -> str:
        trace, count = self.trace, len(self.around.situation.mutes)
        if trace.stop is Stop.MUTE:
            verb = "keeps" if len(trace.mutes) == 1 else "keep"
            return f"mute {_quoted(trace.mutes)} {verb} it out"
        if not count:
            return "the reader has no mutes"
        return "the reader's mute lets it pass" if count == 1 else f"all {count} mutes let it pass"

    def seen(self) -> str:
        if self.trace.stop is Stop.SEEN:
            return f"the digest of {self.around.seen_in} showed it already"
        return "new to this reader"

    def rank(self) -> str:
        trace = self.trace
        return f"number {trace.place} of {_papers(trace.rivals)} for this reader in {trace.topic}"

    def topic_cap(self) -> str:
        if self.trace.stop is Stop.TOPIC_CAP:
            return f"the topic takes {self.trace.cap} at most"
        topics = self.around.situation.topics
        cap = next((one.cap for one in topics if one.name == self.trace.topic), None)
        return "the topic has no cap" if cap is None else f"the topic takes {_papers(cap)}"

    def digest_cap(self) -> str:
        if self.trace.stop is not Stop.DIGEST_CAP:
            return f"the digest takes {_papers(self.around.situation.cap)}"
        if not self.trace.place:
            return "it did not fit into the digest"
        return f"better papers fill the digest, which takes {self.trace.cap}"

    # Ends

    def came(self) -> str:
        topic, one = self.trace.topic, self.around.delivery
        change = "A mute, or a narrower filter of that topic, would keep such papers out."
        if one is None:
            return f"By today's topics it would come under topic {topic}. {change}"
        fate = _FATES[one.state].format(one=one, at=_instant(one.sent_at or one.planned_at))
        return f"It is in the digest of {self.around.edition} under topic {topic}, {fate} {change}"

    def unwanted(self) -> str:
        misses = self.trace.misses
        if not misses:
            return "The reader has no topic that is on: add one, or switch one on."
        nearest = min(misses, key=lambda miss: len(miss.lacks))  # 0 where only the switch is off
        if nearest.is_off:
            return f"No topic that is on wants it: topic {nearest.topic} would, switched on."
        parts = " and ".join(lack.part for lack in nearest.lacks)
        return f"No topic wants it. Nearest is {nearest.topic}: it would match without {parts}."

    def outside(self) -> str:
        if self.around.late_at is not None:
            return "It came too late for this digest: the next one covers it."
        day = self.around.paper.featured_on
        return (
            "It belongs to another day, so no change of topics brings it into this digest: ask "
            f"about one that covers it, such as `--edition {day}`."
        )

    def muted(self) -> str:
        which = "that mute" if len(self.trace.mutes) == 1 else "those mutes"
        return f"Muted by {_quoted(self.trace.mutes)}: without {which} {self.then()}."

    def repeated(self) -> str:
        return f"The reader had it in the digest of {self.around.seen_in}: no paper comes twice."

    def over_topic_cap(self) -> str:
        trace = self.trace
        if trace.needed > MAX_CAP:
            return f"It is number {trace.place} in topic {trace.topic}: a narrower filter helps."
        return f"With a cap of {trace.needed}, or none, on topic {trace.topic} {self.then()}."

    def over_digest_cap(self) -> str:
        trace = self.trace
        if not trace.needed:
            return "There was no room for it: a larger cap of the digest brings more papers."
        if trace.needed > MAX_CAP:
            return f"Not even the largest digest, of {MAX_CAP} papers, has room: narrow the topics."
        return f"With {trace.needed} papers a digest instead of {trace.cap} {self.then()}."

    def altered(self) -> str:
        return (
            f"By what is known today topic {self.trace.topic} would bring it, but the digest of "
            f"{self.around.edition} was made without it: topics, mutes, upvotes or the paper's "
            "text have changed since."
        )

    def then(self) -> str:
        then = self.trace.then
        assert then is not None  # each end that asks has a remedy
        return _THEN[then.stop].format(then=then)


_IN_ORDER = {
    "work": _Teller.work,
    "window": _Teller.window,
    "topic": _Teller.topic,
    "mute": _Teller.mute,
    "seen": _Teller.seen,
    "rank": _Teller.rank,
    "topic cap": _Teller.topic_cap,
    "digest cap": _Teller.digest_cap,
}
_FROM_LEDGER = {name: _IN_ORDER[name] for name in ("work", "topic", "digest cap")}
_ENDS = {
    Stop.WORK: _Teller.outside,
    Stop.WINDOW: _Teller.outside,
    Stop.TOPIC: _Teller.unwanted,
    Stop.MUTE: _Teller.muted,
    Stop.SEEN: _Teller.repeated,
    Stop.TOPIC_CAP: _Teller.over_topic_cap,
    Stop.DIGEST_CAP: _Teller.over_digest_cap,
    Stop.CHANGED: _Teller.altered,
    Stop.DIGEST: _Teller.came,
}
_FATES = {
    State.PENDING: "which waits to be sent.",
    State.SENDING: "which is being sent.",
    State.SENT: "sent {at}.",
    State.FAILED: "but the mail was refused ({one.last_code} {one.last_text}).",
    State.SKIPPED: "but it was not sent: the reader left, paused or was suppressed by then.",
    State.EXPIRED: "but it was not sent before it was too old.",
    State.REVIEW: "but whether the mail was sent is not certain.",
}
_THEN = {
    Stop.SEEN: "it would still not come, since an earlier digest showed it",
    Stop.TOPIC_CAP: "it would still be number {then.place} in topic {then.topic}, which takes "
    "{then.cap}",
    Stop.DIGEST_CAP: "it would still not fit into the digest of {then.cap}",
    Stop.DIGEST: "it would come under topic {then.topic}",
}


def _miss(miss: Miss) -> str:
    if miss.is_off:
        return f"topic {miss.topic} would want it, but is off"
    return f"topic {miss.topic} needs {', and '.join(map(str, miss.lacks))}"


def _quoted(texts: tuple[str, ...]) -> str:
    return " and ".join(f"`{text}`" for text in texts)


def _papers(count: int) -> str:
    return "1 paper" if count == 1 else f"{count} papers"


def _instant(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
