"""What a paper lacks for a filter: the nearest miss."""

from datetime import UTC, date, datetime

import pytest

from newsletter.core.explaining import lacks
from newsletter.core.filters import parse_filter
from newsletter.core.matching import PaperIndex
from newsletter.core.papers import Organization, Paper

PAPER = Paper(
    id="2606.01234",
    title="Agents that plan a survey",
    abstract="They retrieve what they did.",
    featured_on=date(2026, 6, 18),
    authors=("Ada Lovelace", "Grace Hopper"),
    author_count=2,
    organization=Organization(name="eth", full_name="ETH Zurich"),
    upvotes=1200,
    published_at=datetime(2026, 6, 16, 9, tzinfo=UTC),
    keywords=("planning",),
    categories=("cs.CL", "cs.IR"),
    sources=("huggingface", "arxiv"),
)
BARE = Paper(id="doi:10.1000/x", title="Agents", featured_on=date(2026, 6, 18))


def told(text, paper=PAPER):
    return [str(lack) for lack in lacks(PaperIndex([paper]), parse_filter(text), 0)]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("robot*", "`robot*`: not in title, abstract or keywords"),
        ('title:"plan agents"', '`title:"plan agents"`: not in the title'),
        ("abstract:agents", "`abstract:agents`: not in the abstract"),
        ("keyword:agents", "`keyword:agents`: not among its keywords"),
        ("org:MIT", "`org:MIT`: its organisation is ETH Zurich"),
        ("author:Turing", "`author:Turing`: not among its 2 authors"),
        ("cat:cs.CV", "`cat:cs.CV`: its categories are cs.CL, cs.IR"),
        ("id:2606.09999", "`id:2606.09999`: it is 2606.01234"),
        ("source:folder", "`source:folder`: it comes from huggingface, arxiv"),
        ("has:code", "`has:code`: it has no code"),
        ("upvotes:<5", "`upvotes:<=4`: it has 1,200 upvotes"),
        ("stars:>5", "`stars:>=6`: its stars are not known"),
        ("published:2025", "`published:2025`: published 2026-06-16"),
        ("-survey", "`-survey`: the paper is one of those"),
    ],
)
def test_a_term_that_fails_says_why(text, says):
    assert told(text) == [says]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("keyword:agents", "`keyword:agents`: it has no keywords"),
        ("org:MIT", "`org:MIT`: it names no organisation"),
        ("cat:cs.CV", "`cat:cs.CV`: it names no category"),
        ("published:2025", "`published:2025`: no date of publication is known"),
        ("source:arxiv", "`source:arxiv`: it comes from a source that is not known"),
    ],
)
def test_what_is_not_known_of_a_paper_is_told_as_that(text, says):
    assert told(text, BARE) == [says]


def test_a_paper_that_passes_lacks_nothing():
    assert told("agents -robots upvotes:>=5") == []


def test_of_an_and_only_the_parts_that_fail_are_told():
    assert told("agents robots -survey") == [
        "`robots`: not in title, abstract or keywords",
        "`-survey`: the paper is one of those",
    ]


def test_choices_that_fail_for_one_reason_are_told_as_one():
    assert told("robots OR drones") == ["`robots` or `drones`: not in title, abstract or keywords"]
    assert told("a1 OR a2 OR a3 OR a4 OR a5 OR a6") == [
        "`a1` or `a2` or `a3` or `a4` or one of 2 more: not in title, abstract or keywords"
    ]


def test_of_an_or_the_choice_that_lacks_least_is_told():
    assert told("(robots drones) OR (agents kites) OR (x y z)") == [
        "`kites`: not in title, abstract or keywords"
    ]
