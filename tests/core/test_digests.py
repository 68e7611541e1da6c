"""Choosing, ranking, capping and grouping one reader's papers."""

import itertools
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.core.digests import MOST_LEFT_OUT, Digest, Pick, Section, Topic, compose
from newsletter.core.filters import parse_filter
from newsletter.core.matching import PaperIndex
from newsletter.core.papers import Paper

DAY = date(2026, 6, 18)


def a_paper(paper_id, title="Agents", *, upvotes=None, days_old=0, **more):
    at = datetime(2026, 6, 18, tzinfo=UTC) - timedelta(days=days_old)
    return Paper(
        id=paper_id, title=title, upvotes=upvotes, published_at=at, featured_on=DAY, **more
    )


def a_topic(text, name=None, cap=None):
    return Topic(name or text, parse_filter(text), cap)


def digest_of(papers, *topics, mutes=(), seen=(), without=(), cap=10):
    """A digest over these papers; `without` are out of the window."""
    index = PaperIndex(papers)
    return compose(
        index,
        topics,
        mutes=[parse_filter(text) for text in mutes],
        window=index.everything & ~index.bits(without),
        seen=index.bits(seen),
        cap=cap,
    )


def ids(digest):
    return list(digest.paper_ids) if digest else []


def left_out(digest):
    return [pick.paper_id for pick in digest.left_out]


def test_a_digest_names_topic_paper_and_the_words_that_brought_it():
    papers = [a_paper("1", "Planning agents", abstract="About retrieval.", upvotes=7)]

    digest = digest_of(papers, a_topic("retrieval agent* upvotes:>=5", "Agents"))

    assert digest == Digest(
        sections=(
            Section(
                topic="Agents",
                picks=(Pick(paper_id="1", words=("agent*", "retrieval", "upvotes ≥ 5")),),
            ),
        )
    )


def test_nothing_left_is_no_digest():
    papers = [a_paper("1")]

    assert digest_of(papers, a_topic("diffusion")) is None
    assert digest_of(papers) is None
    assert digest_of([], a_topic("*")) is None
    assert digest_of(papers, a_topic("*"), seen=["1"]) is None
    assert digest_of(papers, a_topic("*"), without=["1"]) is None
    assert digest_of(papers, a_topic("*"), mutes=["agents"]) is None


def test_a_paper_goes_to_the_first_topic_that_wants_it():
    papers = [a_paper("1", "Agents and diffusion"), a_paper("2", "Diffusion")]

    digest = digest_of(papers, a_topic("agents"), a_topic("diffusion"))

    assert [(section.topic, ids_of(section)) for section in digest.sections] == [
        ("agents", ["1"]),
        ("diffusion", ["2"]),
    ]


def ids_of(section):
    return [pick.paper_id for pick in section.picks]


def test_a_mute_wins_over_every_topic():
    papers = [a_paper("1", "A survey of agents"), a_paper("2", "Agents")]

    assert ids(digest_of(papers, a_topic("agents"), a_topic("*"), mutes=["survey"])) == ["2"]


def test_a_seen_paper_never_comes_again():
    papers = [a_paper("1"), a_paper("2")]

    assert ids(digest_of(papers, a_topic("*"), seen=["1"])) == ["2"]


def test_more_upvotes_come_first_and_unknown_ones_last():
    papers = [a_paper("a"), a_paper("b", upvotes=0), a_paper("c", upvotes=30)]

    assert ids(digest_of(papers, a_topic("*"))) == ["c", "b", "a"]


def test_among_equal_upvotes_the_title_counts_most_then_keywords_then_abstract():
    papers = [
        a_paper("abstract", "T", abstract="agents, agents and agents"),
        a_paper("keyword", "T", keywords=("agents",)),
        a_paper("title", "Agents"),
    ]

    assert ids(digest_of(papers, a_topic("agents"))) == ["title", "keyword", "abstract"]


def test_among_equal_matches_the_newer_comes_first_and_then_the_lower_id():
    papers = [a_paper("b"), a_paper("a"), a_paper("new", days_old=-1)]

    assert ids(digest_of(papers, a_topic("*"))) == ["new", "a", "b"]


def test_the_order_of_the_input_does_not_matter():
    papers = [a_paper("1", upvotes=3), a_paper("2", upvotes=3), a_paper("3", "Diffusion")]

    digests = [
        digest_of(order, a_topic("agents"), a_topic("*"))
        for order in itertools.permutations(papers)
    ]

    assert all(digest == digests[0] for digest in digests)


def test_a_topics_cap_keeps_its_best():
    papers = [a_paper(str(n), upvotes=n) for n in range(5)]

    digest = digest_of(papers, a_topic("agents", cap=2))

    assert ids(digest) == ["4", "3"]
    assert left_out(digest) == ["2", "1", "0"]


def test_what_falls_to_a_topics_cap_does_not_go_on_to_a_later_topic():
    papers = [a_paper("1", upvotes=2), a_paper("2", upvotes=1)]

    digest = digest_of(papers, a_topic("agents", cap=1), a_topic("*"))

    assert ids(digest) == ["1"]
    assert left_out(digest) == ["2"]


