"""Choose, rank, cap and group one subscriber's papers.

The order is fixed: in the window → a topic matches → no mute → not seen before → rank → the
topic's cap → the digest's cap. `why` tells for one paper how far it came.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from newsletter.core.filters import Filter
from newsletter.core.matching import PaperIndex
from newsletter.core.matching.index import positions
from newsletter.core.matching.ranking import first
from newsletter.core.matching.terms import Matched
from newsletter.core.memory import Recent

# Choices, and filters with their picks, kept for readers who want the same: most share a few
# hundred topics.
_MOST_RECENT = 4_096
_MOST_CHOICES = 32  # for each set of topics, of readers who have seen nothing
MOST_LEFT_OUT = 12  # a short list at the foot of the mail; a broad topic leaves out hundreds


@dataclass(frozen=True, slots=True, kw_only=True)
class Pick:
    """One paper in a digest. words: those of the filter that brought it, as written."""

    paper_id: str
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """The papers that one topic brought, best first; never empty."""

    topic: str
    picks: tuple[Pick, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """One subscriber's selection: never empty, each paper once.

    sections: in the reader's order of topics. left_out: the best of what fell to a cap, at most
    MOST_LEFT_OUT, by upvotes and date, without words. more: how many fell beyond those; they are
    not named, so they stay new to the reader.
    """

    sections: tuple[Section, ...]
    left_out: tuple[Pick, ...] = ()
    more: int = 0

    @property
    def paper_ids(self) -> tuple[str, ...]:
        return tuple(pick.paper_id for section in self.sections for pick in section.picks)

    @property
    def shown_ids(self) -> tuple[str, ...]:
        """All that the mail names: its reader has then seen these papers."""
        return self.paper_ids + tuple(pick.paper_id for pick in self.left_out)


class Topic(NamedTuple):
    """A reader's topic that is on. cap: most papers from it in one digest, None for no cap."""

    name: str
    filter: Filter
    cap: int | None = None


Chosen = tuple[Topic, Sequence[int], Matched]


@dataclass(slots=True)
class Choice:
    """The papers of one digest, by their positions in the index.

    sections: in the reader's order of topics, each with its best papers first and the terms that
    brought them. claimed: these papers and what fell to a cap, as a bit set. digest: made of it,
    once it is asked for.
    """

    sections: Sequence[Chosen]
    claimed: int
    digest: Digest | None = None


_Choices = dict[tuple[int, int], Choice]  # of one set of topics, by what may be chosen and the cap
_NOTHING = Choice((), 0)


def compose(
    index: PaperIndex,
    topics: Sequence[Topic],
    *,
    mutes: Sequence[Filter] = (),
    window: int,
    seen: int = 0,
    cap: int,
) -> Digest | None:
    """One reader's digest; None when nothing is left. The same input gives the same digest.

    window, seen: bit sets over `index.papers`. cap: most papers in the digest, from 1.

    A paper belongs to the first topic that wants it. Where that topic's cap is full, the paper is
    left out and does not go on to another topic: what a topic shows depends on itself and on those
    before it, never on how much room they had. The digest's cap keeps the best over all topics.
    """
    choice = choose(index, topics, mutes=mutes, window=window, seen=seen, cap=cap)
    if choice is None:
        return None
    if choice.digest is None:
        choice.digest = _digest(index, choice)
    return choice.digest


def choose(
    index: PaperIndex,
    topics: Sequence[Topic],
    *,
    mutes: Sequence[Filter] = (),
    window: int,
    seen: int = 0,
    cap: int,
) -> Choice | None:
    """Which papers `compose` takes, without the words that brought them."""
    allowed = window & ~seen if seen else window
    for mute in mutes:
        allowed &= ~index.match(mute)
    wishes: Recent[tuple[Topic, ...], _Choices] = index.notes.get(choose) or _recent(index, choose)
    topics = tuple(topics)
    choices = wishes.get(topics)
    if choices is None:
        if wishes.is_new(topics):
            # Of several topics one may be shared though no other reader has them all.
            find = index.matched if len(topics) > 1 else index.matched_once
            return _choice(index, _claims(find, topics, allowed), cap)
        choices = wishes.keep(topics, {})
    choice = choices.get((allowed, cap))
    if choice is None:
        claims = _claims(index.matched, topics, allowed)
        # What else a reader has seen makes no difference.
        claimed = sum([papers for _, papers, _ in claims])
        recent: Recent[object, Choice] = _recent(index, _choice)
        key = (topics, claimed, cap)
        choice = recent.get(key)
        if choice is None:
            choice = _choice(index, claims, cap) or _NOTHING
            recent.add(key, choice)
        if not seen and len(choices) < _MOST_CHOICES:
            choices[allowed, cap] = choice
    return choice if choice.claimed else None


