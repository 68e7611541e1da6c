"""What a visitor sees who has no link: previews, archive, search, papers, feeds, and JSON."""

import gzip
import json
import re
from datetime import timedelta
from urllib.parse import quote

import pytest
from builders import MONDAY, Clock, a_newsletter, a_paper, settings_for
from fastapi.testclient import TestClient
from lxml import etree, html

from newsletter.adapters.queue import MemoryQueue
from newsletter.adapters.store.papers import add_papers
from newsletter.core.papers import Organization
from newsletter.web import create_app
from newsletter.web.shield import Timing

BASE = "https://papers.example.org"
BUSY = Timing(answer_seconds=20.0, even_seconds=0.0)  # a test machine may be
DAY = MONDAY.date()
EARLIER = DAY - timedelta(days=4)
PAPERS = (
    *(a_paper(number, upvotes=90 - number) for number in range(1, 33)),
    a_paper(
        40,
        title=r"Kites on the $\ell_1$ Ball",
        abstract="Nobody flew so high. " * 40 + "At last the tether broke.",
        featured_on=EARLIER,
        organization=Organization(name="x", full_name="Kite School"),
        keywords=("kites", "string theory"),
        categories=("cs.RO", "cs.LG"),
        doi="10.1234/kite",
        code_url="https://code.example.org/kite",
        code_stars=3,
    ),
    a_paper(41, id="cs/0503050", title="An old one", abstract="", featured_on=EARLIER, upvotes=1),
)
PUBLIC = (
    "/", "/subscribe", "/preview", "/preview?filter=kites", "/archive", "/archive/2026",
    "/archive/search", "/archive/search?filter=agents", f"/papers/{DAY}", f"/papers/{EARLIER}",
    "/paper/2606.00040", "/paper/cs/0503050", "/feed.xml", "/feed.xml?filter=kites",
)  # fmt: skip


@pytest.fixture(scope="module")
def newsletter(tmp_path_factory):
    folder = tmp_path_factory.mktemp("public")
    with a_newsletter(folder, clock=Clock(), queue=MemoryQueue()) as made:
        with made.store.write() as session:
            add_papers(session, PAPERS, now=MONDAY)
        yield made


@pytest.fixture(scope="module")
def client(newsletter):
    with TestClient(
        create_app(newsletter, timing=BUSY), base_url=BASE, raise_server_exceptions=False
    ) as made:
        yield made


@pytest.fixture
def empty(tmp_path):
    """A site before the first pull."""
    with (
        a_newsletter(tmp_path, clock=Clock()) as made,
        TestClient(create_app(made, timing=BUSY), base_url=BASE) as client,
    ):
        yield client


def shown(answer) -> html.HtmlElement:
    assert answer.headers["content-type"].startswith("text/html")
    return html.fromstring(answer.text)


def words(answer) -> str:
    """The text of a page's main part."""
    (main,) = shown(answer).xpath("//main")
    return " ".join(main.text_content().split())


# Preview


def test_a_preview_says_how_many_papers_a_day_and_which(client):
    page = shown(client.get("/preview?filter=title:kites"))

    text = page.xpath("//section[@class='tried']")[0].text_content()
    assert "fewer than one paper a day on the 2 days with papers" in " ".join(text.split())
    assert page.xpath("//h3//mark/text()") == ["Kites"]
    assert "Matched: title:kites" in " ".join(text.split())


def test_a_preview_draws_the_days_for_those_who_see_and_those_who_do_not(client):
    (drawing,) = shown(client.get("/preview?filter=kites")).xpath("//*[local-name()='svg']")

    assert drawing.get("role") == "img"
    assert drawing.get("aria-label") == (
        "1 match on 2 days with papers; the most, 1, on Thursday, 11 June 2026"
    )
    assert [bar.text_content() for bar in drawing.xpath(".//*[local-name()='rect']")] == [
        "Thursday, 11 June 2026: 1 of 2 papers",
        "Monday, 15 June 2026: 0 of 32 papers",
    ]


def test_what_is_tried_while_typing_is_a_part_of_a_page(client):
    answer = client.get("/preview", params={"of": "topics-3", "topics-3-filter": "agents"})

    assert answer.status_code == 200
    assert "<html" not in answer.text
    assert "16 papers a day" in answer.text
    assert answer.text.count("<mark>agents</mark>") == 3
    assert answer.headers["cache-control"] == "public, max-age=60"


def test_a_mistake_while_typing_is_pointed_at_and_is_no_failure(client):
    answer = client.get("/preview", params={"of": "topics-0", "topics-0-filter": "agent autor:x"})

    assert answer.status_code == 200
    assert 'id="topics-0-filter-problem"' in answer.text
    assert "did you mean <code>author:</code>?" in answer.text
    assert "\n      ^</pre>" in answer.text


