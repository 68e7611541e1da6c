"""What search engines and those who share a link are told of the pages."""

from datetime import timedelta

import pytest
from builders import MONDAY, Clock, a_newsletter, a_paper
from fastapi.testclient import TestClient
from lxml import etree, html

from newsletter.adapters.queue import MemoryQueue
from newsletter.adapters.store.papers import add_papers
from newsletter.core.sitemaps import MOST_PAGES, SCHEMA, build_sitemap
from newsletter.web import create_app
from newsletter.web.shield import Timing

BASE = "https://papers.example.org"
BUSY = Timing(answer_seconds=20.0, even_seconds=0.0)  # a test machine may be
DAY = MONDAY.date()
BEFORE = DAY.replace(day=1) - timedelta(days=1)


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    papers = (
        a_paper(1, title="Kites & Tethers"),
        a_paper(2),
        a_paper(3, id="cs/0503050", featured_on=BEFORE),
    )
    with a_newsletter(tmp_path_factory.mktemp("map"), clock=Clock(), queue=MemoryQueue()) as made:
        with made.store.write() as session:
            add_papers(session, papers, now=MONDAY)
        with TestClient(create_app(made, timing=BUSY), base_url=BASE) as client:
            yield client


def named(content: bytes) -> list[str]:
    return [str(one.text) for one in etree.fromstring(content).iter(f"{{{SCHEMA}}}loc")]


def maps(client) -> list[str]:
    return named(client.get("/sitemap.xml").content)


def test_the_map_names_a_map_for_the_lasting_pages_and_one_for_each_month(client):
    assert maps(client) == [
        f"{BASE}/sitemap/{name}.xml" for name in ("pages", f"{BEFORE:%Y-%m}", f"{DAY:%Y-%m}")
    ]


def test_every_page_that_a_map_names_is_there_and_may_be_indexed(client):
    pages = [page for one in maps(client) for page in named(client.get(one).content)]

    assert {f"{BASE}/", f"{BASE}/archive", f"{BASE}/papers/{DAY}"} <= set(pages)
    assert f"{BASE}/paper/cs/0503050" in pages
    assert len(pages) == len(set(pages))
    for page in pages:
        answer = client.get(page)
        assert answer.status_code == 200
        assert 'name="robots"' not in answer.text


def test_a_map_tells_when_a_paper_changed(client):
    content = client.get(f"/sitemap/{DAY:%Y-%m}.xml").content

    changed = [one.text for one in etree.fromstring(content).iter(f"{{{SCHEMA}}}lastmod")]
    assert changed == [f"{MONDAY:%Y-%m-%dT%H:%M:%SZ}"] * 3


@pytest.mark.parametrize("name", ["1999-01", "2026-13", "0000-01", "x", "2026-06-16"])
def test_a_month_without_papers_has_no_map(client, name):
    assert client.get(f"/sitemap/{name}.xml").status_code == 404


def test_robots_are_told_where_the_map_is(client):
    assert f"\nSitemap: {BASE}/sitemap.xml\n" in client.get("/robots.txt").text


def test_a_map_holds_no_more_than_the_protocol_allows():
    many = ((f"{BASE}/{number}", None) for number in range(MOST_PAGES + 1))

    assert len(named(build_sitemap(many))) == MOST_PAGES


@pytest.mark.parametrize("path", ["/", "/paper/2606.00001"])
def test_a_shared_link_has_a_title_some_words_and_a_picture(client, path):
    page = html.fromstring(client.get(path).text)
    told = {one.get("property"): one.get("content") for one in page.xpath("//meta[@property]")}

    assert told["og:title"]
    assert told["og:description"]
    picture = client.get(told["og:image"])
    assert picture.headers["content-type"] == "image/png"
    assert picture.content.startswith(b"\x89PNG")
    assert len(picture.content) < 60_000


def test_a_papers_link_is_shared_under_its_title_alone(client):
    page = html.fromstring(client.get("/paper/2606.00001").text)

    assert page.xpath("//meta[@property='og:title']/@content") == ["Kites & Tethers"]
    assert page.xpath("//meta[@property='og:type']/@content") == ["article"]
