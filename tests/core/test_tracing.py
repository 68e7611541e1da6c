"""Why a paper came, and why it did not."""

import random
from dataclasses import replace
from datetime import date

import pytest

from newsletter.core.digests import Digest, Pick, Section, Topic, compose
from newsletter.core.filters import parse_filter
from newsletter.core.matching import PaperIndex
from newsletter.core.papers import Paper
from newsletter.core.tracing import Situation, Stop, is_changed_since, settled, why

DAY = date(2026, 6, 18)
TITLES = {"1": "Agents", "2": "Agents and maps", "3": "Diffusion", "4": "A survey of agents"}
PAPERS = [
    Paper(id=paper_id, title=title, upvotes=9 - int(paper_id), featured_on=DAY)
    for paper_id, title in TITLES.items()
]
INDEX = PaperIndex(PAPERS)


def situation(*, topics=("agents",), topic_cap=None, mutes=(), without=(), seen=(), cap=9, off=()):
    return Situation(
        index=INDEX,
        topics=[Topic(text, parse_filter(text), topic_cap) for text in topics],
        off=[Topic(text, parse_filter(text)) for text in off],
        mutes=[parse_filter(text) for text in mutes],
        window=INDEX.everything & ~INDEX.bits(without),
        seen=INDEX.bits(seen),
        cap=cap,
    )


def trace(paper_id, **choices):
    return why(situation(**choices), paper_id)


@pytest.mark.parametrize(
    ("paper_id", "choices", "stop"),
    [
        ("1", {}, Stop.DIGEST),
        ("99", {}, Stop.WORK),
        ("1", {"without": ["1"]}, Stop.WINDOW),
        ("3", {}, Stop.TOPIC),
        ("4", {"mutes": ["maps", "survey"]}, Stop.MUTE),
        ("1", {"seen": ["1"]}, Stop.SEEN),
        ("2", {"topic_cap": 1}, Stop.TOPIC_CAP),
        ("4", {"cap": 2}, Stop.DIGEST_CAP),
    ],
)
def test_the_trace_says_where_the_way_of_a_paper_ended(paper_id, choices, stop):
    assert trace(paper_id, **choices).stop is stop


def test_an_earlier_decision_is_named_before_a_later_one():
    choices = {"mutes": ["survey"], "seen": ["4"], "cap": 1}

    assert trace("4", **choices, without=["4"]).stop is Stop.WINDOW
    assert trace("4", **choices, topics=["maps"]).stop is Stop.TOPIC
    assert trace("4", **choices).stop is Stop.MUTE
    assert trace("4", **choices | {"mutes": []}).stop is Stop.SEEN


def test_all_mutes_that_keep_a_paper_out_are_named_since_each_of_them_would():
    found = trace("4", mutes=["survey", "maps", "title:agents"])

    assert found.mutes == ("survey", "title:agents")
    assert found.then.stop is Stop.DIGEST


def test_the_caps_that_would_bring_a_paper_are_named():
    assert (trace("4", topic_cap=1).cap, trace("4", topic_cap=1).needed) == (1, 3)
    assert (trace("4", cap=1).cap, trace("4", cap=1).needed) == (1, 3)


def test_a_topic_that_is_off_is_told_when_it_would_want_the_paper():
    found = trace("3", topics=["maps"], off=["diffusion", "survey"])

    assert [(miss.topic, miss.is_off) for miss in found.misses] == [
        ("diffusion", True),
        ("maps", False),
    ]


FILTERS = [
    "agents",
    "maps",
    "diffusion",
    "survey",
    "-survey",
    "*",
    "agents -maps",
    "maps OR survey",
]


def generated(seed):
    """A reader's situation and a paper, drawn by this seed."""
    draw = random.Random(seed)

    def some(items, most):
        return draw.sample(items, draw.randint(0, most))

    found = situation(
        topics=some(FILTERS, 3),
        topic_cap=draw.choice([None, None, 1, 2]),
        mutes=some(FILTERS[:5], 2) if draw.random() < 0.4 else (),
        without=some(list(TITLES), 2) if draw.random() < 0.4 else (),
        seen=some(list(TITLES), 2) if draw.random() < 0.4 else (),
        cap=draw.randint(1, 4),
    )
    return found, draw.choice([*TITLES, *TITLES, *TITLES, "99"])


SEEDS = range(600)


def is_in_digest(found, paper_id):
    digest = compose(
        found.index, found.topics, mutes=found.mutes, window=found.window, seen=found.seen,
        cap=found.cap,
    )  # fmt: skip
    return digest is not None and paper_id in digest.paper_ids