def test_the_digests_cap_keeps_the_best_over_all_topics():
    papers = [
        a_paper("a1", "Agents", upvotes=1),
        a_paper("a2", "Agents", upvotes=9),
        a_paper("d1", "Diffusion", upvotes=8),
        a_paper("d2", "Diffusion", upvotes=2),
    ]

    digest = digest_of(papers, a_topic("agents"), a_topic("diffusion"), cap=2)

    assert [(section.topic, ids_of(section)) for section in digest.sections] == [
        ("agents", ["a2"]),
        ("diffusion", ["d1"]),
    ]
    assert left_out(digest) == ["d2", "a1"]


def test_a_topic_that_lost_all_to_the_cap_has_no_section():
    papers = [a_paper("a", "Agents", upvotes=1), a_paper("d", "Diffusion", upvotes=8)]

    digest = digest_of(papers, a_topic("agents"), a_topic("diffusion"), cap=1)

    assert [section.topic for section in digest.sections] == ["diffusion"]


def test_at_the_edge_of_the_cap_the_better_match_stays():
    papers = [
        a_paper("weak", "T", abstract="agents", days_old=0),
        a_paper("strong", "Diffusion", days_old=9),
    ]

    assert ids(digest_of(papers, a_topic("agents"), a_topic("diffusion"), cap=1)) == ["strong"]


def test_reasons_name_only_the_branch_that_brought_the_paper():
    papers = [a_paper("1", "Agents on maps")]

    digest = digest_of(papers, a_topic("(agents diffusion) OR maps"))

    assert digest.sections[0].picks[0].words == ("maps",)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("*", ("*",)),
        ("-survey", ("-survey",)),
        ("-title:(a | b)", ("-title:(a | b)",)),
        ('"planning agents" agents', ('"planning agents"', "agents")),
        ("agents agents", ("agents",)),
        ("planning agents shown here fast", ("planning", "agents", "shown", "here")),
    ],
)
def test_reasons_are_the_terms_as_written_at_most_four(text, words):
    papers = [a_paper("1", "Planning agents", abstract="Shown here, fast.")]

    assert digest_of(papers, a_topic(text)).sections[0].picks[0].words == words


def test_of_two_records_of_one_work_the_one_featured_last_counts():
    first = a_paper("1", upvotes=29)
    again = Paper(id="1", title="Agents", upvotes=82, featured_on=DAY + timedelta(days=6))

    for order in ([first, again], [again, first]):
        assert PaperIndex(order).papers == (again,)


WORDS = ["agents", "diffusion", "maps", "survey"]
some_papers = st.lists(
    st.builds(
        a_paper,
        st.integers(0, 40).map(str),
        st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(" ".join),
        upvotes=st.none() | st.integers(0, 3),
        days_old=st.integers(0, 2),
        abstract=st.sampled_from(WORDS),
    ),
    max_size=14,
    unique_by=lambda paper: paper.id,
)
some_topics = st.lists(
    st.builds(
        a_topic,
        st.sampled_from([*WORDS, "*", "title:agents", "-survey", "maps OR agents", "maps agents"]),
        st.sampled_from("xyz"),
        st.none() | st.integers(1, 3),
    ),
    max_size=4,
)


@settings(max_examples=300, deadline=None)
@given(some_papers, some_topics, st.sets(st.integers(0, 40).map(str)), st.integers(1, 6))
def test_a_digest_is_what_the_fixed_order_of_decisions_says(papers, topics, seen, cap):
    """Against the plainest way to write product's rule down."""
    index = PaperIndex(papers)
    claimed = {}
    for paper in papers:
        k = index.position(paper.id)
        wanting = [topic for topic in topics if index.match(topic.filter) >> k & 1]
        if wanting and paper.id not in seen:
            claimed.setdefault(topics.index(wanting[0]), []).append(paper)

    def rank(number):
        def key(paper):
            upvotes = -1 if paper.upvotes is None else paper.upvotes
            score = index.score(topics[number].filter, index.position(paper.id))
            return (-upvotes, -score, -paper.published_at.timestamp(), paper.id)

        return key

    kept = [
        (rank(number)(paper), number, paper.id)
        for number, wanted in claimed.items()
        for paper in sorted(wanted, key=rank(number))[: topics[number].cap]
    ]
    kept = sorted(kept)[:cap]

    digest = compose(index, topics, window=index.everything, seen=index.bits(seen), cap=cap)

    expected = [(number, paper_id) for _, number, paper_id in sorted(kept, key=lambda k: (k[1], k))]
    assert ids(digest) == [paper_id for _, paper_id in expected]
    all_claimed = {paper.id for wanted in claimed.values() for paper in wanted}
    if digest:
        fallen = all_claimed - set(ids(digest))
        assert set(left_out(digest)) <= fallen
        assert len(digest.left_out) == min(len(fallen), MOST_LEFT_OUT)
        assert digest.more == len(fallen) - len(digest.left_out)


@settings(max_examples=200, deadline=None)
@given(some_papers, some_topics, st.sampled_from(WORDS), st.sets(st.integers(0, 40).map(str)))
def test_a_mute_or_a_memory_never_adds_a_paper(papers, topics, mute, seen):
    without = digest_of(papers, *topics, cap=50)
    muted = digest_of(papers, *topics, mutes=[mute], cap=50)
    remembered = digest_of(papers, *topics, seen=seen, cap=50)

    everything = set(ids(without)) | set(left_out(without) if without else ())
    for less in (muted, remembered):
        assert set(ids(less)) <= everything
    assert not set(ids(remembered)) & seen
