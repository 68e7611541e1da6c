"""The archive and its search: days, papers, words found."""

import pytest
from builders import Clock, a_newsletter, a_paper
from fastapi.testclient import TestClient
from pages_walk import BUSY
from public_site import DAY, EARLIER, shown, words

from newsletter.web import create_app


def test_the_archive_is_by_month_and_day(visitor):
    page = shown(visitor.get("/archive"))

    assert page.xpath("//h2/text()") == ["June 2026"]
    assert page.xpath("//ol[@class='days']/li/a/@href") == [f"/papers/{DAY}", f"/papers/{EARLIER}"]
    assert "32 papers" in words(visitor.get("/archive"))


def test_a_day_is_shown_in_pages_that_are_not_too_long(visitor):
    first, second = visitor.get(f"/papers/{DAY}"), visitor.get(f"/papers/{DAY}?page=2")

    assert len(shown(first).xpath("//h3")) == 30
    assert shown(second).xpath("//h3//a/text()") == [
        "Paper 31 about agents",
        "Paper 32 about agents",
    ]
    assert shown(second).xpath("//ol/@start") == ["31"]
    assert shown(first).xpath("//a[@rel='next']/@href")[0] == f"/papers/{DAY}?page=2"


def test_a_day_leads_to_those_beside_it(visitor):
    assert f"/papers/{EARLIER}" in shown(visitor.get(f"/papers/{DAY}")).xpath(
        "//a[@rel='prev']/@href"
    )
    later = shown(visitor.get(f"/papers/{EARLIER}"))
    assert later.xpath("//a[@rel='next']/@href") == [f"/papers/{DAY}"]
    assert later.xpath("//a[@rel='prev']") == []


@pytest.mark.parametrize(
    "address",
    [
        "/archive/1999", "/archive/20260", "/archive/x", f"/papers/{DAY}?page=3",
        f"/papers/{DAY}?page=0", f"/papers/{DAY}?page=-1", f"/papers/{DAY}?page=x",
        "/paper/2606.99999", "/paper/../../etc/passwd", "/paper/%00", "/nowhere",
    ],
)  # fmt: skip
def test_what_is_not_there_is_said_kindly(visitor, address):
    answer = visitor.get(address)

    assert answer.status_code == 404
    assert "There is no such page" in words(answer)
    assert "/archive" in shown(answer).xpath("//main//a/@href")


def test_a_papers_page_holds_all_that_is_known(visitor):
    answer = visitor.get("/paper/2606.00040")

    text = words(answer)
    for known in (
        "Kites on the ℓ₁ Ball",
        "Kite School",
        "Ada Lovelace, Grace Hopper",
        "cs.RO",
        "3 code stars",
        "At last the tether broke.",
        "Thursday, 11 June 2026",
    ):
        assert known in text
    links = shown(answer).xpath("//main//a/@href")
    assert "https://doi.org/10.1234/kite" in links
    assert "/archive/search?filter=keyword%3A%22string%20theory%22" in links
    assert "/archive/search?filter=cat%3Acs.RO" in links


def test_every_link_of_a_papers_page_finds_the_paper(visitor):
    page = shown(visitor.get("/paper/2606.00040"))

    searches = [link for link in page.xpath("//main//a/@href") if "search" in link]
    assert len(searches) == 4
    for link in searches:
        assert "Kites on the ℓ₁ Ball" in words(visitor.get(link))


def test_a_search_marks_the_words_in_title_and_abstract(visitor):
    titled = shown(visitor.get("/archive/search?filter=kites"))
    inside = shown(visitor.get("/archive/search?filter=%22the+tether%22"))

    assert titled.xpath("//h3//mark/text()") == ["Kites"]
    assert titled.xpath("//p[@class='passage']") == []
    (passage,) = inside.xpath("//p[@class='passage']")
    assert passage.xpath("./mark/text()") == ["the tether"]
    assert passage.text_content().startswith("…")


def test_a_search_comes_in_pages(visitor, tmp_path):
    first = shown(visitor.get("/archive/search?filter=*"))
    assert len(first.xpath("//h3")) == 34
    assert first.xpath("//a[@rel='next']") == []

    papers = [a_paper(number, upvotes=number) for number in range(60)]
    with a_newsletter(tmp_path, papers=papers, clock=Clock()) as other:
        other.pull(DAY)
        many = TestClient(create_app(other, timing=BUSY))
        page = shown(many.get("/archive/search?filter=agents"))
        (following,) = page.xpath("//a[@rel='next']/@href")
        rest = shown(many.get(following))

    assert len(page.xpath("//h3")) == 50
    assert len(rest.xpath("//h3")) == 10


@pytest.mark.parametrize(
    "place",
    ["before=x", "before=9999-12-31", "before=0001-01-01&skip=-1", "skip=9999999999", "before="],
)
def test_a_place_that_was_made_up_is_no_failure(visitor, place):
    assert visitor.get(f"/archive/search?filter=agents&{place}").status_code == 200


def test_who_asks_for_every_paper_is_not_told_why_each_is_there(visitor):
    assert "Matched:" in words(visitor.get("/archive/search?filter=agents"))
    assert "Matched:" not in words(visitor.get("/archive/search?filter=*"))


def test_a_search_that_finds_nothing_says_so(visitor):
    assert "No paper matches." in words(visitor.get("/archive/search?filter=zeppelin"))


def test_a_search_that_cannot_be_read_is_explained(visitor):
    answer = visitor.get("/archive/search?filter=(kites")

    assert answer.status_code == 400
    assert "bracket is never closed" in words(answer)
    assert 'aria-describedby="filter-problem"' in answer.text
