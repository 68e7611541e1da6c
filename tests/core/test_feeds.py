"""Papers as an Atom feed: what RFC 4287 asks for, and what a reader's program makes of it."""

from datetime import UTC, date, datetime

import pytest
from builders import a_paper
from lxml import etree

from newsletter.core.feeds import ATOM, Feed, build_feed, feed_address
from newsletter.core.papers import Organization

SITE = "https://papers.example.org/daily"
EMPTY_AT = datetime(2026, 6, 1, 12, tzinfo=UTC)
IN_ATOM = {"a": ATOM}


def a_feed(filter_text: str = "") -> Feed:
    return Feed(name="Daily Papers", site=SITE, filter=filter_text, empty_at=EMPTY_AT)


def read(content: bytes) -> etree._Element:
    return etree.fromstring(content)


def texts(root: etree._Element, path: str) -> list[str]:
    return [str(found) for found in root.xpath(path, namespaces=IN_ATOM)]


def test_a_feed_has_all_that_the_standard_asks_for():
    root = read(build_feed(a_feed(), [a_paper(1), a_paper(2, authors=(), author_count=0)]))

    assert root.tag == f"{{{ATOM}}}feed"
    for name in ("id", "title", "updated", "author"):
        assert len(root.findall(f"{{{ATOM}}}{name}")) == 1
    entries = root.findall(f"{{{ATOM}}}entry")
    assert len(entries) == 2
    for entry in entries:
        for name in ("id", "title", "updated", "summary"):
            assert len(entry.findall(f"{{{ATOM}}}{name}")) == 1
        assert texts(entry, "a:author/a:name/text()")
        assert len(texts(entry, "a:link[@rel='alternate']/@href")) == 1


def test_a_feed_names_itself_and_the_page_it_stands_for():
    root = read(build_feed(a_feed('"graph net" OR robot*'), []))

    assert texts(root, "a:link[@rel='self']/@href") == [
        f"{SITE}/feed.xml?filter=%22graph%20net%22%20OR%20robot%2A"
    ]
    assert texts(root, "a:title/text()") == ['Daily Papers: "graph net" OR robot*']
    assert feed_address(SITE, "") == f"{SITE}/feed.xml"


def test_a_paper_has_one_id_in_every_feed():
    paths = "a:entry/a:id/text()"
    everything = texts(read(build_feed(a_feed(), [a_paper(1), a_paper(2)])), paths)
    some = texts(read(build_feed(a_feed("robot"), [a_paper(2)])), paths)

    assert some == [everything[1]]
    assert len(set(everything)) == 2
    assert all(one.startswith("tag:papers.example.org,2026:paper/") for one in everything)


def test_an_entry_is_dated_by_the_day_the_paper_was_announced():
    paper = a_paper(featured_on=date(2026, 6, 18), published_at=datetime(2026, 6, 2, 9, tzinfo=UTC))
    root = read(build_feed(a_feed(), [paper, a_paper(2, featured_on=date(2026, 6, 3))]))

    assert texts(root, "a:entry/a:updated/text()")[0] == "2026-06-18T00:00:00Z"
    assert texts(root, "a:entry/a:published/text()")[0] == "2026-06-02T09:00:00Z"
    assert texts(root, "a:updated/text()") == ["2026-06-18T00:00:00Z"]


def test_a_feed_without_papers_is_dated_too():
    assert texts(read(build_feed(a_feed(), [])), "a:updated/text()") == ["2026-06-01T12:00:00Z"]


def test_an_entry_says_what_the_mail_says():
    paper = a_paper(
        title=r"$\ell_1$ Balls",
        organization=Organization(name="x", full_name="ETH Zürich"),
        upvotes=7,
        code_stars=3,
        code_url="https://code.example.org/x",
        categories=("cs.LG",),
        keywords=("balls",),
    )
    root = read(build_feed(a_feed(), [paper]))

    assert texts(root, "a:entry/a:title/text()") == ["ℓ₁ Balls"]
    (summary,) = texts(root, "a:entry/a:summary[@type='html']/text()")
    assert "<p>ETH Zürich · Ada Lovelace and Grace Hopper</p>" in summary
    assert "7 upvotes · 3 code stars" in summary
    assert texts(root, "a:entry/a:category/@term") == ["cs.LG", "balls"]
    assert "https://code.example.org/x" in texts(root, "a:entry/a:link[@rel='related']/@href")


@pytest.mark.parametrize(
    "nasty", ["<script>alert(1)</script>", "]]>&amp;<![CDATA[", "a\x00b\ud800"]
)
def test_hostile_text_stays_text(nasty):
    paper = a_paper(
        title=nasty, abstract=nasty, authors=(nasty, "Ada"), keywords=(nasty,), categories=(nasty,)
    )
    root = read(build_feed(a_feed(), [paper]))

    (summary,) = texts(root, "a:entry/a:summary/text()")
    assert "<script" not in summary
    assert "\x00" not in summary


def test_a_paper_of_five_hundred_authors_names_the_first_of_them():
    paper = a_paper(authors=tuple(f"Author {n}" for n in range(573)), author_count=573)

    names = texts(read(build_feed(a_feed(), [paper])), "a:entry/a:author/a:name/text()")
    assert names == [f"Author {n}" for n in range(20)]