def without_the_reason(found, told, paper_id):
    """The situation without what the trace names: here by hand, not by the traced code."""
    paper = INDEX.bits([paper_id])
    topics = [one for one in found.topics if one.name != told.topic]
    match told.stop:
        case Stop.WINDOW:
            return replace(found, window=found.window | paper)
        case Stop.TOPIC:
            return replace(found, topics=[*found.topics, Topic("all", parse_filter("*"))])
        case Stop.MUTE:
            mutes = [mute for mute in found.mutes if mute.text not in told.mutes]
            return replace(found, mutes=mutes)
        case Stop.SEEN:
            return replace(found, seen=found.seen & ~paper)
        case Stop.TOPIC_CAP:
            raised = [t._replace(cap=told.needed if t.name == told.topic else t.cap)
                      for t in found.topics]  # fmt: skip
            return replace(found, topics=raised)
        case Stop.DIGEST_CAP:
            return replace(found, cap=told.needed)
        case Stop.DIGEST:
            others = [one for one in topics if not INDEX.match(one.filter) & paper]
            return replace(found, topics=others)


def test_the_generated_readers_come_to_every_stop():
    stops = {why(*generated(seed)).stop for seed in SEEDS}

    assert stops == set(Stop) - {Stop.CHANGED}


def test_a_trace_ends_in_the_digest_exactly_when_the_digest_has_the_paper():
    for seed in SEEDS:
        found, paper_id = generated(seed)
        assert (why(found, paper_id).stop is Stop.DIGEST) is is_in_digest(found, paper_id), seed


def test_removing_the_named_reason_brings_the_paper_further_and_at_last_into_the_digest():
    order = list(Stop)
    for seed in SEEDS:
        found, paper_id = generated(seed)
        told = why(found, paper_id)
        while told.stop not in (Stop.WORK, Stop.DIGEST):
            found = without_the_reason(found, told, paper_id)
            after = why(found, paper_id)
            assert order.index(after.stop) > order.index(told.stop), seed
            assert told.then is None or told.then.stop is after.stop, seed
            told = after
        assert is_in_digest(found, paper_id) is (told.stop is Stop.DIGEST)


def test_without_the_topics_that_want_it_a_paper_that_came_does_not_come():
    for seed in SEEDS:
        found, paper_id = generated(seed)
        told = why(found, paper_id)
        if told.stop is Stop.DIGEST:
            assert not is_in_digest(without_the_reason(found, told, paper_id), paper_id), seed


def test_the_words_in_the_mail_are_those_of_the_trace():
    compared = 0
    for seed in SEEDS:
        found, _ = generated(seed)
        digest = found.digest()
        for section in digest.sections if digest else ():
            for pick in section.picks:
                told = why(found, pick.paper_id)
                assert (told.topic, told.words) == (section.topic, pick.words), seed
                compared += 1
    assert compared > 500


# --- What the ledger has -------------------------------------------------------------------------


def a_digest(*picked, topic="agents", left_out=(), more=0):
    picks = tuple(Pick(paper_id=paper_id, words=("then",)) for paper_id in picked)
    return Digest(
        sections=(Section(topic=topic, picks=picks),),
        left_out=tuple(Pick(paper_id=one) for one in left_out),
        more=more,
    )


def test_a_paper_of_the_digest_came_whatever_the_topics_are_today():
    found = settled(trace("3"), a_digest("3", topic="Old"))

    assert (found.stop, found.topic, found.words) == (Stop.DIGEST, "Old", ("then",))


def test_a_paper_at_the_foot_of_the_mail_fell_to_a_cap():
    assert settled(trace("2", topic_cap=1), a_digest("1", left_out="2")).stop is Stop.TOPIC_CAP
    assert settled(trace("2"), a_digest("1", left_out="2")).stop is Stop.DIGEST_CAP


def test_a_paper_that_only_today_would_come_is_told_as_changed():
    assert settled(trace("2"), a_digest("1")).stop is Stop.CHANGED
    assert settled(trace("2", cap=1), a_digest("1")).stop is Stop.CHANGED


def test_a_paper_beyond_the_list_of_those_left_out_fell_to_a_cap():
    assert settled(trace("2", cap=1), a_digest("1", more=7)).stop is Stop.DIGEST_CAP


@pytest.mark.parametrize(
    ("choices", "digest", "is_changed"),
    [
        ({}, a_digest("1", "2"), False),
        ({}, a_digest("1", topic="Renamed"), True),
        ({}, a_digest("3"), True),
        ({"mutes": ["maps"]}, a_digest("2"), True),
        ({}, a_digest("gone"), False),
    ],
    ids=["as today", "another topic", "does not match", "muted", "a paper that is gone"],
)
def test_topics_that_no_longer_bring_what_came_were_changed_since(choices, digest, is_changed):
    assert is_changed_since(situation(**choices), digest) is is_changed
