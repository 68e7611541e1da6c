"""arXiv as a source: what is asked for a day, in which steps, and how politely."""

import re
from datetime import date, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from newsletter.adapters.sources.arxiv import ArxivSource, parse_category, search_query
from newsletter.errors import SourceUnavailable

TUESDAY = date(2026, 6, 16)
FEED = "/atom/cs.CL+cs.LG"
API = "/api/query"


@pytest.fixture
def source(web, http) -> ArxivSource:
    return ArxivSource(http, ("cs.CL", "cs.LG"), base_url=web.url, feed_url=web.url + "/")


@pytest.fixture
def feed(fixture_bytes) -> bytes:
    return fixture_bytes("arxiv/feed_2026-06-16.xml")


def api_page(first: int, last: int, total: int) -> str:
    entries = "".join(
        f"<entry><id>http://arxiv.org/abs/2606.{number:05}v1</id><title>Paper {number}</title>"
        "<published>2026-06-15T10:00:00Z</published></entry>"
        for number in range(first, last + 1)
    )
    return (
        '<feed xmlns="http://www.w3.org/2005/Atom" '
        'xmlns:s="http://a9.com/-/spec/opensearch/1.1/">'
        f"<s:totalResults>{total}</s:totalResults>{entries}</feed>"
    )


def answer_pages(web, pages: dict[int, list[str]]) -> None:
    """Answer the API by its `start`, each page's answers in turn; there is no feed."""

    def decide(path, headers):
        if not path.startswith(API):
            return web.reply("gone", status=404)
        plan = pages[int(parse_qs(urlsplit(path).query)["start"][0])]
        return web.reply(plan.pop(0) if len(plan) > 1 else plan[0])

    web.decide = decide


def test_the_days_feed_is_enough(web, source, feed):
    web.on(FEED, web.reply(feed))

    found = source.fetch(TUESDAY, validators={})

    assert [paper.id for paper in found.papers] == ["2606.10001", "1901.10002"]
    assert len(found.skipped) == 1
    assert web.paths() == [FEED]


def test_a_feed_that_did_not_change_is_unchanged(web, source, feed):
    web.on(FEED, web.reply(feed, headers={"ETag": '"1"'}), web.reply(b"", status=304))
    first = source.fetch(TUESDAY, validators={})

    second = source.fetch(TUESDAY, validators=first.validators)

    assert second.is_unchanged
    assert second.validators == first.validators
    assert web.asked[1][1]["if-none-match"] == '"1"'


def test_a_feed_of_another_day_sends_to_the_api(web, source, feed):
    web.on(FEED, web.reply(feed, headers={"ETag": '"1"'}))
    web.on(API, web.reply(api_page(1, 2, 2)))

    found = source.fetch(TUESDAY - timedelta(days=1), validators={})

    assert len(found.papers) == 2
    assert all(paper.featured_on == date(2026, 6, 15) for paper in found.papers)
    assert not found.validators  # the feed's would call this day unchanged


def test_a_feed_that_is_away_sends_to_the_api(web, source):
    web.on(FEED, web.reply("gone", status=404))
    web.on(API, web.reply(api_page(1, 1, 1)))

    assert len(source.fetch(TUESDAY, validators={}).papers) == 1


def test_who_asks_to_be_left_alone_is_left_alone(web, source):
    web.on(FEED, web.reply(status=429, headers={"Retry-After": "900"}))

    with pytest.raises(SourceUnavailable) as caught:
        source.fetch(TUESDAY, validators={})

    assert caught.value.retry_after == timedelta(minutes=15)
    assert web.paths() == [FEED]


def test_nothing_is_announced_on_a_weekend(web, source, feed):
    web.on(FEED, web.reply(feed))

    assert source.fetch(date(2026, 6, 13), validators={}).papers == ()
    assert web.paths() == [FEED]


def test_a_weekend_without_an_answer_is_not_taken_for_an_empty_one(web, source):
    web.on(FEED, web.reply("oops", status=500))

    with pytest.raises(SourceUnavailable, match="500"):
        source.fetch(date(2026, 6, 13), validators={})


