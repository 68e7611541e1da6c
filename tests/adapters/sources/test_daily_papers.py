"""Records of the Daily Papers API: each field read where its meaning is plain, none trusted."""

import contextlib
import copy
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.adapters.sources.daily_papers import parse_daily_papers
from newsletter.core.papers import Organization, Paper
from newsletter.core.text import clean
from newsletter.errors import SourceUnavailable

DAY = date(2026, 6, 16)
FIXTURES = Path(__file__).parents[2] / "fixtures" / "daily"
DAY_BYTES = (FIXTURES / "2026-06-16.json").read_bytes()
FULL, LEAST = json.loads(DAY_BYTES)


def entry(number: int, **changes) -> dict:
    """A small good record; changes go into its `paper`."""
    paper = {"id": f"2606.{number:05}", "title": f"Paper {number}", "upvotes": 1} | changes
    return {"paper": paper, "numComments": 0}


def body(*entries: object) -> bytes:
    return json.dumps(entries).encode()


def one(record: dict, day: date = DAY) -> Paper:
    (paper,) = parse_daily_papers(body(record), day).papers
    return paper


def test_every_field_of_a_record_is_read():
    assert one(FULL) == Paper(
        id="2606.10001",
        title="Small Engines: Tables That Compute Themselves",
        featured_on=DAY,
        abstract=(
            "Engines of brass compute tables. We show one that fits on a desk.\n\n"
            "It is <16GB and costs $5 & a day."
        ),
        authors=("Ada Lovelace", "Emmy Noether"),
        author_count=2,
        organization=Organization(name="analytical", full_name="Analytical Society"),
        upvotes=34,
        comments=4,
        published_at=datetime(2026, 6, 15, 17, 30, tzinfo=UTC),
        keywords=("difference engine", "tables"),
        short_summary="A desk-sized engine computes tables.",
        code_url="https://github.com/example/engines",
        code_stars=12,
        project_url="https://engines.example/tables",
        thumbnail_url="https://cdn.example/thumbnails/2606.10001.png",
        media_urls=("https://cdn.example/engine.mp4", "https://cdn.example/engine.png"),
        submitter="Mary Boole",
        sources=("huggingface",),
    )


def test_a_missing_key_is_normal():
    paper = one(LEAST)

    assert (paper.organization, paper.code_url, paper.code_stars) == (None, "", None)
    assert (paper.keywords, paper.media_urls, paper.submitter) == ((), (), "")


def test_the_shapes_of_2024_and_2025_are_read():
    found = parse_daily_papers((FIXTURES / "older_shapes.json").read_bytes(), date(2025, 9, 30))
    of_2024, of_march, of_september = found.papers

    assert not found.skipped
    assert of_2024.title == "Cones Cut by Planes: An Old Story Told Anew"
    assert of_2024.abstract == "Cones are cut by planes."
    assert of_2024.thumbnail_url == "https://cdn.example/thumbnails/2405.10001.png"
    assert of_2024.comments == 3
    assert of_march.keywords == ("curves",)
    assert of_september.organization == Organization(name="Weavers", full_name="Guild of Weavers")


def test_an_email_address_is_not_shown_as_a_submitter():
    found = parse_daily_papers((FIXTURES / "older_shapes.json").read_bytes(), date(2025, 9, 30))

    assert found.papers[2].submitter == "weaver"


def test_flat_hand_made_records_are_read():
    found = parse_daily_papers((FIXTURES / "flat.json").read_bytes(), DAY, flat_source="folder")
    first, second = found.papers

    assert first.id.startswith("title:")
    assert (first.author_count, first.authors, first.comments) == (4, (), 2)
    assert first.published_at == datetime(2024, 3, 8, tzinfo=UTC)
    assert first.featured_on == DAY
    assert first.sources == ("folder",)
    assert (second.author_count, second.comments, second.published_at) == (0, None, None)


@pytest.mark.parametrize(
    ("stated", "featured_on"),
    [
        ("2026-06-15T23:59:59.999Z", date(2026, 6, 15)),
        ("2026-06-17T01:00:00+02:00", date(2026, 6, 16)),
        ("2999-01-01T00:00:00Z", DAY),
        ("yesterday", DAY),
        (None, DAY),
    ],
)
def test_the_day_is_the_records_own_unless_its_clock_is_off(stated, featured_on):
    assert one(entry(1, submittedOnDailyAt=stated)).featured_on == featured_on


