"""The short way to a tree against the whole parser: the same, or nothing."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.core.filters import parse_filter
from newsletter.core.filters.parser import MAX_LENGTH, read_in_full
from newsletter.core.filters.plain import MAX_TERMS, read_plain
from newsletter.errors import FilterError


def read(text, reader):
    """All of a filter, or all of an error, as text."""
    try:
        filter = reader(text)
    except FilterError as error:
        return str(error)
    return repr((filter.text, filter.tree))  # a comparison would leave out how words came apart


WORDS = [
    "agents",
    "GPT4",
    "a",
    "and",
    "OR",
    "not",
    "C++",
    "fine-tuning",
    "Müller",
    "$\\ell_1$",
    "模型",
]
SOLID = [
    *(*WORDS, "agent*", "ab*", "=agents", "AND", "NOT", "&", "|", "*", "1-2", "x*y", "it's", "a:b"),
    *(
        '"graph neural"',
        '"graph  neural"',
        '"one"',
        '"graph neural*"',
        '"a (b) c"',
        '"a OR b"',
        '""',
    ),
    *('"a b"~3', '="a b"', "“a b”", '"a\tb"', '"a\x01b"', '"', 'a"b"', '"a"b'),
    *(
        "title:agents",
        "ti:agents",
        'title:"a b"',
        "title:",
        "keyword:agent*",
        "org:lab",
        "title:or",
    ),
    *("cat:cs.CL", "cat:=cs.*", "upvotes:>=5", "upvotes:>4", "upvotes>5", "has:code", "has:moon"),
    *('author:"He, K"', "author:He", "published:2025", "id:title:0123", "id:2606.1", "foo:bar"),
]
pieces = st.one_of(
    st.sampled_from(SOLID), st.sampled_from(["(", ")", "-", "--", "OR", "OR", " ", "title:("])
)
texts = st.one_of(
    st.lists(pieces, max_size=9).map(" ".join),
    st.lists(pieces, max_size=9).map("".join),
    st.lists(st.sampled_from(SOLID), min_size=1, max_size=5).map(" OR ".join),
    st.lists(
        st.lists(st.sampled_from(SOLID), min_size=1, max_size=4).map(
            lambda terms: f"({' OR '.join(terms)})"
        )
        | st.sampled_from(SOLID),
        max_size=4,
    ).map(" ".join),
)


@settings(max_examples=3_000, deadline=None)
@given(texts)
def test_the_short_way_gives_what_the_whole_parser_gives(text):
    assert read(text, parse_filter) == read(text, read_in_full)


@settings(max_examples=500, deadline=None)
@given(texts)
def test_it_does_so_for_every_canonical_text_too(text):
    try:
        text = parse_filter(text).text
    except FilterError:
        return

    assert read(text, parse_filter) == read(text, read_in_full)


@pytest.mark.parametrize(
    "text",
    [
        "agents",
        "agents planning -survey",
        '"graph neural" OR agent* OR title:maps',
        '(agents OR "multi agent") has:code -survey',
        "(agents planning) OR maps",
        'author:"He, K" OR cat:cs.CL OR upvotes:>=5',
        " ".join(["word"] * MAX_TERMS),
    ],
)
def test_what_readers_mostly_write_goes_the_short_way(text):
    assert read_plain(text) == read_in_full(text).tree


@pytest.mark.parametrize(
    "text",
    [
        "",
        "(agents)",
        "(agents planning) maps",
        "(a OR b) OR c",
        "title:a title:b",
        "agents  planning",
        "agents AND planning",
        "a OR",
        "OR a",
        "a b OR c",
        "--a",
        "-(a OR b)",
        '"a\x01b"',
        "“a b”",
        " ".join(["word"] * (MAX_TERMS + 1)),
        f"({' OR '.join(['a'] * 40)}) ({' OR '.join(['b'] * 40)})",
    ],
)
def test_what_is_unusual_in_any_way_is_left_to_the_whole_parser(text):
    assert read_plain(text) is None


def test_a_text_that_is_too_long_is_refused_before_it_is_looked_at():
    with pytest.raises(FilterError, match="4,096 characters"):
        parse_filter("word " * MAX_LENGTH)
