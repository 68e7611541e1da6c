"""Text cut, counted and wrapped."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.core.mail import wording
from newsletter.core.mail.wording import authors_line, cut_at_sentence, cut_at_word, safe_url, wrap


@pytest.mark.parametrize(
    ("names", "count", "line"),
    [
        ([], 0, ""),
        ([], 1, "1 author"),
        ([], 12, "12 authors"),
        (["Ada"], 1, "Ada"),
        (["Ada", "Ben"], 2, "Ada and Ben"),
        (["Ada", "Ben", "Cem", "Dag"], 4, "Ada, Ben, Cem and Dag"),
        (["Ada", "Ben", "Cem", "Dag", "Eva"], 5, "Ada, Ben, 2 more and Eva"),
        (["Ada", "Ben", "Cem"], 15, "Ada, Ben, Cem and 12 more"),
        (["Ada", "Ada", "Ben"], 3, "Ada and Ben"),
        ([f"A {n}" for n in range(573)], 573, "A 0, A 1, 570 more and A 572"),
        (["Ada"], 2, "Ada and 1 more"),
        (["Ada", "Ben", "Cem", "Dag", "Eva"], 9, "Ada, Ben, Cem and 6 more"),
        ([" Ada\n Lovelace ", ""], 1, "Ada Lovelace"),
    ],
)
def test_authors_are_named_as_far_as_it_helps(names, count, line):
    assert authors_line(names, count) == line


def test_a_name_of_ten_kilobytes_is_cut():
    assert len(authors_line(["A" * 10_000], 1)) <= 60


@pytest.mark.parametrize(
    ("text", "limit", "cut"),
    [
        ("Short.", 20, "Short."),
        ("One sentence. Another one. A third.", 30, "One sentence. Another one."),
        ("We follow Smith et al. Then it ends here.", 25, "We follow Smith et al.…"),
        ("It works, e.g. For cats and dogs.", 20, "It works, e.g. For…"),
        ("Is it so? Yes! And more follows", 16, "Is it so? Yes!"),
        ("No full stop anywhere in this text", 20, "No full stop…"),
        ("Early. but then a very long clause goes on", 30, "Early. but then a very long…"),
        ("精度が高い。速度も速い。まだ続く文章です", 14, "精度が高い。速度も速い。"),
    ],
)
def test_an_abstract_ends_with_a_sentence_where_one_ends(text, limit, cut):
    assert cut_at_sentence(text, limit) == cut


@pytest.mark.parametrize(
    ("text", "limit", "cut"),
    [
        ("Memory for Agents in the Wild", 24, "Memory for Agents…"),
        ("Memory for Agents in the Wild", 21, "Memory for Agents…"),
        ("Memory, and More of It", 14, "Memory…"),
        ("The Of and In", 11, "The Of…"),
    ],
)
def test_a_cut_leaves_no_small_word_behind(text, limit, cut):
    assert cut_at_word(text, limit) == cut


@given(st.text(), st.integers(1, 80))
def test_a_cut_text_is_never_longer_than_asked(text, limit):
    assert len(cut_at_word(text, limit)) <= limit
    assert len(cut_at_sentence(text, limit)) <= limit


def test_a_cut_takes_no_letter_apart():
    family = "👨‍👩‍👧‍👦"

    assert cut_at_word("e\u0301" * 10, 8).removesuffix("…") == "e\u0301" * 3
    assert cut_at_word(family * 3, 9).removesuffix("…") in ("", family)


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (['"speculative decoding"', "agent*"], "“speculative decoding”, agent*"),
        (["speculative decoding"], "“speculative decoding”"),
        (['title:"a b"'], "title:“a b”"),
        ([f"w{n}" for n in range(9)], "w0, w1, w2, w3, w4, w5 and 3 more"),
        (["x\r\ny"], "“x y”"),
    ],
)
def test_the_words_that_matched_are_shown_as_written(words, shown):
    assert wording.quoted_words(words) == shown


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://example.org/a?b=c&d=%20#e", "https://example.org/a?b=c&d=%20#e"),
        ("http://example.org", "http://example.org"),
        ("https://example.org/ü x", "https://example.org/%C3%BC%20x"),
        ('https://example.org/"><b>', "https://example.org/%22%3E%3Cb%3E"),
        ("https://example.org/\r\nX: y", "https://example.org/%0D%0AX:%20y"),
        ("https://example.org/100%?a=5%z", "https://example.org/100%25?a=5%25z"),
        ("https://[::1]:80/a[1]#b#c", "https://[::1]:80/a%5B1%5D#b%23c"),
        ("javascript:alert(1)", ""),
        (" JavaScript:alert(1)", ""),
        ("data:text/html,x", ""),
        ("//example.org", ""),
        ("https://example.org/" + "a" * 2000, ""),
        ("https://example.org/\ud800", "https://example.org/"),
        ("", ""),
    ],
)
def test_only_web_addresses_are_linked(url, safe):
    assert safe_url(url) == safe


@given(st.text(), st.integers(0, 10))
def test_wrapped_lines_are_at_most_72_columns(text, indent):
    for line in wrap(text, indent=indent).split("\n"):
        assert wording.columns_of(line) <= 72 or "://" in line


def test_a_web_address_is_never_broken():
    url = "https://example.org/" + "a" * 90

    assert url in wrap(f"See {url} for more", indent=4)


def test_chinese_is_wrapped_by_columns():
    lines = wrap("研究" * 60, indent=4).split("\n")

    assert len(lines) == 4
    assert all(wording.columns_of(line) <= 72 for line in lines)


def test_no_line_of_chinese_begins_with_what_closes_a_clause():
    lines = wrap("研" * 34 + "。" + "究" * 40, indent=4).split("\n")

    assert not any(line.strip().startswith("。") for line in lines)
    assert all(wording.columns_of(line) <= 72 for line in lines)


def test_a_terminal_draws_marks_and_joiners_without_width():
    assert wording.columns_of("e\u0301\u200d\ufe0f") == 1
    assert wording.columns_of("🤗研") == 4


def test_dates_are_in_english_on_every_machine():
    assert wording.day_in_words(date(2026, 6, 18)) == "Thursday, 18 June 2026"
