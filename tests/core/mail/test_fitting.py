"""How a mail shrinks until it fits, whatever it holds."""

import re

import pytest
from looks import addresses_in, assert_sound, links_of, words_of

from newsletter.core.mail.fitting import MAX_HTML


def a_fat_paper(mail_paper, number, *, authors=573):
    return mail_paper(
        number,
        title=f"Number {number}: {'Rather Long and Winding ' * 6}Title",
        abstract=f"Abstract {number} begins. " + "It goes on with one more sentence. " * 60,
        authors=tuple(f"Author With a Long Name {n}" for n in range(authors)),
    )


@pytest.mark.parametrize("count", [1, 10, 20, 40, 100])
def test_html_is_never_larger_than_its_limit(rendered, mail_paper, count):
    papers = [a_fat_paper(mail_paper, number) for number in range(1, count + 61)]
    mail = rendered(papers[:count], left_out=papers[count:], words=["a phrase to match"] * 6)

    assert_sound(mail.html)
    assert links_of(mail.html) == addresses_in(mail.text)


def test_abstracts_shorten_before_anything_is_left_out(rendered, mail_paper):
    papers = [a_fat_paper(mail_paper, number) for number in range(1, 31)]
    few, many = rendered(papers[:2]), rendered(papers)

    whole = re.search(r"Abstract 2 begins.*?(?= Paper ·)", words_of(few.html))[0]
    short = re.search(r"Abstract 30 begins.*?(?= Paper ·)", words_of(many.html))[0]
    assert len(short) < len(whole)
    assert short.rstrip().endswith("sentence.")
    assert {paper.page for paper in papers} <= links_of(many.html)
    assert "more on the web" not in many.html


def test_then_the_last_cards_become_lines(rendered, mail_paper):
    papers = [a_fat_paper(mail_paper, number) for number in range(1, 61)]
    mail = rendered(papers)

    assert "Abstract 1 begins." in mail.html
    assert "Abstract 60 begins." not in mail.html
    assert papers[-1].page in links_of(mail.html)
    assert "more on the web" not in mail.html


def test_then_the_rest_is_only_counted(rendered, mail_paper):
    papers = [a_fat_paper(mail_paper, number, authors=30) for number in range(1, 401)]
    mail = rendered(papers)

    shown = len({paper.page for paper in papers} & links_of(mail.html))
    assert f"{400 - shown} more on the web" in words_of(mail.html)
    assert f"{400 - shown} more on the web" in mail.text
    assert len(mail.html.encode()) > MAX_HTML * 0.95