def test_the_inner_date_of_publication_counts():
    record = entry(1, publishedAt="2026-06-15T04:00:00Z") | {"publishedAt": "2026-06-15T00:00:00Z"}

    assert one(record).published_at == datetime(2026, 6, 15, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("7", 7),
        ("7.0", 7),
        ('"7"', 7),
        ('"1,024"', 1024),
        ("0", 0),
        ("-1", None),
        ("7.5", None),
        ("true", None),
        ("null", None),
        ('"many"', None),
        ("[7]", None),
        (str(2**31), None),
        ("9" * 5001, None),
        ("NaN", None),
        ("Infinity", None),
        ("1e999", None),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_number_is_read_where_its_meaning_is_plain(written, read):
    raw = f'[{{"paper": {{"id": "2606.00001", "title": "A", "upvotes": {written}}}}}]'

    assert parse_daily_papers(raw, DAY).papers[0].upvotes == read


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)",
        "JAVASCRIPT:alert(1)",
        "data:text/html,x",
        "//evil.example/x",
        "github.com/a/b",
        "https://",
        "https:///x",
        "https://huggingface.co@evil.example/",
        'https://a.example/"onclick="x',
        "https://a.example/a b",
        "https://a.example:port/",
        "http://[broken/",
        "ftp://a.example/x",
        "https://a.example/" + "x" * 3000,
        7,
        None,
        {"url": "https://a.example"},
    ],
)
def test_only_plain_web_addresses_become_links(link):
    paper = one(
        entry(1, githubRepo=link, projectPage=link, mediaUrls=[link, "https://a.example/m"])
        | {"thumbnail": link}
    )

    assert (paper.code_url, paper.project_url, paper.thumbnail_url) == ("", "", "")
    assert paper.media_urls == ("https://a.example/m",)


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (None, "entry 2: it is nothing, not an object"),
        ([1], "entry 2: it is a list, not an object"),
        ("text", "entry 2: it is a text, not an object"),
        ({}, "entry 2: no title"),
        ({"paper": None}, "entry 2: no title"),
        ({"paper": {"id": "2606.00002"}}, "entry 2 (2606.00002): no title"),
        ({"paper": {"id": "2606.00002", "title": " \u0000 "}}, "entry 2 (2606.00002): no title"),
        ({"paper": {"id": "2606.00002", "title": ["A"]}}, "entry 2 (2606.00002): no title"),
    ],
)
def test_a_broken_record_is_named_and_stops_no_other(broken, reason):
    found = parse_daily_papers(body(entry(1), broken, entry(3)), DAY)

    assert [paper.id for paper in found.papers] == ["2606.00001", "2606.00003"]
    assert found.skipped == (reason,)


def test_a_record_twice_is_one_paper():
    found = parse_daily_papers(
        body(entry(1, upvotes=5), entry(1, id="2606.00001v2", upvotes=9)), DAY
    )

    assert [(paper.id, paper.upvotes) for paper in found.papers] == [("2606.00001", 9)]


def test_a_record_with_an_odd_id_is_known_by_its_title():
    assert one(entry(1, id="not an id")).id.startswith("title:")


def test_text_is_cleaned_at_the_door():
    dirty = "A\u0000 \ud800Night\u2028of \u202eWhales\u202c\ufeff"

    paper = one(
        entry(1, title=dirty, summary=dirty, authors=[{"name": dirty}], ai_keywords=[dirty])
    )

    assert paper.title == paper.abstract == "A Night of Whales"
    assert paper.authors == paper.keywords == ("A Night of Whales",)


def test_a_title_of_endless_length_is_cut():
    paper = one(entry(1, title="long " * 1000, summary="words " * 10_000))

    assert len(paper.title) <= 500
    assert paper.title.endswith("…")
    assert len(paper.abstract) <= 20_000


def test_a_broken_letter_costs_only_itself():
    raw = body(entry(1), entry(2)).replace(b"Paper 1", b"Paper \xff1")

    assert [paper.title for paper in parse_daily_papers(raw, DAY).papers] == [
        "Paper \ufffd1",
        "Paper 2",
    ]


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "not JSON"),
        (b"<html>maintenance</html>", "it begins with '<html>maintenance"),
        (DAY_BYTES[:-3], "cut off"),
        (b'{"error": "the date is odd"}', "says 'the date is odd'"),
        (b"{}", "is an object"),
        (b"null", "is nothing"),
        (b"[" * 100_000, "nested too deeply"),
    ],
)
def test_what_is_no_list_of_papers_is_refused_whole(raw, reason):
    with pytest.raises(SourceUnavailable, match=reason):
        parse_daily_papers(raw, DAY)