def test_a_warning_stands_beside_what_a_filter_brings(client):
    answer = client.get("/preview", params={"of": "topics-0", "topics-0-filter": "kites kite"})

    assert "the same word" in answer.text


def test_an_empty_field_has_nothing_below_it(client):
    assert client.get("/preview?of=topics-0&topics-0-filter=+").text.strip() == ""
    assert client.get("/preview?of=examples").text.strip() == ""


def test_a_mute_is_told_by_what_it_keeps_out(client):
    answer = client.get("/preview", params={"of": "mutes-1", "mutes-1": "agents"})

    assert "Keeps out <strong>16 papers a day</strong>" in answer.text


def test_ticked_examples_are_tried_together(client):
    answer = client.get("/preview?of=examples&example-0=1&example-3=1")

    assert "16 papers a day" in answer.text


def test_a_wrong_filter_in_an_address_is_explained(client):
    answer = client.get("/preview?filter=a+b+OR+c")

    assert answer.status_code == 400
    assert "(a b) OR c" in words(answer)
    assert 'value="a b OR c"' in answer.text


def test_a_preview_leads_to_the_mail_and_the_feed_of_the_same_filter(client):
    links = shown(client.get("/preview?filter=%22string+theory%22")).xpath("//main//a/@href")

    assert "/subscribe?filter=%22string%20theory%22" in links
    assert "/feed.xml?filter=%22string%20theory%22" in links


def test_a_link_can_fill_in_the_subscribe_form(client):
    page = client.get("/subscribe?filter=%22string+theory%22&example-1=1").text

    assert 'value="&#34;string theory&#34;"' in page
    assert 'name="example-1" value="1" checked' in page


# Archive


def test_the_archive_is_by_month_and_day(client):
    page = shown(client.get("/archive"))

    assert page.xpath("//h2/text()") == ["June 2026"]
    assert page.xpath("//ol[@class='days']/li/a/@href") == [f"/papers/{DAY}", f"/papers/{EARLIER}"]
    assert "32 papers" in words(client.get("/archive"))


def test_a_day_is_shown_in_pages_that_are_not_too_long(client):
    first, second = client.get(f"/papers/{DAY}"), client.get(f"/papers/{DAY}?page=2")

    assert len(shown(first).xpath("//h3")) == 30
    assert shown(second).xpath("//h3//a/text()") == [
        "Paper 31 about agents",
        "Paper 32 about agents",
    ]
    assert shown(second).xpath("//ol/@start") == ["31"]
    assert shown(first).xpath("//a[@rel='next']/@href")[0] == f"/papers/{DAY}?page=2"


def test_a_day_leads_to_those_beside_it(client):
    assert f"/papers/{EARLIER}" in shown(client.get(f"/papers/{DAY}")).xpath(
        "//a[@rel='prev']/@href"
    )
    later = shown(client.get(f"/papers/{EARLIER}"))
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
def test_what_is_not_there_is_said_kindly(client, address):
    answer = client.get(address)

    assert answer.status_code == 404
    assert "There is no such page" in words(answer)
    assert "/archive" in shown(answer).xpath("//main//a/@href")


def test_a_papers_page_holds_all_that_is_known(client):
    answer = client.get("/paper/2606.00040")

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


def test_every_link_of_a_papers_page_finds_the_paper(client):
    page = shown(client.get("/paper/2606.00040"))

    searches = [link for link in page.xpath("//main//a/@href") if "search" in link]
    assert len(searches) == 4
    for link in searches:
        assert "Kites on the ℓ₁ Ball" in words(client.get(link))


# Search


def test_a_search_marks_the_words_in_title_and_abstract(client):
    titled = shown(client.get("/archive/search?filter=kites"))
    inside = shown(client.get("/archive/search?filter=%22the+tether%22"))

    assert titled.xpath("//h3//mark/text()") == ["Kites"]
    assert titled.xpath("//p[@class='passage']") == []
    (passage,) = inside.xpath("//p[@class='passage']")
    assert passage.xpath("./mark/text()") == ["the tether"]
    assert passage.text_content().startswith("…")


def test_a_search_comes_in_pages(client, tmp_path):
    first = shown(client.get("/archive/search?filter=*"))
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
def test_a_place_that_was_made_up_is_no_failure(client, place):
    assert client.get(f"/archive/search?filter=agents&{place}").status_code == 200


def test_who_asks_for_every_paper_is_not_told_why_each_is_there(client):
    assert "Matched:" in words(client.get("/archive/search?filter=agents"))
    assert "Matched:" not in words(client.get("/archive/search?filter=*"))


def test_a_search_that_finds_nothing_says_so(client):
    assert "No paper matches." in words(client.get("/archive/search?filter=zeppelin"))


