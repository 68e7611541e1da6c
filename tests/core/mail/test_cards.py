"""What a mail shows of a paper, before a template sees it."""

import pytest

from newsletter.core.mail.cards import Form, make_card


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Guava: An Effective Harness", "Guava"),
        ("Attention Is All You Need", "Attention Is All You Need"),
        ("Ratios of 3:1 in Practice", "Ratios of 3:1 in Practice"),
        (
            "A Title " + "without Any Colon and with a Good Many Words",
            "A Title without Any Colon and with a Good Many…",
        ),
    ],
)
def test_a_paper_is_called_by_what_stands_before_its_colon(mail_paper, title, name):
    assert make_card(mail_paper(title=title), Form.FULL).name == name


def test_a_title_is_never_empty(mail_paper):
    assert make_card(mail_paper(title=" \u200b"), Form.FULL).title == mail_paper().id


def test_a_zero_is_not_worth_a_word(mail_paper):
    card = make_card(mail_paper(upvotes=0, comments=None, code_stars=1), Form.FULL)

    assert card.figures == "1 code star"
    assert card.upvotes == ""


def test_an_address_is_linked_once(mail_paper):
    card = make_card(
        mail_paper(code_url="https://e.org/x", project_url="https://e.org/x"), Form.FULL
    )

    assert [link.label for link in card.links] == ["Paper", "PDF", "Code"]


def test_abstracts_get_shorter_from_form_to_form(mail_paper):
    paper = mail_paper(abstract="One more sentence stands here. " * 60)
    lengths = [len(make_card(paper, form).abstract) for form in Form]

    assert lengths[Form.FULL] > lengths[Form.SHORT] > lengths[Form.BRIEF] > lengths[Form.LINE] == 0


def test_an_abstract_in_chinese_takes_the_room_of_one_in_english(mail_paper):
    english = make_card(mail_paper(abstract="It is so. " * 200), Form.FULL).abstract
    chinese = make_card(mail_paper(abstract="是这样的。" * 200), Form.FULL).abstract

    assert len(chinese) <= len(english) / 2 + 5


def test_a_picture_is_only_for_those_who_want_it_and_only_where_there_is_room(mail_paper):
    assert make_card(mail_paper(), Form.FULL).thumbnail == ""
    assert make_card(mail_paper(), Form.FULL, thumbnails=True).thumbnail
    assert make_card(mail_paper(), Form.BRIEF, thumbnails=True).thumbnail == ""
