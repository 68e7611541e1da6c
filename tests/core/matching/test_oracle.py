"""The fast index is held against the oracle, on made papers and on recorded ones."""

import random
from datetime import UTC, date, datetime

import pytest
from generated import (
    AUTHORS,
    QUERY_NAMES,
    VOCABULARY,
    a_filter,
    a_made_paper,
    can_be_prefix,
    cut_from,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import passes
from recorded import recorded_papers

from newsletter.core.filters import parse_filter
from newsletter.core.matching import PaperIndex
from newsletter.core.papers import Organization, Paper
from newsletter.errors import FilterError

# made papers and filters

sentences = st.lists(st.sampled_from(VOCABULARY), max_size=12).map(" ".join)
papers = st.builds(
    Paper,
    id=st.just("2606.00001"),
    title=sentences.map(lambda text: text or "Untitled"),
    abstract=sentences,
    keywords=st.lists(sentences, max_size=3).map(tuple),
    featured_on=st.just(date(2026, 6, 18)),
    authors=st.lists(st.sampled_from(AUTHORS), max_size=3).map(tuple),
    upvotes=st.none() | st.integers(0, 6),
    code_stars=st.none() | st.integers(0, 6),
    published_at=st.none()
    | st.datetimes(datetime(2025, 1, 1), datetime(2025, 1, 9), timezones=st.just(UTC)),
    categories=st.lists(st.sampled_from(["cs.CL", "cs.IR", "hep-th", "math.ST"]), max_size=2).map(
        tuple
    ),
    organization=st.none() | st.just(Organization(name="made-lab", full_name="The Made Lab")),
    code_url=st.sampled_from(["", "https://example.org/code"]),
)
words = st.sampled_from(VOCABULARY)
phrases = st.lists(words, min_size=2, max_size=4).map(" ".join)
terms = st.one_of(
    words,
    phrases.map('"{}"'.format),
    st.builds('"{}"~{}'.format, phrases, st.integers(0, 4)),
    words.filter(can_be_prefix).map("{}*".format),
    words.map('="{}"'.format),
    phrases.map('="{}"'.format),
    st.builds('{}:"{}"'.format, st.sampled_from(["title", "abstract", "keyword"]), phrases | words),
    st.sampled_from(["org:lab", 'org:"made lab"', "org:other"]),
    st.sampled_from(QUERY_NAMES).map("author:{}".format),
    st.sampled_from(["cat:cs.CL", "cat:cs.*", "cat:=cs.IR", "cat:cs", "cat:hep-th", "cat:=math.*"]),
    st.builds(
        "{}:{}{}".format,
        st.sampled_from(["upvotes", "stars", "authors"]),
        st.sampled_from([">=", "<=", "=", ">"]),
        st.integers(0, 6),
    ),
    st.sampled_from(
        ["published:>2025-01-04", "published:2025-01-02..2025-01-05", "published:2024"]
    ),
    st.sampled_from(["has:code", "has:org", "has:media", "*", "id:2606.00001", "source:arxiv"]),
)
filters = st.recursive(
    terms,
    lambda inner: st.one_of(
        inner.map("-({})".format),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"({' '.join(parts)})"),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"({' OR '.join(parts)})"),
    ),
    max_leaves=5,
)


def on_one(filter, paper):
    """What the index says about one paper alone."""
    return bool(PaperIndex([paper]).match(filter))


@settings(max_examples=200, deadline=None)
@given(filters, st.lists(papers, min_size=1, max_size=6))
def test_the_index_and_the_slow_evaluator_agree(text, some_papers):
    filter = parse_filter(text)
    numbered = [Paper(**{**as_dict(paper), "id": str(k)}) for k, paper in enumerate(some_papers)]
    index = PaperIndex(numbered)

    found = {paper.id for paper in numbered if index.match(filter) >> index.position(paper.id) & 1}

    assert found == {paper.id for paper in numbered if passes(filter.tree, paper)}


def test_they_agree_on_filters_and_papers_drawn_by_lot():
    chance = random.Random(7)
    papers = [a_made_paper(chance, k) for k in range(40)]

    checked = sum(compared(PaperIndex(papers), a_filter(chance)) for _ in range(120))

    assert checked > 3_000


def compared(index, text, ks=None):
    """How many papers were compared; fails at the first on which the two disagree."""
    try:
        filter = parse_filter(text)
    except FilterError:  # a cut may hold too few letters
        return 0
    found = index.match(filter)
    ks = range(len(index.papers)) if ks is None else ks
    for k in ks:
        assert passes(filter.tree, index.papers[k]) == bool(found >> k & 1), (text, index.papers[k])
    return len(ks)


def as_dict(paper):
    return {name: getattr(paper, name) for name in Paper.__slots__}


@settings(max_examples=150, deadline=None)
@given(filters)
def test_canonical_text_gives_the_same_tree(text):
    filter = parse_filter(text)

    again = parse_filter(filter.text)

    assert again.tree == filter.tree
    assert again.text == filter.text


@settings(max_examples=100, deadline=None)
@given(filters, filters, papers)
def test_and_never_adds_or_never_removes_not_turns_round(one, other, paper):
    alone = on_one(parse_filter(one), paper)

    assert on_one(parse_filter(f"({one}) ({other})"), paper) <= alone
    assert on_one(parse_filter(f"({one}) OR ({other})"), paper) >= alone
    assert on_one(parse_filter(f"-({one})"), paper) is not alone


@settings(max_examples=100, deadline=None)
@given(filters, papers)
def test_a_reason_is_a_term_that_the_paper_passes_by_itself(text, paper):
    filter = parse_filter(text)
    index = PaperIndex([paper])

    reasons = index.reasons(filter, 0)

    assert len(reasons) <= 4
    assert bool(reasons) <= bool(index.match(filter))
    for reason in reasons:
        if not any(sign in reason for sign in ("≥", "≤", " = ", " to ")):
            assert on_one(parse_filter(reason), paper)


# recorded papers


@pytest.fixture(scope="module")
def recorded():
    return PaperIndex(recorded_papers())


def test_they_agree_on_all_recorded_days(recorded):
    chance = random.Random(20260618)
    term = cut_from(recorded.papers)
    some = chance.sample(range(len(recorded.papers)), 100)  # the long tests compare all of them

    checked = 0
    for _ in range(100):
        checked += compared(recorded, a_filter(chance, term, depth=1), chance.sample(some, 20))
    assert checked > 1_500


def test_what_is_cut_out_of_a_recorded_paper_finds_that_paper(recorded):
    chance = random.Random(20260619)

    for k in chance.sample(range(len(recorded.papers)), 100):
        words = recorded.papers[k].abstract.replace('"', "").split()
        first = chance.randrange(len(words) - 4)
        filter = parse_filter(f'"{" ".join(words[first : first + 4])}"')

        assert recorded.match(filter) >> k & 1
        assert passes(filter.tree, recorded.papers[k])
