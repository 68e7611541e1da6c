"""Why a paper is in a reader's digest, or why it is not: how far it came in the fixed order."""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from newsletter.core.digests import Digest, Topic, compose
from newsletter.core.explaining import Lack, lacks
from newsletter.core.filters import Filter
from newsletter.core.matching import PaperIndex


class Stop(StrEnum):
    """Where a paper's way ended, in the order of decisions."""

    WORK = "work"  # no such paper among those looked at
    WINDOW = "window"
    TOPIC = "topic"
    MUTE = "mute"
    SEEN = "seen"
    TOPIC_CAP = "topic cap"
    DIGEST_CAP = "digest cap"
    CHANGED = "changed"  # it would be in the digest by today's wishes, and was not
    DIGEST = "digest"  # it is in the digest


CAPS = (Stop.TOPIC_CAP, Stop.DIGEST_CAP)


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What one reader's digest is made of; see `compose` for the fields it takes.

    off: the reader's topics that are switched off; they want nothing.
    """

    index: PaperIndex
    topics: Sequence[Topic]
    mutes: Sequence[Filter] = ()
    window: int
    seen: int = 0
    cap: int
    off: Sequence[Topic] = ()

    def digest(self) -> Digest | None:
        return compose(
            self.index,
            self.topics,
            mutes=self.mutes,
            window=self.window,
            seen=self.seen,
            cap=self.cap,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Miss:
    """A topic that does not want the paper. lacks: what would have to be there, all of it.

    is_off: it would want the paper, but it is switched off.
    """

    topic: str
    lacks: tuple[Lack, ...] = ()
    is_off: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """How far one paper came.

    topic: the first that wants the paper, "" when none does; words: those that matched, as the
    mail shows them. misses: the topics that do not want it, where none does. mutes: the texts of
    all that keep it out. place: its rank from 1 among the `rivals` papers that the topic has for
    this reader; 0 where it was not ranked. cap: the limit that it fell to; needed: the smallest
    that brings it, 0 when not known. then: how far it comes when the named reason is removed, None
    where no such change is to be had.
    """

    paper_id: str
    stop: Stop
    topic: str = ""
    words: tuple[str, ...] = ()
    misses: tuple[Miss, ...] = ()
    mutes: tuple[str, ...] = ()
    place: int = 0
    rivals: int = 0
    cap: int = 0
    needed: int = 0
    then: "Trace | None" = None


def why(situation: Situation, paper_id: str) -> Trace:
    """How far this paper comes in this situation."""
    trace = _stopped(situation, paper_id)
    remedy = _REMEDIES.get(trace.stop)
    return replace(trace, then=why(remedy(situation, trace), paper_id)) if remedy else trace


def _stopped(situation: Situation, paper_id: str) -> Trace:
    index = situation.index
    paper = index.bits([paper_id])
    if not paper:
        return Trace(paper_id=paper_id, stop=Stop.WORK)
    if not paper & situation.window:
        return Trace(paper_id=paper_id, stop=Stop.WINDOW)
    topic = next((one for one in situation.topics if index.match(one.filter) & paper), None)
    if topic is None:
        return Trace(paper_id=paper_id, stop=Stop.TOPIC, misses=_misses(situation, paper_id))
    words = index.reasons(topic.filter, index.position(paper_id))
    wanted = Trace(paper_id=paper_id, stop=Stop.DIGEST, topic=topic.name, words=words)
    mutes = tuple(mute.text for mute in situation.mutes if index.match(mute) & paper)
    if mutes:
        return replace(wanted, stop=Stop.MUTE, mutes=mutes)
    if paper & situation.seen:
        return replace(wanted, stop=Stop.SEEN)
    place, rivals = _rank(situation, topic, paper_id)
    ranked = replace(wanted, place=place, rivals=rivals)
    if topic.cap is not None and place > topic.cap:
        return replace(ranked, stop=Stop.TOPIC_CAP, cap=topic.cap, needed=place)
    if _brings(situation, paper_id):
        return ranked
    needed = _needed_cap(situation, paper_id)
    return replace(ranked, stop=Stop.DIGEST_CAP, cap=situation.cap, needed=needed)


def _misses(situation: Situation, paper_id: str) -> tuple[Miss, ...]:
    index, k = situation.index, situation.index.position(paper_id)
    off = [one for one in situation.off if index.match(one.filter) >> k & 1]
    return (
        *(Miss(topic=one.name, is_off=True) for one in off),
        *(Miss(topic=one.name, lacks=lacks(index, one.filter, k)) for one in situation.topics),
    )


def _rank(situation: Situation, topic: Topic, paper_id: str) -> tuple[int, int]:
    """The paper's place among those that the topic has for this reader, and how many they are."""
    index, topics = situation.index, situation.topics
    rivals = situation.window & ~situation.seen & index.match(topic.filter)
    earlier = (one.filter for one in topics[: topics.index(topic)])
    for other in (*situation.mutes, *earlier):
        rivals &= ~index.match(other)
    ranked = index.best(topic.filter, rivals, most=rivals.bit_count())
    return ranked.index(index.position(paper_id)) + 1, len(ranked)