def _recent(index: PaperIndex, purpose: object) -> Recent[Any, Any]:
    """What was derived from these papers for this purpose."""
    recent: Recent[Any, Any] | None = index.notes.get(purpose)
    if recent is None:
        recent = index.notes[purpose] = Recent(_MOST_RECENT)
    return recent


def _claims(
    find: Callable[[Filter], Matched], topics: tuple[Topic, ...], allowed: int
) -> list[tuple[Topic, int, Matched]]:
    """The topics that want any of these papers, each with those that none before it wants."""
    claims = []
    for topic in topics:
        matched = find(topic.filter)
        papers = matched[0] & allowed
        if papers:
            claims.append((topic, papers, matched))
            allowed ^= papers
    return claims


def _choice(
    index: PaperIndex, claims: Sequence[tuple[Topic, int, Matched]], cap: int
) -> Choice | None:
    if not claims:
        return None
    sections: list[Chosen] = []
    claimed = 0
    for topic, papers, matched in claims:
        most = cap if topic.cap is None else min(topic.cap, cap)
        sections.append((topic, index.best_of(papers, matched, most), matched))
        claimed |= papers
    if len(sections) > 1 and sum([len(best) for _, best, _ in sections]) > cap:
        sections = _cut(index, sections, cap)
    return Choice(sections, claimed)


def _digest(index: PaperIndex, choice: Choice) -> Digest:
    left_out = choice.claimed
    for _, best, _ in choice.sections:
        for k in best:
            left_out ^= 1 << k
    named = first(left_out, MOST_LEFT_OUT)
    picks = _bare_picks(index)
    return Digest(
        sections=tuple([_section(index, *chosen) for chosen in choice.sections]),
        left_out=tuple([picks[k] for k in named]),
        more=left_out.bit_count() - len(named),
    )


def _bare_picks(index: PaperIndex) -> list[Pick]:
    """Each paper without words: made once."""
    picks: list[Pick] = index.notes.setdefault(_bare_picks, [])
    if not picks:
        picks += [Pick(paper_id=paper.id) for paper in index.papers]
    return picks


def _cut(index: PaperIndex, chosen: list[Chosen], cap: int) -> list[Chosen]:
    """The `cap` best papers over all topics, each still under its topic."""
    matched_by = {k: matched for _, best, matched in chosen for k in best}
    rest = sum(1 << k for k in matched_by)
    kept = 0
    while rest and kept.bit_count() < cap:
        tied = rest & index.tied((rest & -rest).bit_length() - 1)
        rest ^= tied
        room = cap - kept.bit_count()
        if tied.bit_count() > room:  # only here does it matter which topic matched better
            ranked = sorted(positions(tied), key=lambda k: -index.score_of(matched_by[k], k))
            tied = sum(1 << k for k in ranked[:room])
        kept |= tied
    cut = [(topic, [k for k in best if kept >> k & 1], one) for topic, best, one in chosen]
    return [one for one in cut if one[1]]


def _section(index: PaperIndex, topic: Topic, best: Sequence[int], matched: Matched) -> Section:
    picks = _picks(index, topic.filter, best, matched)
    return Section(topic=topic.name, picks=tuple([picks[k] for k in best]))


def _picks(
    index: PaperIndex, filter: Filter, best: Sequence[int], matched: Matched
) -> dict[int, Pick]:
    """At least these papers, with the words that brought them; readers of one filter share them."""
    recent: Recent[Filter, dict[int, Pick]] = _recent(index, _picks)
    picks = recent.get(filter)
    if picks is None:
        picks = {}
        recent.add(filter, picks)
    new = [k for k in best if k not in picks]
    if new:
        for k, words in zip(new, index.reasons_by(filter, matched, new), strict=True):
            picks[k] = Pick(paper_id=index.papers[k].id, words=words)
    return picks
