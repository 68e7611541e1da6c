"""A filter straight from its text against the walk over its tree: the same papers and reasons."""

import random
from dataclasses import replace

import pytest
from generated import a_filter, a_made_paper

from newsletter.bench.crowd import DAY as SOME_DAY
from newsletter.bench.crowd import filters_of
from newsletter.bench.papers import made_papers
from newsletter.core.filters import Filter, parse_filter
from newsletter.core.filters.plain import Unplain, parted
from newsletter.core.matching import PaperIndex
from newsletter.core.matching.terms import Terms
from newsletter.errors import FilterError


def assert_same(index, text):
    """What brought each paper too: its score and its reasons."""
    matched = index.matched(Filter(text))
    by_tree = index.matched_by_tree(parse_filter(text))
    passing = matched[0]
    assert passing == by_tree[0], text
    ks = [k for k in range(len(index.papers)) if passing >> k & 1]
    filter = parse_filter(text)
    assert index.reasons_by(filter, matched, ks) == index.reasons_by(filter, by_tree, ks), text
    scores = [index.score_of(by_tree, k) for k in ks]
    assert [index.score_of(matched, k) for k in ks] == scores, text


def test_generated_filters_on_papers_of_odd_words():
    chance = random.Random(11)
    index = PaperIndex([a_made_paper(chance, k) for k in range(60)])

    for _ in range(1_500):
        try:
            text = parse_filter(a_filter(chance)).text
        except FilterError:  # a cut may hold too few letters
            continue
        assert_same(index, text)


def test_the_filters_of_a_crowd():
    papers = made_papers(40, SOME_DAY)
    index = PaperIndex(papers)

    for text in filters_of(1_500, papers):
        assert_same(index, text)


@pytest.mark.parametrize(
    "text",
    [
        "alpha",
        "alpha beta -gamma",
        "-alpha",
        '"alpha beta" OR gam* OR title:delta OR -beta',
        "(alpha OR beta) (gamma OR delta) -title:beta",
        "(alpha gamma) OR (beta delta) OR alpha",
        "(alpha -gamma) OR -beta",
        'author:"Ada Lovelace" OR upvotes:>=2 OR cat:cs.CL',
    ],
)
def test_every_plain_shape(text):
    words = ["alpha", "beta", "gamma", "delta"]
    chance = random.Random(5)
    papers = [
        replace(
            a_made_paper(chance, k),
            title=" ".join(chance.sample(words, 2)),
            abstract=" ".join(chance.sample(words, 2)),
        )
        for k in range(30)
    ]

    assert Terms(papers).matched(text)
    assert_same(PaperIndex(papers), text)


UNPLAIN = [
    "",
    "()",
    "a b OR c",
    '"a OR b" c',
    "-(a OR b)",
    "title:(a b)",
    "a  b",
    "OR",
    "a OR",
    "(a",
]
UNPLAIN += ["*", "((a OR b) c) OR d", '"a', "a (b OR c) OR d"]


@pytest.mark.parametrize("text", UNPLAIN)
def test_what_is_not_plain_is_left_to_the_parser(text):
    paper = replace(made_papers(1, SOME_DAY)[0], title="a b c d")

    with pytest.raises(Unplain):
        Terms([paper]).matched(text)


def test_a_text_that_is_no_filter_is_refused_when_it_is_matched():
    with pytest.raises(FilterError, match="unknown field"):
        PaperIndex(made_papers(3, SOME_DAY)).match(Filter("autor:Ada"))


def test_a_bracket_parts_no_quoted_phrase():
    assert parted('"a (b) c" d') == (False, ['"a (b) c"', "d"])
