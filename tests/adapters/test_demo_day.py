"""The bundled day: the true shape of the Daily Papers API, and papers for its six readers."""

import json
import re
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

import newsletter
from newsletter.adapters.sources.huggingface import parse_daily_papers
from newsletter.core.digests import Topic, compose
from newsletter.core.filters import parse_filter
from newsletter.core.matching import PaperIndex

FOLDER = Path(newsletter.__file__).parent / "demo_day"
DAY = date(2026, 6, 16)
BODY = (FOLDER / f"{DAY}.json").read_bytes()
ENTRIES = json.loads(BODY)
READERS = json.loads((FOLDER / "readers.json").read_bytes())

# What the interface always sends, as counted over its recorded days.
ALWAYS_OUTSIDE = {
    "paper": dict,
    "publishedAt": str,
    "title": str,
    "summary": str,
    "thumbnail": str,
    "numComments": int,
    "submittedBy": dict,
    "isAuthorParticipating": bool,
}
ALWAYS_IN_PAPER = {
    "id": str,
    "title": str,
    "summary": str,
    "authors": list,
    "publishedAt": str,
    "submittedOnDailyAt": str,
    "submittedOnDailyBy": dict,
    "upvotes": int,
    "discussionId": str,
}


def test_the_demo_day_holds_about_twenty_five_papers():
    assert 24 <= len(ENTRIES) <= 27


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["paper"]["id"])
def test_every_demo_entry_has_the_keys_that_the_interface_always_sends(entry):
    for record, always in ((entry, ALWAYS_OUTSIDE), (entry["paper"], ALWAYS_IN_PAPER)):
        wrong = {key for key, kind in always.items() if type(record.get(key)) is not kind}
        assert not wrong


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["paper"]["id"])
def test_every_demo_paper_can_be_read_in_full(entry):
    paper = entry["paper"]

    assert re.fullmatch(r"\d{4}\.\d{5}", paper["id"])
    assert paper["title"] == entry["title"] == paper["title"].strip()
    assert paper["summary"] == entry["summary"]
    assert 60 <= len(paper["summary"].split()) <= 130
    assert all(author["name"] for author in paper["authors"])
    assert 1 <= len(paper["authors"]) <= 40
    assert paper["submittedOnDailyAt"] == f"{DAY}T00:00:00.000Z"
    assert paper["publishedAt"] < paper["submittedOnDailyAt"]


def test_no_demo_paper_comes_twice():
    ids = [entry["paper"]["id"] for entry in ENTRIES]

    assert len(set(ids)) == len(ids)


def test_demo_papers_stand_in_descending_order_of_upvotes():
    upvotes = [entry["paper"]["upvotes"] for entry in ENTRIES]

    assert upvotes == sorted(upvotes, reverse=True)


def test_an_unknown_value_is_an_absent_key_and_never_null_or_empty():
    def empty_ones(value, place):
        if value is None or value == "" or value == [] or value == {}:
            yield place
        elif isinstance(value, dict):
            for key, inner in value.items():
                yield from empty_ones(inner, f"{place}.{key}")
        elif isinstance(value, list):
            for number, inner in enumerate(value):
                yield from empty_ones(inner, f"{place}[{number}]")

    assert list(empty_ones(ENTRIES, "day")) == []


def test_the_demo_day_has_the_rare_shapes_too():
    papers = [entry["paper"] for entry in ENTRIES]

    assert any(len(paper["authors"]) > 30 for paper in papers)
    assert any("organization" not in paper for paper in papers)
    assert any("githubRepo" not in paper for paper in papers)
    assert any("ai_summary" not in paper and "ai_keywords" not in paper for paper in papers)
    assert any("mediaUrls" in paper for paper in papers)
    assert any(not paper["title"].isascii() for paper in papers)
    assert any("^" in paper["title"] for paper in papers)
    assert any(not author["name"].isascii() for paper in papers for author in paper["authors"])


def test_the_demo_day_names_no_account_but_its_own():
    text = BODY.decode()

    assert {entry["submittedBy"]["name"] for entry in ENTRIES} == {"papers-bot"}
    assert set(re.findall(r'"avatarUrl": "([^"]*)"', text)) == {"/avatars/papers-bot.svg"}
    assert not any("user" in author for e in ENTRIES for author in e["paper"]["authors"])


def test_the_source_reads_every_demo_entry():
    fetched = parse_daily_papers(BODY, DAY)

    assert fetched.skipped == ()
    assert [paper.id for paper in fetched.papers] == [entry["paper"]["id"] for entry in ENTRIES]
    assert {paper.featured_on for paper in fetched.papers} == {DAY}


def test_there_are_six_demo_readers_at_addresses_that_nobody_owns():
    addresses = [reader["address"] for reader in READERS]

    assert len(set(addresses)) == 6
    assert all(address.endswith("@example.org") for address in addresses)


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader["address"])
def test_the_wishes_of_every_demo_reader_can_be_read(reader):
    ZoneInfo(reader["time_zone"])

    assert reader["cadence"] in {"daily", "weekdays", "weekly", "monthly"}
    assert 0 <= reader["hour"] <= 23
    assert 1 <= reader["cap"] <= 50
    for text in [topic["filter"] for topic in reader["topics"]] + reader["mutes"]:
        parse_filter(text)


@pytest.fixture(scope="module")
def index() -> PaperIndex:
    return PaperIndex(parse_daily_papers(BODY, DAY).papers)


def digest_of(reader, index, *, mutes=None, cap=None):
    topics = [Topic(topic["name"], parse_filter(topic["filter"])) for topic in reader["topics"]]
    return compose(
        index,
        topics,
        mutes=[parse_filter(text) for text in (reader["mutes"] if mutes is None else mutes)],
        window=index.everything,
        cap=reader["cap"] if cap is None else cap,
    )


def test_five_demo_readers_get_two_to_eight_papers_and_one_gets_none(index):
    sizes = {}
    for reader in READERS:
        digest = digest_of(reader, index)
        sizes[reader["address"]] = len(digest.paper_ids) if digest else 0

    assert sizes.pop("otto@example.org") == 0
    assert all(2 <= size <= 8 for size in sizes.values()), sizes


def test_a_mute_and_a_cap_each_keep_a_paper_from_a_demo_reader(index):
    muted = [r for r in READERS if digest_of(r, index) != digest_of(r, index, mutes=[])]
    capped = [r for r in READERS if (digest := digest_of(r, index)) and digest.left_out]

    assert [reader["address"] for reader in muted] == ["grace@example.org"]
    assert [reader["address"] for reader in capped] == ["amara@example.org"]


def test_every_topic_of_a_demo_reader_with_papers_brings_some(index):
    for reader in READERS:
        digest = digest_of(reader, index, cap=50)
        if digest is not None:
            names = [topic["name"] for topic in reader["topics"]]
            assert [section.topic for section in digest.sections] == names