def test_a_search_that_cannot_be_read_is_explained(client):
    answer = client.get("/archive/search?filter=(kites")

    assert answer.status_code == 400
    assert "bracket is never closed" in words(answer)
    assert 'aria-describedby="filter-problem"' in answer.text


# Feeds


def test_a_feed_holds_what_the_filter_selects(client):
    answer = client.get("/feed.xml?filter=kites")
    root = etree.fromstring(answer.content)

    assert answer.headers["content-type"] == "application/atom+xml; charset=utf-8"
    assert root.xpath("//*[local-name()='entry']/*[local-name()='title']/text()") == [
        "Kites on the ℓ₁ Ball"
    ]


def test_the_feed_without_a_filter_holds_every_paper(client):
    root = etree.fromstring(client.get("/feed.xml").content)

    assert len(root.xpath("//*[local-name()='entry']")) == 34


def test_a_feed_of_a_wrong_filter_is_explained_in_plain_text(client):
    answer = client.get("/feed.xml?filter=(kites")

    assert answer.status_code == 400
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.text.startswith("This filter cannot be read: this bracket is never closed")
    assert answer.text.endswith(":\n  (kites\n  ^\n")


def test_a_feed_that_did_not_change_is_not_sent_again(client):
    first = client.get("/feed.xml?filter=kites")

    by_tag = {"If-None-Match": first.headers["etag"]}
    by_date = {"If-Modified-Since": first.headers["last-modified"]}
    for headers in (by_tag, by_date, {"If-None-Match": '"other", ' + first.headers["etag"]}):
        again = client.get("/feed.xml?filter=kites", headers=headers)
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]
    for headers in ({"If-None-Match": '"x"'}, {"If-None-Match": '"x"', **by_date},
                    {"If-Modified-Since": "nonsense"}):  # fmt: skip
        assert client.get("/feed.xml?filter=kites", headers=headers).status_code == 200


def test_a_page_names_the_feed_of_what_it_shows(client):
    page = shown(client.get("/archive/search?filter=kites"))

    feeds = page.xpath("//link[@type='application/atom+xml']/@href")
    assert feeds == [f"{BASE}/feed.xml?filter=kites", f"{BASE}/feed.xml"]


# For everybody


@pytest.mark.parametrize("address", PUBLIC)
def test_what_is_alike_for_everybody_may_be_kept_for_a_moment(client, address):
    answer = client.get(address)

    assert answer.status_code == 200
    assert answer.headers["cache-control"].startswith("public, max-age=")
    assert answer.headers["etag"].startswith('W/"')


@pytest.mark.parametrize("address", PUBLIC)
def test_no_page_is_larger_than_it_need_be(client, address):
    if "feed" not in address:
        assert len(client.get(address).content) < 60_000


@pytest.mark.parametrize("address", ["/", "/archive", f"/papers/{DAY}", "/paper/2606.00040"])
def test_a_page_tells_others_what_it_is(client, address):
    page = shown(client.get(address))

    assert page.xpath("//link[@rel='canonical']/@href") == [BASE + address]
    assert page.xpath("//meta[@property='og:title']/@content")[0]
    assert page.xpath("//meta[@name='description']/@content")[0]


def test_answers_are_packed_for_those_who_can_unpack_them(client):
    packed = client.get("/archive", headers={"Accept-Encoding": "gzip"})
    plain = client.get("/archive", headers={"Accept-Encoding": "identity;q=1, gzip;q=0"})

    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.content == plain.content  # the client has unpacked it
    assert int(packed.headers["content-length"]) < len(plain.content)
    assert packed.headers["vary"] == "Accept-Encoding"


def test_our_files_have_addresses_that_are_good_for_ever(client):
    page = shown(client.get("/"))

    for address in page.xpath("//script/@src") + page.xpath("//link[@rel='stylesheet']/@href"):
        answer = client.get(address)
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert client.get(address.partition("?")[0]).headers["cache-control"].endswith("=600")


def test_the_library_in_the_page_is_told_to_evaluate_nothing(client):
    (config,) = shown(client.get("/")).xpath("//meta[@name='htmx-config']/@content")

    assert json.loads(config)["allowEval"] is False
    assert json.loads(config)["includeIndicatorStyles"] is False


def test_a_site_without_papers_has_all_its_pages(empty):
    for address in ("/", "/subscribe", "/preview?filter=x", "/archive", "/archive/search?filter=x"):
        assert empty.get(address).status_code == 200
    assert "No papers have been collected yet" in words(empty.get("/preview?filter=x"))
    assert (
        len(etree.fromstring(empty.get("/feed.xml").content).xpath("//*[local-name()='entry']"))
        == 0
    )


