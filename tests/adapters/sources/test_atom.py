"""arXiv's XML as it is and as it should not be: papers, skipped entries, or one clear sentence."""

import contextlib
import json
import random
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.adapters.sources.atom import parse_any, parse_atom_api, parse_feed
from newsletter.errors import SourceUnavailable

DAY = date(2026, 6, 16)
FIXTURES = Path(__file__).parents[2] / "fixtures" / "arxiv"
API = (FIXTURES / "api.xml").read_bytes()
ERROR = (FIXTURES / "error.xml").read_bytes()
FEED = (FIXTURES / "feed_2026-06-16.xml").read_bytes()
RSS = (FIXTURES / "rss_2026-06-16.xml").read_bytes()


def test_an_entry_of_the_api_is_read_in_full():
    paper = parse_atom_api(API, DAY).papers[0]

    assert paper.id == "2606.10001"
    assert paper.title == "Small Engines: Tables That Compute Themselves"
    assert paper.abstract == (
        "Engines of brass compute tables of $x < y$.\n\nWe show one that fits on a desk."
    )
    assert paper.authors == ("Ada Lovelace", "Jörg Müller")
    assert paper.author_count == 2
    assert paper.categories == ("cs.AR", "cs.LG")
    assert paper.published_at == datetime(2026, 6, 15, 17, 30, tzinfo=UTC)
    assert paper.featured_on == DAY
    assert paper.comment == "12 pages, 3 engines"
    assert paper.doi == "10.1145/engine.1"
    assert paper.sources == ("arxiv",)
    assert paper.pdf == "https://arxiv.org/pdf/2606.10001"


def test_the_older_wrapped_form_is_read():
    paper = parse_atom_api(API, DAY).papers[1]

    assert paper.id == "math/0503050"
    assert paper.title == "A Title of the Older Form That Is Wrapped at Eighty Columns"
    assert paper.abstract == "Summaries of the older form start with two blanks and are wrapped."


def test_a_broken_entry_is_named_and_stops_no_other():
    page = parse_atom_api(API, DAY)

    assert page.skipped == ("entry 3 (http://arxiv.org/abs/2606.10003v1): no title",)
    assert (len(page.papers), page.entries, page.total) == (2, 3, 3)


def test_without_a_day_an_entry_counts_for_that_of_its_first_version():
    assert parse_atom_api(API).papers[0].featured_on == date(2026, 6, 15)


def test_an_error_in_the_answer_is_told():
    with pytest.raises(SourceUnavailable, match="start must be an integer"):
        parse_atom_api(ERROR, DAY)


def test_a_feed_announces_new_and_cross_listed_papers():
    page = parse_feed(FEED)

    assert [paper.id for paper in page.papers] == ["2606.10001", "1901.10002"]
    assert page.announced_on == DAY


def test_a_second_version_is_no_news_and_no_fault():
    assert parse_feed(FEED).skipped == ("entry 4 (oai:arXiv.org:2606.10004v1): no title",)


def test_a_papers_abstract_in_a_feed_loses_its_head():
    assert parse_feed(FEED).papers[0].abstract == (
        "Engines of brass compute tables.\n\nWe show one that fits on a desk."
    )


def test_authors_in_a_feed_are_parted():
    assert parse_feed(FEED).papers[0].authors == (
        "Ada Lovelace",
        "George Boole, Jr.",
        "Jörg Kraß",
        "Nikola Milović",
    )


def test_a_feed_tells_when_a_new_paper_was_published_but_not_a_cross_listed_one():
    new, cross = parse_feed(FEED).papers

    assert new.published_at == datetime(2026, 6, 16, 4, tzinfo=UTC)
    assert cross.published_at is None
    assert new.featured_on == cross.featured_on == DAY


def test_rss_says_the_same_as_atom():
    page = parse_feed(RSS)
    (paper,) = page.papers

    assert page.announced_on == DAY
    assert paper.id == "2606.10002"
    assert paper.abstract == "Sand on plates shows how they sing."
    assert paper.authors == ("Sophie Germain", "Ernst Chladni")
    assert paper.categories == ("cs.SD", "cs.CL")
    assert paper.published_at == datetime(2026, 6, 16, 4, tzinfo=UTC)
    assert not page.skipped  # the type of the second stands in its description alone


@pytest.mark.parametrize(("body", "papers"), [(API, 2), (FEED, 2), (RSS, 1)])
def test_the_three_kinds_are_told_apart(body, papers):
    assert len(parse_any(body, DAY).papers) == papers


