"""Why a paper is in a reader's digest, or why it is not: how far it came in the fixed order."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from newsletter.core.digests import Topic, compose
from newsletter.core.filters import Filter
from newsletter.core.matching import PaperIndex


class Stop(StrEnum):
    """Where a paper's way ended, in the order of decisions."""

    UNKNOWN = "unknown"  # no such paper among those looked at
    WINDOW = "window"
    TOPIC = "topic"
    MUTE = "mute"
    SEEN = "seen"
    TOPIC_CAP = "topic cap"
    DIGEST_CAP = "digest cap"
    DIGEST = "digest"  # it is in the digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """How far one paper came. `sentence` says it in plain words.

    topic: the first that wants the paper, "" when none does; words: those that matched. mute:
    the text of the one that keeps it out. place: its rank from 1 among the `rivals` papers that
    the topic has for this reader. cap: the limit that it fell to.
    """

    paper_id: str
    stop: Stop
    topic: str = ""
    words: tuple[str, ...] = ()
    mute: str = ""
    place: int = 0
    rivals: int = 0
    cap: int = 0

    @property
    def sentence(self) -> str:
        words = f" ({', '.join(self.words)})" if self.words else ""
        return _SENTENCES[self.stop].format(trace=self, words=words)


_SENTENCES = {
    Stop.UNKNOWN: "{trace.paper_id} is not among the papers of that time.",
    Stop.WINDOW: "{trace.paper_id} was not announced on a day that this digest covers.",
    Stop.TOPIC: "No topic that is on wants {trace.paper_id}.",
    Stop.MUTE: "Topic {trace.topic}{words} wants it, but the mute `{trace.mute}` keeps it out.",
    Stop.SEEN: "Topic {trace.topic}{words} wants it, but an earlier digest brought it already.",
    Stop.TOPIC_CAP: (
        "Topic {trace.topic}{words} wants it, but it is number {trace.place} of {trace.rivals} "
        "there and the topic takes {trace.cap}."
    ),
    Stop.DIGEST_CAP: (
        "Topic {trace.topic}{words} wants it, but better papers fill the digest of {trace.cap}."
    ),
    Stop.DIGEST: "Topic {trace.topic}{words} brought it.",
}


def why(
    index: PaperIndex,
    topics: Sequence[Topic],
    *,
    mutes: Sequence[Filter] = (),
    window: int,
    seen: int = 0,
    cap: int,
    paper_id: str,
) -> Trace:
    """How far this paper comes with what `compose` would be given."""
    papers = index.bits([paper_id])
    if not papers:
        return Trace(paper_id=paper_id, stop=Stop.UNKNOWN)
    if not papers & window:
        return Trace(paper_id=paper_id, stop=Stop.WINDOW)
    topic = next((topic for topic in topics if index.match(topic.filter) & papers), None)
    if topic is None:
        return Trace(paper_id=paper_id, stop=Stop.TOPIC)
    words = index.reasons(topic.filter, index.position(paper_id))
    wanted = Trace(paper_id=paper_id, stop=Stop.DIGEST, topic=topic.name, words=words)
    for mute in mutes:
        if index.match(mute) & papers:
            return replace(wanted, stop=Stop.MUTE, mute=mute.text)
    if papers & seen:
        return replace(wanted, stop=Stop.SEEN)
    digest = compose(index, topics, mutes=mutes, window=window, seen=seen, cap=cap)
    if digest and paper_id in digest.paper_ids:
        return wanted
    earlier = [one.filter for one in topics[: topics.index(topic)]]
    rivals = window & ~seen & index.match(topic.filter)
    for other in (*mutes, *earlier):
        rivals &= ~index.match(other)
    ranked = index.best(topic.filter, rivals, most=rivals.bit_count())
    place = ranked.index(index.position(paper_id)) + 1
    fallen = replace(wanted, stop=Stop.DIGEST_CAP, place=place, rivals=len(ranked), cap=cap)
    if topic.cap is not None and place > topic.cap:
        return replace(fallen, stop=Stop.TOPIC_CAP, cap=topic.cap)
    return fallen
