"""Feeds: what a filter selects, for a reader's own program."""

from lxml import etree
from pages_walk import BASE
from public_site import shown


def test_a_feed_holds_what_the_filter_selects(visitor):
    answer = visitor.get("/feed.xml?filter=kites")
    root = etree.fromstring(answer.content)

    assert answer.headers["content-type"] == "application/atom+xml; charset=utf-8"
    assert root.xpath("//*[local-name()='entry']/*[local-name()='title']/text()") == [
        "Kites on the ℓ₁ Ball"
    ]


def test_the_feed_without_a_filter_holds_every_paper(visitor):
    root = etree.fromstring(visitor.get("/feed.xml").content)

    assert len(root.xpath("//*[local-name()='entry']")) == 34


def test_a_feed_of_a_wrong_filter_is_explained_in_plain_text(visitor):
    answer = visitor.get("/feed.xml?filter=(kites")

    assert answer.status_code == 400
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.text.startswith("This filter cannot be read: this bracket is never closed")
    assert answer.text.endswith(":\n  (kites\n  ^\n")


def test_a_feed_that_did_not_change_is_not_sent_again(visitor):
    first = visitor.get("/feed.xml?filter=kites")

    by_tag = {"If-None-Match": first.headers["etag"]}
    by_date = {"If-Modified-Since": first.headers["last-modified"]}
    for headers in (by_tag, by_date, {"If-None-Match": '"other", ' + first.headers["etag"]}):
        again = visitor.get("/feed.xml?filter=kites", headers=headers)
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]
    for headers in ({"If-None-Match": '"x"'}, {"If-None-Match": '"x"', **by_date},
                    {"If-Modified-Since": "nonsense"}):  # fmt: skip
        assert visitor.get("/feed.xml?filter=kites", headers=headers).status_code == 200


def test_a_page_names_the_feed_of_what_it_shows(visitor):
    page = shown(visitor.get("/archive/search?filter=kites"))

    feeds = page.xpath("//link[@type='application/atom+xml']/@href")
    assert feeds == [f"{BASE}/feed.xml?filter=kites", f"{BASE}/feed.xml"]
