"""`newsletter bench match`: what it counts is right; how long it takes is for who runs it."""

import json
from pathlib import Path

import pytest

from newsletter.bench import match, naive
from newsletter.bench.crowd import DAY, filters_of, varied
from newsletter.bench.papers import made_papers
from newsletter.cli.root import run
from newsletter.core.digests import Topic, compose
from newsletter.core.filters import parse_filter
from newsletter.core.matching import PaperIndex
from newsletter.core.papers import Paper

DATA = Path(__file__).parents[4] / "shared" / "data" / "hf_daily_papers" / "2026-06-18.json"
PROMISED = {
    *("subscribers", "papers", "distinct_filters", "compile_seconds", "match_seconds"),
    *("total_seconds", "peak_mb", "readers_with_papers"),
}


def bench(capsys, *more):
    assert run(["bench", "match", "--subscribers", "60", "--papers", "12", *more, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_the_figures_have_the_promised_names_and_belong_together(capsys):
    figures = bench(capsys)

    assert set(figures) >= PROMISED
    assert (figures["subscribers"], figures["papers"]) == (60, 12)
    assert 0 < figures["readers_with_papers"] <= 60
    assert figures["readers_with_papers"] <= figures["papers_chosen"] <= 60 * match.TOP
    assert 0 < figures["distinct_filters"] <= 60
    parts = ("compile_seconds", "index_seconds", "match_seconds")
    assert figures["total_seconds"] == pytest.approx(sum(figures[part] for part in parts))


def test_two_runs_measure_the_same_work(capsys):
    counted = ("distinct_filters", "readers_with_papers", "papers_chosen")

    one, other = bench(capsys), bench(capsys)

    assert [one[name] for name in counted] == [other[name] for name in counted]


def test_each_reader_is_served_as_the_planner_would():
    papers = made_papers(12, DAY)
    index = PaperIndex(papers)
    topics = {text: (Topic("a", parse_filter(text)),) for text in filters_of(60, papers)}

    digests = [
        compose(index, topics[text], window=index.everything, cap=match.TOP)
        for text in filters_of(60, papers)
    ]

    figures = match.measure(subscribers=60, papers=12, show=lambda *_: None)
    assert figures.readers_with_papers == sum(digest is not None for digest in digests)
    assert figures.papers_chosen == sum(len(digest.paper_ids) for digest in digests if digest)


def test_most_readers_share_filters_and_the_others_have_one_to_eight_terms():
    texts = filters_of(4_000, made_papers(30, DAY))

    shared = [text for text in texts if texts.count(text) > 3]
    assert 0.6 < len(shared) / len(texts) < 0.8
    assert all(1 <= len(terms_of(text)) <= 8 for text in texts)


def terms_of(text):
    """Its words and phrases; blanks in quotes part none."""
    outside = text.replace("(", "").replace(")", "").split('"')
    joined = "".join(part if k % 2 == 0 else "quoted" for k, part in enumerate(outside))
    return [word for word in joined.split() if word != "OR"]


def test_recorded_papers_are_taken_in_turn_until_there_are_enough(capsys):
    if not DATA.is_file():
        pytest.skip(f"no recorded day at {DATA}")

    figures = bench(capsys, "--data", str(DATA))

    assert figures["papers"] == 12
    assert figures["readers_with_papers"]


def test_papers_that_are_taken_again_are_other_papers_of_the_same_words():
    papers = made_papers(3, DAY)

    taken = varied(papers, 7)

    assert len({paper.id for paper in taken}) == 7
    assert sorted(taken[3].abstract.replace(".", "").split()) == sorted(
        papers[0].abstract.replace(".", "").split()
    )


PAPERS = [
    Paper(
        id="1",
        title="Planning agents",
        abstract="They draw maps.",
        authors=("Ada Lovelace",),
        featured_on=DAY,
    ),
    Paper(id="2", title="Maps", abstract="No agent plans one.", upvotes=5, featured_on=DAY),
    Paper(id="3", title="Agents map", keywords=("agent planning",), upvotes=5, featured_on=DAY),
    Paper(
        id="4",
        title="Rivers",
        abstract="A map, and code.",
        code_url="https://code.example/4",
        categories=("cs.LG",),
        upvotes=5,
        featured_on=DAY,
    ),
]


@pytest.mark.parametrize(
    "text",
    [
        "agents",
        '"planning agents"',
        "plan*",
        "title:maps",
        "maps -agents",
        "maps OR agents",
        "rivers OR (maps agents)",
        'author:"Ada Lovelace" OR upvotes:>=5',
        "has:code OR agents",
        "cat:cs.LG OR planning",
    ],
)
def test_the_obvious_way_finds_what_the_index_finds_in_the_same_order(text):
    wanted = parse_filter(text)
    index = PaperIndex(PAPERS)

    found = naive.best(wanted, [naive.readable(paper) for paper in PAPERS], most=10)

    ours = index.best(wanted, index.match(wanted), most=10)
    assert [one.paper for one in found] == [index.papers[k] for k in ours]
    assert ours


def test_the_obvious_way_finds_the_same_for_every_reader_it_is_measured_on(capsys):
    assert bench(capsys)["agreeing"] == 1
