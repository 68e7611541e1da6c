"""Text of strangers made plain: one line, no control characters, cut at words."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.core.text import MAX_MARKS, clean, cut, fold

any_text = st.text(
    st.characters(exclude_categories=())
    | st.sampled_from(" \n\r\t\x00\x85\xa0\u0301\u0344\u1100\u1161\u2028\u2029\ud83d\ude00\ufeff")
)


@pytest.mark.parametrize(
    ("dirty", "cleaned"),
    [
        ("  two   blanks \t\n here ", "two blanks here"),
        ("nul\x00, bell\x07, escape\x1b[2J, C1\x9b", "nul, bell, escape[2J, C1"),
        ("half \ud800 a pair", "half a pair"),
        ("\ud83d\ude00 in two halves", "😀 in two halves"),
        ("line\u2028paragraph\u2029next\x85line", "line paragraph next line"),
        ("turned \u202egnp.exe\u202c and \u2066isolated\u2069", "turned gnp.exe and isolated"),
        ("\ufeffmark, zero\u200bwidth, soft\u00adhyphen", "mark, zerowidth, softhyphen"),
        ("no\ufdd0ncharacter\uffff\U0010ffff", "noncharacter"),
        ("tags\U000e0041\U000e007f", "tags"),
        ("Mu\u0308ller", "Müller"),
        ("no\u00a0break\u3000wide", "no break wide"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("a <b> & 'c'", "a <b> & 'c'"),
        ("", ""),
        ("\x00 \u200b", ""),
    ],
)
def test_text_is_made_safe(dirty, cleaned):
    assert clean(dirty) == cleaned


@pytest.mark.parametrize(
    ("dirty", "cleaned"),
    [
        ("wrapped\nline", "wrapped line"),
        ("one\n\n\ntwo", "one\n\ntwo"),
        ("one\r\n \r\ntwo", "one\n\ntwo"),
        ("one\n  indented as arXiv does", "one\n\nindented as arXiv does"),
        ("  As it\nwas.\n", "As it was."),
        ("one\u2029two\u2028three", "one\n\ntwo three"),
        ("\n\n \n", ""),
    ],
)
def test_paragraphs_stay_where_they_are_asked_for(dirty, cleaned):
    assert clean(dirty, lines=True) == cleaned


@given(any_text, st.booleans())
def test_clean_text_can_be_stored_printed_and_cleaned_again(text, lines):
    cleaned = clean(text, lines=lines)

    assert clean(cleaned, lines=lines) == cleaned
    assert cleaned.encode().decode() == cleaned
    assert unicodedata.is_normalized("NFC", cleaned)
    assert cleaned == cleaned.strip()
    assert not any(
        unicodedata.category(letter) in ("Cc", "Cs") for letter in cleaned if letter != "\n"
    )


def test_marks_are_not_piled_up_without_end():
    assert len(clean("Z" + "\u0301\u0316" * 100_000)) <= MAX_MARKS + 1


@given(any_text, st.integers(1, 20))
def test_a_cut_text_is_never_longer(text, most):
    assert len(cut(clean(text), most)) <= most


def test_what_was_cut_is_shown():
    assert cut("seven words are too many for it", 14) == "seven words a…"
    assert cut("short", 5) == "short"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("MÜLLER", "muller"),
        ("Straße", "STRASSE"),
        ("ﬁne", "fine"),
        ("Łódź", "lodz"),
        ("Ｆｕｌｌ", "full"),
        ("x²", "x2"),
        ("Ærø", "aero"),
    ],
)
def test_spellings_of_one_word_fold_to_the_same(one, other):
    assert fold(one) == fold(other)


def test_marks_that_make_another_letter_stay():
    assert fold("が") != fold("か")


@given(any_text)
def test_folding_never_fails(text):
    assert isinstance(fold(text), str)
