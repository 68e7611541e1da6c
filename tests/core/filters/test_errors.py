"""What is wrong with a filter, where, and what to do."""

import time
from contextlib import suppress

import pytest

from newsletter.core.filters import parse_filter
from newsletter.errors import FilterError


def problem(text):
    with pytest.raises(FilterError) as caught:
        parse_filter(text)
    return caught.value


@pytest.mark.parametrize(
    ("text", "column", "says"),
    [
        ("", 1, "the filter is empty"),
        ("   ", 1, "the filter is empty"),
        ("()", 1, "these brackets are empty"),
        ("a ()", 3, "these brackets are empty"),
        ("(a", 1, "this bracket is never closed"),
        ("a (b (c)", 3, "this bracket is never closed"),
        ("a)", 2, "no bracket was opened"),
        ('a "b c', 3, "this quote is never closed"),
        ('title:"b', 7, "this quote is never closed"),
        ("a OR", 3, "nothing stands after `OR`"),
        ("OR a", 1, "nothing stands before `OR`"),
        ("a AND", 3, "nothing stands after `AND`"),
        ("a NOT", 3, "nothing stands after `NOT`"),
        ("a (b |)", 6, "nothing stands after `|`"),
        ("a AND OR b", 7, "`OR` stands right after `AND`"),
        ("a - b", 3, "a minus stands right before"),
        ("not a", 1, "write NOT in capitals"),
        ("autor:x", 1, "unknown field `autor:`: did you mean `author:`?"),
        ("a category:cs.CL", 3, "did you mean `cat:`?"),
        ("titel:(a b)", 1, "did you mean `title:`?"),
        ("https://example.org", 1, "a word with a colon goes in quotes"),
        ("title:", 1, "nothing stands after `title:`"),
        ("title: a", 1, "without a blank"),
        ("title:cat:cs", 7, "`cat:` stands inside `title:`"),
        ("title:(a cat:cs)", 10, "`cat:` stands inside `title:`"),
        ('id:(abstract:"a b")', 5, "`abstract:` stands inside `id:`"),
        ('cat:(autor:"a b")', 6, "unknown field `autor:`: did you mean `author:`?"),
        ("title:(cat:(a))", 8, "`cat:` stands inside `title:`"),
        ("title:-a", 7, "write `-title:a`"),
        ("upvotes:many", 9, "cannot compare with `many`"),
        ("upvotes:-1", 9, "cannot compare with `-1`"),
        ("upvotes:1.5", 9, "cannot compare with `1.5`"),
        ("upvotes:10k", 9, "as in `upvotes:>=5`"),
        ("upvotes:", 1, "nothing stands after `upvotes:`"),
        ("upvotes:>=", 9, "compares with nothing"),
        ("upvotes:<0", 9, "no number is below 0"),
        ("stars:100..10", 7, "write `10..100`"),
        ("stars:..", 7, "neither start nor end"),
        ("upvotes>5", 8, "a colon is missing here: write `upvotes:>5`"),
        ("a title=b", 8, "write `title:=b`"),
        ("upvotes >= 5", 9, "write the field too, as in `upvotes:>=5`"),
        ("published:2025-13-01", 11, "the month is from 01 to 12"),
        ("published:2025-02-29", 11, "the last day of that month is 2025-02-28"),
        ("published:yesterday", 11, "`yesterday` is not a date"),
        ("published:>9999", 11, "no date lies beyond"),
        ("published:2025..2024", 11, "write `2024..2025`"),
        ("has:cde", 5, "did you mean `has:code`?"),
        ("has:wings", 5, "it takes code, project, media, org"),
        ("ag*", 1, "at least 3 letters"),
        ("*agent", 1, "at the end of a word only"),
        ("a*b", 1, "at the end of a word only"),
        ("=agent*", 1, "an exact word has no star"),
        ("word~2", 1, "`~` goes behind quotes"),
        ('"a b"~', 6, "from 0 to 50"),
        ('"a b"~51', 6, "from 0 to 50"),
        ('"a b"~x', 6, "from 0 to 50"),
        ('"alone"~3', 1, "needs two words or more"),
        ('author:"He"~2', 8, "leave it out of `author:`"),
        ('author:", K"', 8, "no family name stands before the comma"),
        ("cat:*", 5, "says nothing"),
        ("cat:c*L", 5, "in another place than its end"),
        ("a &&& b", 3, "no letter and no digit"),
        ("🤗", 1, "no letter and no digit"),
        ('""', 1, "no letter and no digit"),
        ("a\0b", 2, "control character U+0000"),
        ("a\ud800", 2, "control character U+D800"),
        ("a \x85b", 3, "control character U+0085"),
    ],
)
def test_an_error_says_what_is_wrong_and_where(text, column, says):
    error = problem(text)

    assert says in error.problem
    assert error.column == column