@pytest.mark.parametrize(
    "nasty",
    ["<script>alert(1)</script>", '"><img src=x>', "{{ 7 * 7 }}", "a\u202eb\u2028c", "\x00", "%",
     "'--", "🦜" * 300, "a" * 5000, "(" * 500],
    ids=lambda text: text[:6].encode("unicode-escape").decode(),
)  # fmt: skip
def test_no_address_makes_a_page_fail_or_repeat_what_is_no_text(client, nasty):
    word = quote(nasty)
    for address in ("/preview?filter=", "/archive/search?filter=", "/feed.xml?filter=", "/paper/",
                    "/subscribe?filter=", "/preview?of=topics-0&topics-0-filter=", "/preview?of=",
                    "/archive/", "/papers/", "/api/preview?filter=", "/api/papers/"):  # fmt: skip
        answer = client.get(address + word)
        assert answer.status_code < 500, address
        if answer.headers["content-type"].startswith("text/html"):
            assert "<script>" not in answer.text
            assert "<img" not in answer.text
            assert ">49" not in answer.text


# JSON


def test_programs_get_a_preview_as_json(client):
    found = client.get("/api/preview?filter=Kites&limit=1").json()

    assert found["filter"] == "Kites"
    assert (found["total"], found["span_days"], found["per_day"]) == (1, 30, 0.5)
    assert found["days"][0] == {"day": str(EARLIER), "papers": 2, "matches": 1}
    assert found["latest"][0]["paper"]["id"] == "2606.00040"
    assert found["latest"][0]["matched"] == ["Kites"]


def test_programs_get_the_papers_of_a_day(client):
    found = client.get(f"/api/papers/{EARLIER}").json()

    assert [one["id"] for one in found] == ["2606.00040", "cs/0503050"]
    assert found[0]["categories"] == ["cs.RO", "cs.LG"]


@pytest.mark.parametrize(
    ("address", "status", "column"),
    [
        ("/api/preview?filter=(a", 400, 1),
        ("/api/preview", 422, None),
        ("/api/preview?filter=a&days=91", 422, None),
        ("/api/preview?filter=a&limit=x", 422, None),
        ("/api/papers/2020-01-01", 404, None),
        ("/api/papers/yesterday", 422, None),
        ("/api/nothing", 404, None),
    ],
)
def test_programs_are_told_what_is_wrong_in_json(client, address, status, column):
    answer = client.get(address)

    assert answer.status_code == status
    assert answer.json()["column"] == column
    assert answer.json()["problem"]


def test_the_description_names_every_answer_that_a_program_can_get(client):
    described = client.get("/openapi.json").json()["paths"]

    assert set(described) == {"/api/preview", "/api/papers/{day}", "/api/health"}
    assert set(described["/api/preview"]["get"]["responses"]) == {"200", "400", "422", "503"}
    assert set(described["/api/papers/{day}"]["get"]["responses"]) == {"200", "404", "422", "503"}


def test_health_tells_the_last_day_that_has_papers(client):
    assert client.get("/api/health").json() == {"status": "ok", "latest_day": str(DAY)}


def test_robots_are_kept_from_pages_without_end(client):
    rules = client.get("/robots.txt").text

    assert "Disallow: /archive/search" in rules
    assert "Disallow: /preview" in rules
    assert not re.search(r"Disallow: /$", rules, re.MULTILINE)


def test_a_head_is_told_what_a_get_would_be(client):
    for address in PUBLIC:
        get, head = client.get(address), client.head(address)
        for name in ("content-type", "cache-control", "vary"):
            assert head.headers[name] == get.headers[name]
        assert head.status_code == get.status_code


def test_a_packed_file_is_the_file(client):
    file = client.get("/static/htmx.min.js", headers={"Accept-Encoding": "gzip"})

    assert int(file.headers["content-length"]) < 18_000
    assert b"htmx" in file.content
    assert gzip.compress(file.content)


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
        client = TestClient(create_app(made, timing=BUSY))

        assert said in client.get("/preview?of=topics-0&topics-0-filter=agents").text


def test_an_operator_may_bring_a_page_and_a_sheet_of_their_own(tmp_path):
    (tmp_path / "own" / "web" / "static").mkdir(parents=True)
    landing = '{% extends "base.html" %}{% block content %}<h1>Hello {{ brand }}</h1>{% endblock %}'
    (tmp_path / "own" / "web" / "landing.html").write_text(landing)
    (tmp_path / "own" / "web" / "static" / "site.css").write_text("body { color: red }")
    settings = settings_for(tmp_path, templates_dir=tmp_path / "own")
    with a_newsletter(tmp_path, clock=Clock(), settings=settings) as made:
        client = TestClient(create_app(made, timing=BUSY))

        assert "<h1>Hello Daily Papers</h1>" in client.get("/").text
        assert client.get("/static/site.css").text == "body { color: red }"
        assert "<h1>Archive</h1>" in client.get("/archive").text
