"""How long one core takes to find every reader's papers of a day.

All of it is done by what the planner uses: `Filter` for a stored text, `PaperIndex`, `choose` for
the papers of a digest, and `compose` for the words that brought them. Beside it, on a sample of the
readers, the obvious way.
"""

import gc
import random
import resource
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from newsletter.bench import naive
from newsletter.bench.crowd import DAY, SEED, SHARED_FILTERS, filters_of, varied
from newsletter.bench.papers import made_papers
from newsletter.core.digests import Topic, choose, compose
from newsletter.core.filters import Filter
from newsletter.core.matching import PaperIndex
from newsletter.core.papers import Paper
from newsletter.core.ports import RANGE_SIZE

TOP = 10
NAIVE_READERS = 400  # it takes milliseconds for each
COMPOSED = 20_000  # digests made with their words, of each kind
SEEN = 12  # papers that a reader saw before, out of the best hundred

Show = Callable[[str, int, int], None]
Topics = Mapping[str, tuple[Topic, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """What it came to. total: compile, index and match; the others are measured apart from it.

    compile: texts to topics, equal ones once. index: the papers made ready. match: for every reader
    the papers of their filter and the best ten in order; what it says is read here, as the planner
    does. peak_mb: of the whole process until then, the readers included. compose: a digest with its
    words, for a reader of a shared topic who has seen some papers, and for one with a topic of
    their own. naive: the obvious loop, from a sample.
    """

    subscribers: int
    papers: int
    distinct_filters: int
    compile_seconds: float
    index_seconds: float
    match_seconds: float
    total_seconds: float
    peak_mb: float
    readers_with_papers: int
    papers_chosen: int
    compose_shared_microseconds: float
    compose_own_microseconds: float
    naive_seconds_extrapolated: float
    ratio: float
    agreeing: float


def measure(
    *, subscribers: int, papers: int, recorded: Sequence[Paper] = (), show: Show
) -> Matched:
    """Match so many readers with so many papers. recorded: real ones, taken in turn."""
    day = varied(recorded, papers) if recorded else list(made_papers(papers, DAY))
    readers = filters_of(subscribers, day)
    with _uncollected():
        show("Compiling", 0, 0)
        began = time.process_time()
        topics = {text: (Topic("Topic", Filter(text)),) for text in dict.fromkeys(readers)}
        compiled = time.process_time()
        index = PaperIndex(day)
        indexed = time.process_time()
        show("Matching", 0, 0)
        served, chosen = _match(index, topics, readers)
        matched = time.process_time()
        peak = _peak_mb()
        shared, own = _compose_seconds(index, topics, readers)
        naive_seconds, agreeing = _naive(index, topics, readers)
    return Matched(
        subscribers=subscribers,
        papers=len(index.papers),
        distinct_filters=len(topics),
        compile_seconds=compiled - began,
        index_seconds=indexed - compiled,
        match_seconds=matched - indexed,
        total_seconds=matched - began,
        peak_mb=peak,
        readers_with_papers=served,
        papers_chosen=chosen,
        compose_shared_microseconds=shared * 1e6,
        compose_own_microseconds=own * 1e6,
        naive_seconds_extrapolated=naive_seconds * subscribers,
        ratio=naive_seconds * subscribers / (matched - began),
        agreeing=agreeing,
    )


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without the search for garbage: it would look through the filters, which all stay.

    With it compiling takes twice as long.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _match(index: PaperIndex, topics: Topics, readers: Sequence[str]) -> tuple[int, int]:
    """How many readers have papers, and how many papers they have.

    A range of readers at a time, and in each equal wishes once, as the planner does.
    """
    served = chosen = 0
    window = index.everything
    for start in range(0, len(readers), RANGE_SIZE):
        for text, alike in Counter(readers[start : start + RANGE_SIZE]).items():
            choice = choose(index, topics[text], window=window, cap=TOP)
            if choice is not None:
                served += alike
                chosen += alike * sum([len(best) for _, best, _ in choice.sections])
    return served, chosen


def _compose_seconds(
    index: PaperIndex, topics: Topics, readers: Sequence[str]
) -> tuple[float, float]:
    """For a digest of a shared topic whose reader has seen papers; of a topic of their own."""
    common = [text for text, _ in Counter(readers).most_common(SHARED_FILTERS)]
    rare = list(topics.keys() - common)[:COMPOSED] or common
    chance = random.Random(SEED)
    known = range(min(100, len(index.papers)))
    seen = [sum({1 << chance.choice(known) for _ in range(SEEN)}) for _ in readers[:COMPOSED]]
    shared = [(topics[chance.choice(common)], bits) for bits in seen]
    own = [(topics[text], 0) for text in rare]
    return _composing(index, shared), _composing(index, own)


def _composing(index: PaperIndex, readers: Sequence[tuple[tuple[Topic, ...], int]]) -> float:
    index.notes.clear()
    began = time.process_time()
    for topics, seen in readers:
        compose(index, topics, window=index.everything, seen=seen, cap=TOP)
    return (time.process_time() - began) / len(readers)


def _naive(index: PaperIndex, topics: Topics, readers: Sequence[str]) -> tuple[float, float]:
    """What the loop takes for a reader in the mean, and the share it finds the same papers for."""
    papers = [naive.readable(paper) for paper in index.papers]
    sample = readers[:: max(1, len(readers) // NAIVE_READERS)]
    began = time.process_time()
    found = [naive.best(Filter(text), papers, most=TOP) for text in sample]
    seconds = (time.process_time() - began) / len(sample)
    same = 0
    for text, best in zip(sample, found, strict=True):
        choice = choose(index, topics[text], window=index.everything, cap=TOP)
        ours = [k for _, ks, _ in choice.sections for k in ks] if choice else []
        same += [one.paper.id for one in best] == [index.papers[k].id for k in ours]
    return seconds, same / len(sample)


def _peak_mb() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak / 1e3  # bytes there, kilobytes here