@pytest.mark.parametrize(
    ("text", "tight_and", "tight_or"),
    [
        ("a b OR c", "(a b) OR c", "a (b OR c)"),
        ("a OR b c", "a OR (b c)", "(a OR b) c"),
        ("a OR b c OR d", "a OR (b c) OR d", "(a OR b) (c OR d)"),
        ("a AND -b | c", "(a -b) OR c", "a (-b OR c)"),
        ("cat:(x | y z)", "cat:x OR cat:(y z)", "cat:(x | y) cat:z"),
    ],
)
def test_mixed_and_or_proposes_both_readings(text, tight_and, tight_or):
    error = problem(text)

    assert f"write `{tight_and}` or `{tight_or}`" in error.problem
    assert parse_filter(tight_and).text == tight_and
    assert parse_filter(tight_or).text == tight_or
    assert parse_filter(tight_and) != parse_filter(tight_or)


def test_the_message_for_a_long_text_stays_short():
    assert len(str(problem("a " * 5_000_000))) < 500
    assert len(str(problem("autor" * 800 + ":x"))) < 500


def test_a_limit_exceeded_is_an_error_like_any_other():
    assert problem("(" * 9 + "a" + ")" * 9).column == 9
    assert problem("x " * 65).column == 129
    assert "4,096 characters" in problem("a" * 4_097).problem
    assert "shorten it" in problem(f"abs:({' '.join('z' * 62 for _ in range(63))}) b").problem

    parse_filter("(" * 8 + "a" + ")" * 8)
    parse_filter("x " * 64)
    parse_filter("a" * 4_096)


@pytest.mark.parametrize(
    "text",
    [
        "a " * 5_000_000,
        "(" * 10_000,
        "(" * 4_000,
        ")" * 10_000,
        '"' * 4_001,
        "-" * 4_000,
        "NOT " * 1_000,
        "a:" * 2_000,
        "=" * 4_000,
        "\\" * 4_000,
        "{" * 4_000,
        "\\a{" * 1_300,
        "'" * 4_000,
        "a'" * 2_000,
        "a-" * 2_000,
        "*" * 4_000,
        "~" * 4_000,
        "..." * 1_300,
        "\u202e" * 4_000,
        "é\u0301" * 2_000,
        "模" * 4_000,
        "ﷺ" * 4_000,
        "autor" * 800 + ":x",
        "has:" + "x" * 4_000,
        "upvotes:" + "9" * 4_000,
        "published:" + "9" * 4_000,
        "source:" + "v" * 4_000,
        '"' + "a " * 2_000 + '"~3',
        "a OR b " * 30,
        "\0" * 10_000_000,
        "\u05d0 \U0001f917" * 100,
    ],
    ids=lambda text: repr(text[:8]),
)
def test_hostile_text_is_answered_at_once(text):
    started = time.perf_counter()
    with suppress(FilterError):
        parse_filter(text)

    assert time.perf_counter() - started < 0.5  # milliseconds on an idle machine
