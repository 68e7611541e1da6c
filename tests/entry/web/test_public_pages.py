"""What holds for every page that needs no link: kept for a moment, small, packed, never failing."""

import gzip
import json
import re
from urllib.parse import quote

import pytest
from builders import Clock, a_newsletter, settings_for
from fastapi.testclient import TestClient
from lxml import etree
from pages_walk import BASE, BUSY
from public_site import DAY, PUBLIC, shown, words

from newsletter.web import create_app


@pytest.fixture
def empty(tmp_path):
    """A site before the first pull."""
    with (
        a_newsletter(tmp_path, clock=Clock()) as made,
        TestClient(create_app(made, timing=BUSY), base_url=BASE) as visitor,
    ):
        yield visitor


@pytest.mark.parametrize("address", PUBLIC)
def test_what_is_alike_for_everybody_may_be_kept_for_a_moment(visitor, address):
    answer = visitor.get(address)

    assert answer.status_code == 200
    assert answer.headers["cache-control"].startswith("public, max-age=")
    assert answer.headers["etag"].startswith('W/"')


@pytest.mark.parametrize("address", PUBLIC)
def test_no_page_is_larger_than_it_need_be(visitor, address):
    if "feed" not in address:
        assert len(visitor.get(address).content) < 60_000


@pytest.mark.parametrize("address", ["/", "/archive", f"/papers/{DAY}", "/paper/2606.00040"])
def test_a_page_tells_others_what_it_is(visitor, address):
    page = shown(visitor.get(address))

    assert page.xpath("//link[@rel='canonical']/@href") == [BASE + address]
    assert page.xpath("//meta[@property='og:title']/@content")[0]
    assert page.xpath("//meta[@name='description']/@content")[0]


def test_answers_are_packed_for_those_who_can_unpack_them(visitor):
    packed = visitor.get("/archive", headers={"Accept-Encoding": "gzip"})
    plain = visitor.get("/archive", headers={"Accept-Encoding": "identity;q=1, gzip;q=0"})

    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.content == plain.content  # the client has unpacked it
    assert int(packed.headers["content-length"]) < len(plain.content)
    assert packed.headers["vary"] == "Accept-Encoding"


def test_our_files_have_addresses_that_are_good_for_ever(visitor):
    page = shown(visitor.get("/"))

    for address in page.xpath("//script/@src") + page.xpath("//link[@rel='stylesheet']/@href"):
        answer = visitor.get(address)
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert visitor.get(address.partition("?")[0]).headers["cache-control"].endswith("=600")


def test_the_library_in_the_page_is_told_to_evaluate_nothing(visitor):
    (config,) = shown(visitor.get("/")).xpath("//meta[@name='htmx-config']/@content")

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
def test_no_address_makes_a_page_fail_or_repeat_what_is_no_text(visitor, nasty):
    word = quote(nasty)
    for address in ("/preview?filter=", "/archive/search?filter=", "/feed.xml?filter=", "/paper/",
                    "/subscribe?filter=", "/preview?of=topics-0&topics-0-filter=", "/preview?of=",
                    "/archive/", "/papers/", "/api/preview?filter=", "/api/papers/"):  # fmt: skip
        answer = visitor.get(address + word)
        assert answer.status_code < 500, address
        if answer.headers["content-type"].startswith("text/html"):
            assert "<script>" not in answer.text
            assert "<img" not in answer.text
            assert ">49" not in answer.text


def test_robots_are_kept_from_pages_without_end(visitor):
    rules = visitor.get("/robots.txt").text

    assert "Disallow: /archive/search" in rules
    assert "Disallow: /preview" in rules
    assert not re.search(r"Disallow: /$", rules, re.MULTILINE)


def test_a_head_is_told_what_a_get_would_be(visitor):
    for address in PUBLIC:
        get, head = visitor.get(address), visitor.head(address)
        for name in ("content-type", "cache-control", "vary"):
            assert head.headers[name] == get.headers[name]
        assert head.status_code == get.status_code


def test_a_packed_file_is_the_file(visitor):
    file = visitor.get("/static/htmx.min.js", headers={"Accept-Encoding": "gzip"})

    assert int(file.headers["content-length"]) < 18_000
    assert b"htmx" in file.content
    assert gzip.compress(file.content)


def test_an_operator_may_bring_a_page_and_a_sheet_of_their_own(tmp_path):
    (tmp_path / "own" / "web" / "static").mkdir(parents=True)
    landing = '{% extends "base.html" %}{% block content %}<h1>Hello {{ brand }}</h1>{% endblock %}'
    (tmp_path / "own" / "web" / "landing.html").write_text(landing)
    (tmp_path / "own" / "web" / "static" / "site.css").write_text("body { color: red }")
    settings = settings_for(tmp_path, templates_dir=tmp_path / "own")
    with a_newsletter(tmp_path, clock=Clock(), settings=settings) as made:
        visitor = TestClient(create_app(made, timing=BUSY))

        assert "<h1>Hello Daily Papers</h1>" in visitor.get("/").text
        assert visitor.get("/static/site.css").text == "body { color: red }"
        assert "<h1>Archive</h1>" in visitor.get("/archive").text
