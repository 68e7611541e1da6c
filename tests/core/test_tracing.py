"""Why a paper came, and why it did not."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.core.digests import Topic, compose
from newsletter.core.filters import parse_filter
from newsletter.core.matching import PaperIndex
from newsletter.core.papers import Paper
from newsletter.core.tracing import Stop, why

DAY = date(2026, 6, 18)
TITLES = {"1": "Agents", "2": "Agents and maps", "3": "Diffusion", "4": "A survey of agents"}
PAPERS = [
    Paper(id=paper_id, title=title, upvotes=9 - int(paper_id), featured_on=DAY)
    for paper_id, title in TITLES.items()
]
INDEX = PaperIndex(PAPERS)


def trace(paper_id, *, topics=("agents",), topic_cap=None, mutes=(), without=(), seen=(), cap=9):
    return why(
        INDEX,
        [Topic(text, parse_filter(text), topic_cap) for text in topics],
        mutes=[parse_filter(text) for text in mutes],
        window=INDEX.everything & ~INDEX.bits(without),
        seen=INDEX.bits(seen),
        cap=cap,
        paper_id=paper_id,
    )


@pytest.mark.parametrize(
    ("paper_id", "choices", "stop", "says"),
    [
        ("1", {}, Stop.DIGEST, "Topic agents (agents) brought it."),
        ("99", {}, Stop.UNKNOWN, "not among the papers"),
        ("1", {"without": ["1"]}, Stop.WINDOW, "a day that this digest covers"),
        ("3", {}, Stop.TOPIC, "No topic that is on wants 3"),
        ("4", {"mutes": ["maps", "survey"]}, Stop.MUTE, "the mute `survey` keeps it out"),
        ("1", {"seen": ["1"]}, Stop.SEEN, "an earlier digest brought it"),
        ("2", {"topic_cap": 1}, Stop.TOPIC_CAP, "number 2 of 3 there and the topic takes 1"),
        ("4", {"cap": 2}, Stop.DIGEST_CAP, "better papers fill the digest of 2"),
    ],
)
def test_the_trace_says_where_the_way_of_a_paper_ended(paper_id, choices, stop, says):
    found = trace(paper_id, **choices)

    assert found.stop is stop
    assert says in found.sentence


def test_an_earlier_decision_is_named_before_a_later_one():
    choices = {"mutes": ["survey"], "seen": ["4"], "cap": 1}

    assert trace("4", **choices, without=["4"]).stop is Stop.WINDOW
    assert trace("4", **choices, topics=["maps"]).stop is Stop.TOPIC
    assert trace("4", **choices).stop is Stop.MUTE
    assert trace("4", **choices | {"mutes": []}).stop is Stop.SEEN


FILTERS = ["agents", "maps", "diffusion", "survey", "-survey", "*", "agents -maps"]
subsets = st.sets(st.sampled_from(list(TITLES)))


@settings(max_examples=400, deadline=None)
@given(
    st.lists(st.sampled_from(FILTERS), max_size=3, unique=True),
    st.none() | st.integers(1, 2),
    st.lists(st.sampled_from(FILTERS), max_size=1),
    subsets,
    subsets,
    st.integers(1, 3),
    st.sampled_from(list(TITLES)),
)
def test_taking_the_named_reason_away_changes_how_far_the_paper_comes(
    topics, topic_cap, mutes, without, seen, cap, paper_id
):
    choices = {
        "topics": topics,
        "topic_cap": topic_cap,
        "mutes": mutes,
        "without": without,
        "seen": seen,
        "cap": cap,
    }
    found = trace(paper_id, **choices)
    remedy = {
        Stop.WINDOW: {"without": without - {paper_id}},
        Stop.TOPIC: {"topics": [*topics, "*"]},
        Stop.MUTE: {"mutes": []},
        Stop.SEEN: {"seen": seen - {paper_id}},
        Stop.TOPIC_CAP: {"topic_cap": None},
        Stop.DIGEST_CAP: {"cap": len(TITLES)},
        Stop.DIGEST: {"topics": []},
    }[found.stop]

    changed = trace(paper_id, **choices | remedy)

    assert changed.stop is not found.stop
    if found.stop is not Stop.DIGEST:
        order = list(Stop)
        assert order.index(changed.stop) > order.index(found.stop)
    assert (found.stop is Stop.DIGEST) is is_in_digest(paper_id, choices)


def is_in_digest(paper_id, choices):
    digest = compose(
        INDEX,
        [Topic(text, parse_filter(text), choices["topic_cap"]) for text in choices["topics"]],
        mutes=[parse_filter(text) for text in choices["mutes"]],
        window=INDEX.everything & ~INDEX.bits(choices["without"]),
        seen=INDEX.bits(choices["seen"]),
        cap=choices["cap"],
    )
    return digest is not None and paper_id in digest.paper_ids
