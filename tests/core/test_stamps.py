"""When a form was shown: signed, for a while, by any of our keys."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.core.stamps import LONGEST_SECONDS, STAMP_LENGTH, make_stamp, read_stamp

NOW = 1_780_000_000.25
OLD, NEW = b"an-old-key-of-16-bytes", b"a-new-key-of-16-bytes"


def test_a_stamp_says_when_the_form_was_shown():
    text = make_stamp(NEW, now=NOW)

    assert len(text) == STAMP_LENGTH
    assert text.isalnum()
    assert read_stamp(text, [NEW]).shown_at == NOW


def test_a_stamp_of_an_older_key_still_counts():
    assert read_stamp(make_stamp(OLD, now=NOW), [NEW, OLD]) is not None
    assert read_stamp(make_stamp(OLD, now=NOW), [NEW]) is None


@pytest.mark.parametrize(
    ("seconds", "is_right"),
    [(-60, False), (0, False), (1.9, False), (2, True), (3600, True), (LONGEST_SECONDS + 1, False)],
)
def test_a_form_comes_back_after_two_seconds_and_within_two_days(seconds, is_right):
    stamp = read_stamp(make_stamp(NEW, now=NOW), [NEW])

    assert stamp.is_right(now=NOW + seconds, least=2) is is_right


@given(st.text(max_size=40))
def test_any_other_text_is_no_stamp(text):
    assert read_stamp(text, [NEW]) is None


def test_a_stamp_cannot_be_changed():
    text = make_stamp(NEW, now=NOW)
    changed = {
        text[:place] + letter + text[place + 1 :]
        for place in range(STAMP_LENGTH - 1)  # the last letter has bits to spare
        for letter in "ab7"
    } - {text}

    assert not any(read_stamp(one, [NEW]) for one in changed)