def _brings(situation: Situation, paper_id: str) -> bool:
    digest = situation.digest()
    return digest is not None and paper_id in digest.paper_ids


def _needed_cap(situation: Situation, paper_id: str) -> int:
    """The smallest cap of the digest that has room for the paper."""
    larger = range(situation.cap + 1, len(situation.index.papers) + 1)
    enough = bisect_left(larger, 1, key=lambda cap: _brings(replace(situation, cap=cap), paper_id))
    return larger[enough]


def _without_mutes(situation: Situation, trace: Trace) -> Situation:
    kept = [mute for mute in situation.mutes if mute.text not in trace.mutes]
    return replace(situation, mutes=kept)


def _unseen(situation: Situation, trace: Trace) -> Situation:
    return replace(situation, seen=situation.seen & ~situation.index.bits([trace.paper_id]))


def _with_topic_cap(situation: Situation, trace: Trace) -> Situation:
    topics = [
        one._replace(cap=trace.needed) if one.name == trace.topic else one
        for one in situation.topics
    ]
    return replace(situation, topics=topics)


def _with_digest_cap(situation: Situation, trace: Trace) -> Situation:
    return replace(situation, cap=trace.needed)


# What the reader could change, stop by stop; where a paper is not wanted, only they can say how.
_REMEDIES: dict[Stop, Callable[[Situation, Trace], Situation]] = {
    Stop.MUTE: _without_mutes,
    Stop.SEEN: _unseen,
    Stop.TOPIC_CAP: _with_topic_cap,
    Stop.DIGEST_CAP: _with_digest_cap,
}


def settled(trace: Trace, digest: Digest) -> Trace:
    """The trace as the ledger has it, for a digest that was made: that is what the reader got.

    trace: by what is known today; topics, upvotes and abstracts may have changed since.
    """
    for section in digest.sections:
        for pick in section.picks:
            if pick.paper_id == trace.paper_id:
                return _as_picked(trace, section.topic, pick.words)
    is_left_out = any(pick.paper_id == trace.paper_id for pick in digest.left_out)
    if is_left_out and trace.stop not in CAPS:
        full = len(digest.paper_ids)
        return Trace(
            paper_id=trace.paper_id, stop=Stop.DIGEST_CAP, topic=trace.topic, words=trace.words,
            cap=full,
        )  # fmt: skip
    fell_unnamed = trace.stop in CAPS and bool(digest.more)
    if trace.stop is Stop.DIGEST or (trace.stop in CAPS and not (is_left_out or fell_unnamed)):
        return replace(trace, stop=Stop.CHANGED, cap=0, needed=0, then=None)
    return trace


def _as_picked(trace: Trace, topic: str, words: tuple[str, ...]) -> Trace:
    is_ranked_alike = trace.stop is Stop.DIGEST and trace.topic == topic
    return Trace(
        paper_id=trace.paper_id,
        stop=Stop.DIGEST,
        topic=topic,
        words=words,
        place=trace.place if is_ranked_alike else 0,
        rivals=trace.rivals if is_ranked_alike else 0,
    )


def is_changed_since(situation: Situation, digest: Digest) -> bool:
    """Whether today's topics and mutes would not have brought these papers in this way."""
    index = situation.index
    topics = {topic.name: topic for topic in situation.topics}
    for section in digest.sections:
        papers = index.bits(pick.paper_id for pick in section.picks)
        topic = topics.get(section.topic)
        if topic is None or papers & ~index.match(topic.filter):
            return True
        if any(papers & index.match(mute) for mute in situation.mutes):
            return True
    return False