@pytest.mark.parametrize(
    "hidden", [b"\x00", b"\x0b", b"&#0;", b"&#x1f;", b"&#8;", b"&#xD800;", b"&#xFFFF;"]
)
def test_a_control_character_does_not_cost_a_day(hidden):
    page = parse_feed(FEED.replace(b"Small Engines", b"Small" + hidden + b" Engines"))

    assert page.papers[0].title == "Small Engines: Tables That Compute Themselves"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not well-formed"),
        (b"<html><body>busy</body></html>", "is <html>"),
        (b"busy", "not well-formed"),
        (FEED[: len(FEED) // 2], "cut off"),
        (b"\xff\xfe\x00", "not well-formed"),
        (b"<?xml version='1.0' encoding='nonsense'?><feed/>", "not well-formed"),
        (b"<a>" * 100_000, "not well-formed"),
    ],
)
def test_what_is_no_feed_is_refused_whole(body, reason):
    with pytest.raises(SourceUnavailable, match=reason):
        parse_feed(body)


def test_no_entity_is_ever_followed(tmp_path):
    (tmp_path / "secret").write_text("the secret")
    head = f"<!DOCTYPE feed [<!ENTITY x SYSTEM 'file://{tmp_path}/secret'>]>"
    body = FEED.replace(b"?>\n", b"?>" + head.encode(), 1).replace(b"Small", b"&x;")

    with pytest.raises(SourceUnavailable, match="document type"):
        parse_feed(body)


def test_a_bomb_of_entities_does_not_go_off():
    steps = "".join(f"<!ENTITY e{n} '{f'&e{n - 1};' * 10}'>" for n in range(1, 30))
    body = f"<!DOCTYPE feed [<!ENTITY e0 'ha'>{steps}]><feed>&e29;</feed>"

    with pytest.raises(SourceUnavailable):
        parse_feed(body.encode())


@given(st.sampled_from([API, FEED, RSS]), st.randoms(use_true_random=False))
@settings(max_examples=200, deadline=None)
def test_whatever_happens_to_a_document_it_is_read_or_refused(body, chance: random.Random):
    broken = bytearray(body)
    for _ in range(chance.randrange(1, 8)):
        place = chance.randrange(len(broken))
        length = chance.randrange(1, 40)
        broken[place : place + length] = chance.choice([b"", b"<", b"\xff", b"9", b"x" * 5])

    with contextlib.suppress(SourceUnavailable):
        for paper in parse_any(bytes(broken), DAY).papers:
            assert paper.id
            assert paper.title


def test_every_recorded_answer_of_the_api_is_read_whole(recorded):
    counts = {}
    for file in sorted(recorded("arxiv/api").glob("*.json")):
        answer = json.loads(file.read_bytes())
        if answer["status_code"] != 200:
            continue
        page = parse_atom_api(answer["body"].encode(), DAY)
        counts[file.name.split("_")[1] + file.name.split("_")[2]] = len(page.papers)
        assert not page.skipped
        assert all(p.is_on_arxiv and p.abstract and p.authors for p in page.papers)
    assert sorted(counts.values()) == [0, 1, 1, 10, 10, 10]


def test_the_recorded_refusal_is_told(recorded):
    (file,) = recorded("arxiv/api").glob("id_abc_*.json")

    with pytest.raises(SourceUnavailable, match="incorrect id format for abc"):
        parse_atom_api(json.loads(file.read_bytes())["body"].encode(), DAY)


def test_the_recorded_answer_of_2016_is_read_whole(recorded):
    page = parse_atom_api(recorded("arxiv/api/legacy_2016_au_del_maestro.xml").read_bytes(), DAY)

    assert (len(page.papers), page.skipped, page.total) == (10, (), 31)
    assert not any("\n" in paper.abstract for paper in page.papers)
    assert page.papers[1].id == "cond-mat/0412498"


def test_the_recorded_feed_is_read_whole(recorded):
    page = parse_feed(recorded("arxiv/feed/atom_cs.AI_2025-08-20_entries_01-56.xml").read_bytes())

    assert (len(page.papers), page.entries, page.skipped) == (56, 56, ())
    assert page.announced_on == date(2025, 8, 20)
    assert all("cs.AI" in paper.categories for paper in page.papers)
    assert not any("Announce" in paper.abstract for paper in page.papers)
    assert not any("\\" in name or "{" in name for p in page.papers for name in p.authors)


def test_the_recorded_feed_that_was_cut_off_is_refused(recorded):
    cut = recorded("arxiv/feed/rss20_cs.CV_2025-09-18_cut.txt").read_bytes()

    with pytest.raises(SourceUnavailable, match="cut off"):
        parse_feed(cut)