def test_double_keys_are_no_danger():
    raw = b'[{"paper": {"id": "2606.00001", "title": "A", "title": "B"}, "paper2": 1}]'

    assert parse_daily_papers(raw, DAY).papers[0].title == "B"


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=()), max_size=20)
    | st.sampled_from(["2606.00001", "https://a.example/", "2026-06-16", "a@b.example", "\ud800"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from([*FULL, *FULL["paper"], "user"]), inner, max_size=5)
    ),
    max_leaves=12,
)


def places(value: object, path: tuple = ()) -> list[tuple]:
    """The way to every value inside."""
    inside = value.items() if isinstance(value, dict) else enumerate(value)
    found = []
    for key, part in inside:
        found.append((*path, key))
        if isinstance(part, dict | list):
            found += places(part, (*path, key))
    return found


@st.composite
def mutated(draw) -> dict:
    """A good record in which some values were lost or replaced by anything."""
    record = copy.deepcopy(FULL)
    for _ in range(draw(st.integers(1, 4))):
        *way, last = draw(st.sampled_from(places(record)))
        parent = record
        for key in way:
            parent = parent[key]
        if draw(st.booleans()):
            parent[last] = draw(anything)
        else:
            del parent[last]
    return record


def assert_is_valid(paper: Paper) -> None:
    assert paper.id
    assert paper.title
    assert paper.author_count >= len(paper.authors)
    assert paper.published_at is None or paper.published_at.utcoffset() == timedelta()
    texts = [paper.id, paper.title, paper.short_summary, paper.submitter, paper.page]
    for text in (*texts, *paper.authors, *paper.keywords, *paper.media_urls):
        assert clean(text) == text
    assert clean(paper.abstract, lines=True) == paper.abstract
    for link in (paper.code_url, paper.project_url, paper.thumbnail_url, *paper.media_urls):
        assert not link or link.startswith(("https://", "http://"))
    for figure in (paper.upvotes, paper.comments, paper.code_stars):
        assert figure is None or 0 <= figure < 2**31


@given(st.lists(mutated() | anything, max_size=3))
@settings(max_examples=300, deadline=None)
def test_whatever_a_record_holds_it_is_a_valid_paper_or_named(records):
    found = parse_daily_papers(json.dumps(records), DAY)

    for paper in found.papers:
        assert_is_valid(paper)
    assert len(found.papers) + len(found.skipped) <= len(records)
    assert bool(found.papers) or len(found.skipped) == len(records)


@given(st.binary(max_size=60) | st.text(max_size=60))
@settings(deadline=None)
def test_whatever_a_body_holds_is_read_or_refused(raw):
    with contextlib.suppress(SourceUnavailable):
        assert not parse_daily_papers(raw, DAY).papers


def test_every_entry_of_every_recorded_day_is_a_paper(recorded):
    files = sorted(recorded("hf_daily_papers").glob("*.json"))
    read = 0
    for file in files:
        day, entries = date.fromisoformat(file.stem), json.loads(file.read_bytes())

        found = parse_daily_papers(file.read_bytes(), day)

        assert not found.skipped
        assert [p.id for p in found.papers] == [record["paper"]["id"] for record in entries]
        for paper in found.papers:
            assert_is_valid(paper)
            assert paper.featured_on == day
            assert paper.abstract
            assert paper.authors
            assert paper.published_at
            assert paper.upvotes is not None
            assert paper.thumbnail_url
        read += len(entries)
    assert (len(files), read) == (40, 935)


def test_nothing_of_a_recorded_record_is_lost(recorded):
    for file in sorted(recorded("hf_daily_papers").glob("20*.json")):
        found = parse_daily_papers(file.read_bytes(), date.fromisoformat(file.stem))
        for paper, record in zip(found.papers, json.loads(file.read_bytes()), strict=True):
            inner = record["paper"]
            assert paper.code_url == inner.get("githubRepo", "")
            assert paper.code_stars == inner.get("githubStars")
            assert paper.project_url == inner.get("projectPage", "")
            assert paper.media_urls == tuple(dict.fromkeys(record.get("mediaUrls", ())))
            assert paper.comments == record["numComments"]
            assert len(paper.keywords) == len(set(inner.get("ai_keywords", ())) - {""})
            assert bool(paper.short_summary) == ("ai_summary" in inner)
            assert bool(paper.submitter) == ("submittedBy" in record)
            assert paper.author_count == sum(not a["hidden"] for a in inner["authors"])


def test_the_papers_of_a_growing_day_are_read_each_time(recorded):
    early, late = sorted(recorded("hf_daily_papers_recaptured").glob("*.json"))
    day = date(2025, 1, 22)

    assert len(parse_daily_papers(early.read_bytes(), day).papers) == 1
    assert len(parse_daily_papers(late.read_bytes(), day).papers) == 13
