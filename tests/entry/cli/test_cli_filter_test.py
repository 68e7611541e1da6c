"""`newsletter filter test`: a chart, the papers, and what looks odd, on the bundled day."""

import json

import pytest
from bundled_day import DAY


@pytest.fixture
def command(bundled_day, newsletter):
    return newsletter


@pytest.fixture
def pulled(command):
    assert command("pull", "--date", DAY)[0] == 0
    return command


def test_the_chart_the_average_and_the_papers_are_shown(pulled):
    code, out, err = pulled("filter", "test", "agent*")

    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "agent*"
    assert lines[1].startswith("2026-06-16 Tue  ")
    assert "█" in lines[1]
    assert "of 25 papers in 30 days" in lines[2]
    assert "over the 1 day that has papers" in lines[2]
    assert "agent* (title)" in out


def test_machines_get_all_of_it_as_json(pulled):
    code, out, err = pulled("filter", "test", "agent*", "--days", "7", "--json")

    told = json.loads(out)
    assert (code, err, told["filter"]) == (0, "", "agent*")
    (day,) = told["days"]
    assert day["date"] == DAY
    assert day["papers"] == 25
    assert day["matches"] == len(told["papers"]) == told["per_day"] > 0
    assert {"id", "title", "date", "words", "url"} == set(told["papers"][0])
    assert told["papers"][0]["words"] == ["agent*"]


def test_what_looks_odd_is_told(pulled):
    _, out, _ = pulled("filter", "test", "agent OR agents")
    _, told, _ = pulled("filter", "test", "upvotes:>10 upvotes:<5", "--json")

    assert "! `agent OR agents` are the same word" in out
    assert [hint["kind"] for hint in json.loads(told)["warnings"]] == ["contradiction"]


def test_the_words_are_marked_on_a_terminal_only(pulled, monkeypatch):
    _, plain, _ = pulled("filter", "test", "title:agent*")
    monkeypatch.setenv("FORCE_COLOR", "1")
    _, marked, _ = pulled("filter", "test", "title:agent*")
    monkeypatch.setenv("NO_COLOR", "1")
    _, colourless, _ = pulled("filter", "test", "title:agent*")

    assert "\x1b[" not in plain
    assert "\x1b[1;4m" in marked
    assert "\x1b[32m" in marked
    assert "\x1b[1;4m" in colourless
    assert "\x1b[32m" not in colourless


def test_without_papers_it_says_how_to_get_some(command):
    code, out, err = command("filter", "test", "agent*")

    assert (code, out) == (1, "")
    assert "newsletter pull" in err


def test_a_wrong_filter_points_at_the_problem(command):
    code, _, err = command("filter", "test", "(agent")

    assert code == 2
    assert "never closed" in err