def test_all_pages_of_the_api_are_read(web, source):
    answer_pages(
        web,
        {
            0: [api_page(1, 100, 230)],
            100: [api_page(101, 200, 230)],
            200: [api_page(201, 230, 230)],
        },
    )

    found = source.fetch(TUESDAY, validators={})

    assert len(found.papers) == 230
    assert not found.skipped


def test_a_page_that_comes_empty_is_asked_for_again(web, source):
    answer_pages(
        web, {0: [api_page(1, 100, 130)], 100: [api_page(1, 0, 130), api_page(101, 130, 130)]}
    )

    assert len(source.fetch(TUESDAY, validators={}).papers) == 130


def test_a_page_that_stays_empty_is_named(web, source):
    answer_pages(web, {0: [api_page(1, 100, 130)], 100: [api_page(1, 0, 130)]})

    found = source.fetch(TUESDAY, validators={})

    assert len(found.papers) == 100
    assert found.skipped == ("papers 101 to 130 of the API did not come",)


def test_every_request_waits_three_seconds_for_its_turn(web, source, turns):
    answer_pages(web, {0: [api_page(1, 100, 130)], 100: [api_page(101, 130, 130)]})

    source.fetch(TUESDAY, validators={})

    assert turns.taken == [("arxiv", timedelta(seconds=3))] * len(web.asked)
    assert len(web.asked) == 3


def test_the_apis_reason_for_a_refusal_is_told(web, source, fixture_bytes):
    web.on(API, web.reply(fixture_bytes("arxiv/error.xml"), status=400))

    with pytest.raises(SourceUnavailable, match="start must be an integer"):
        source.fetch(TUESDAY, validators={})


def test_an_answer_that_breaks_off_is_asked_for_again(web, source, feed):
    web.on(FEED, web.reply(feed[:-20], length=-1), web.reply(feed))

    assert len(source.fetch(TUESDAY, validators={}).papers) == 2


@pytest.mark.parametrize(
    ("day", "first", "last"),
    [
        (date(2026, 6, 15), "202606111800", "202606121759"),  # Monday: Thursday to Friday
        (date(2026, 6, 16), "202606121800", "202606151759"),  # Tuesday: Friday to Monday
        (date(2026, 6, 17), "202606151800", "202606161759"),
        (date(2026, 1, 15), "202601131900", "202601141859"),  # winter in New York
    ],
)
def test_the_api_is_asked_for_what_is_announced_on_the_day(day, first, last):
    assert search_query(("cs.CL",), day) == f"(cat:cs.CL) AND submittedDate:[{first} TO {last}]"


def test_consecutive_days_leave_no_gap():
    bounds = []
    for offset in range(14):
        day = date(2026, 6, 15) + timedelta(days=offset)
        if day.weekday() < 5:
            bounds += re.findall(r"\d{12}", search_query(("cs.CL",), day))

    for end, start in zip(bounds[1:-1:2], bounds[2::2], strict=True):
        assert end[-4:] == "1759"
        assert start == end[:-4] + "1800"


def test_a_whole_archive_is_all_its_subjects():
    assert "(cat:cs.* OR cat:hep-th)" in search_query(("cs", "hep-th"), TUESDAY)


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("cs.CL", "cs.CL"),
        ("cs.cl", "cs.CL"),
        ("CS.CL", "cs.CL"),
        ("hep-th", "hep-th"),
        ("cond-mat.mes-hall", "cond-mat.mes-hall"),
        ("physics.optics", "physics.optics"),
        ("physics.ao-ph", "physics.ao-ph"),
        ("astro-ph.GA", "astro-ph.GA"),
        ("q-bio.NC", "q-bio.NC"),
        ("cs", "cs"),
        ("cv", ""),
        ("cs.", ""),
        ("cs.CL.LG", ""),
        ("cs.C/L", ""),
        ("cs.C L", ""),
        ("hep-th.XX", ""),
        ("", ""),
    ],
)
def test_a_category_is_spelled_as_arxiv_does(text, category):
    assert parse_category(text) == category
