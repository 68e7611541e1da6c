"""A filter has one text, which reads back as the same filter."""

import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.core.filters import parse_filter
from newsletter.errors import FilterError


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("  diffusion   models ", "diffusion models"),
        ("diffusion AND models", "diffusion models"),
        ("a | b", "a OR b"),
        ("NOT a", "-a"),
        ("NOT NOT a", "a"),
        ("((a))", "a"),
        ("(a b) c", "a b c"),
        ("(a OR b) OR c", "a OR b OR c"),
        ('"diffusion"', "diffusion"),
        ("“speculative  decoding”", '"speculative decoding"'),
        ("agents, planning.", "agents planning"),
        ("ti:a kw:b", "title:a keyword:b"),
        ("cat:cs.CL | cat:cs.IR", "cat:(cs.CL | cs.IR)"),
        ("title:a title:b", "title:(a b)"),
        ("upvotes:>4", "upvotes:>=5"),
        ("upvotes:=5", "upvotes:5"),
        ("upvotes:≤5", "upvotes:<=5"),
        ("published:>2025", "published:>=2026-01-01"),
        ("published:2025-02-01..2025-02-28", "published:2025-02"),
        ('"or"', '"or"'),
        ("'or'", '"or"'),
        ('title:"and"', 'title:"and"'),
        ('"A* search"', '"A* search"'),
        ('"a:b"', '"a:b"'),
        ('cat:"id:cs"', 'cat:"id:cs"'),
        ('id:"title:0123456789abcdef"', "id:title:0123456789abcdef"),
    ],
)
def test_it_is_written_in_the_plainest_way(written, canonical):
    assert parse_filter(written).text == canonical
    assert parse_filter(canonical).text == canonical


def test_filters_of_the_same_text_are_equal():
    assert parse_filter("NOT ti:a") == parse_filter("-title:a")
    assert len({parse_filter("a | b"), parse_filter("a OR b")}) == 1


def test_a_filter_survives_the_way_to_another_process():
    filter = parse_filter('"graph neural"~2 author:"He, K" published:2025 -cat:cs.*')

    again = pickle.loads(pickle.dumps(filter))

    assert (again, again.tree) == (filter, filter.tree)


SIGNS = [
    *"ab() |-\"=~*:.,'$\\{}<>≥“”0123ü模",
    *("title:", "cat:", "upvotes:", "published:", "author:", "id:"),
    *("AND ", "OR ", "NOT ", "or ", "..", "~3", '" ', "\u200b", "´", "!"),
]


def read(text):
    """The filter, or the error."""
    try:
        return parse_filter(text)
    except FilterError as error:
        return error


@settings(max_examples=500)
@given(st.lists(st.sampled_from(SIGNS), max_size=24).map("".join) | st.text(max_size=40))
def test_any_text_is_a_filter_that_reads_back_or_an_error_that_points_into_it(text):
    filter = read(text)

    if isinstance(filter, FilterError):
        assert 1 <= filter.column <= len(text) + 1
        assert filter.problem in str(filter)
    else:
        assert parse_filter(filter.text).tree == filter.tree
        assert parse_filter(filter.text).text == filter.text
