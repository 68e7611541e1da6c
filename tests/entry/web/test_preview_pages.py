"""A filter tried before anybody subscribes: how many papers, on which days, and why."""

from datetime import timedelta

import pytest
from builders import MONDAY, Clock, a_newsletter, a_paper
from fastapi.testclient import TestClient
from pages_walk import BUSY
from public_site import DAY, shown, words

from newsletter.adapters.store.papers import add_papers
from newsletter.web import create_app


def test_a_preview_says_how_many_papers_a_day_and_which(visitor):
    page = shown(visitor.get("/preview?filter=title:kites"))

    text = page.xpath("//section[@class='tried']")[0].text_content()
    assert "fewer than one paper a day on the 2 days with papers" in " ".join(text.split())
    assert page.xpath("//h3//mark/text()") == ["Kites"]
    assert "Matched: title:kites" in " ".join(text.split())


def test_a_preview_draws_the_days_for_those_who_see_and_those_who_do_not(visitor):
    (drawing,) = shown(visitor.get("/preview?filter=kites")).xpath("//*[local-name()='svg']")

    assert drawing.get("role") == "img"
    assert drawing.get("aria-label") == (
        "1 match on 2 days with papers; the most, 1, on Thursday, 11 June 2026"
    )
    assert [bar.text_content() for bar in drawing.xpath(".//*[local-name()='rect']")] == [
        "Thursday, 11 June 2026: 1 of 2 papers",
        "Monday, 15 June 2026: 0 of 32 papers",
    ]


def test_what_is_tried_while_typing_is_a_part_of_a_page(visitor):
    answer = visitor.get("/preview", params={"of": "topics-3", "topics-3-filter": "agents"})

    assert answer.status_code == 200
    assert "<html" not in answer.text
    assert "16 papers a day" in answer.text
    assert answer.text.count("<mark>agents</mark>") == 3
    assert answer.headers["cache-control"] == "public, max-age=60"


def test_a_mistake_while_typing_is_pointed_at_and_is_no_failure(visitor):
    answer = visitor.get("/preview", params={"of": "topics-0", "topics-0-filter": "agent autor:x"})

    assert answer.status_code == 200
    assert 'id="topics-0-filter-problem"' in answer.text
    assert "did you mean <code>author:</code>?" in answer.text
    assert "\n      ^</pre>" in answer.text


def test_a_warning_stands_beside_what_a_filter_brings(visitor):
    answer = visitor.get("/preview", params={"of": "topics-0", "topics-0-filter": "kites kite"})

    assert "the same word" in answer.text


def test_an_empty_field_has_nothing_below_it(visitor):
    assert visitor.get("/preview?of=topics-0&topics-0-filter=+").text.strip() == ""
    assert visitor.get("/preview?of=examples").text.strip() == ""


def test_a_mute_is_told_by_what_it_keeps_out(visitor):
    answer = visitor.get("/preview", params={"of": "mutes-1", "mutes-1": "agents"})

    assert "Keeps out <strong>16 papers a day</strong>" in answer.text


def test_ticked_examples_are_tried_together(visitor):
    answer = visitor.get("/preview?of=examples&example-0=1&example-3=1")

    assert "16 papers a day" in answer.text


def test_a_wrong_filter_in_an_address_is_explained(visitor):
    answer = visitor.get("/preview?filter=a+b+OR+c")

    assert answer.status_code == 400
    assert "(a b) OR c" in words(answer)
    assert 'value="a b OR c"' in answer.text


def test_a_preview_leads_to_the_mail_and_the_feed_of_the_same_filter(visitor):
    links = shown(visitor.get("/preview?filter=%22string+theory%22")).xpath("//main//a/@href")

    assert "/subscribe?filter=%22string%20theory%22" in links
    assert "/feed.xml?filter=%22string%20theory%22" in links


def test_a_link_can_fill_in_the_subscribe_form(visitor):
    page = visitor.get("/subscribe?filter=%22string+theory%22&example-1=1").text

    assert 'value="&#34;string theory&#34;"' in page
    assert 'name="example-1" value="1" checked' in page


@pytest.mark.parametrize(
    ("first", "said"),
    [
        (29, "<strong>2 papers a day</strong> over the last 30 days"),
        (3, "<strong>2 papers a day</strong> on the 2 days with papers"),
    ],
)
def test_a_young_site_does_not_boast_of_a_month(tmp_path, first, said):
    days = [DAY, DAY, DAY - timedelta(days=first), DAY - timedelta(days=first)]
    with a_newsletter(tmp_path, clock=Clock()) as made:
        with made.store.write() as session:
            papers = [a_paper(number, featured_on=day) for number, day in enumerate(days)]
            add_papers(session, papers, now=MONDAY)
        visitor = TestClient(create_app(made, timing=BUSY))

        assert said in visitor.get("/preview?of=topics-0&topics-0-filter=agents").text
