"""`newsletter filter check` and `match`, without a database."""

import json

import pytest
from bundled_day import DAY, DEMO_DAY

pytestmark = pytest.mark.usefixtures("bundled_day")


def test_a_filter_is_shown_in_its_standard_form(newsletter):
    code, out, _ = newsletter("filter", "check", "  ti:agent*   and  NOT survey")

    assert code == 0
    again = newsletter("filter", "check", out.strip())
    assert again == (0, out, "")


def test_a_filter_that_cannot_be_read_is_shown_with_its_column(newsletter):
    code, out, err = newsletter("filter", "check", "agent* autor:x")

    assert (code, out) == (2, "")
    assert "column 8" in err
    assert "did you mean `author:`" in err


def test_a_filter_may_begin_with_a_minus(newsletter):
    assert newsletter("filter", "check", "-survey agent*")[:2] == (0, "-survey agent*\n")
    assert "standard form" in newsletter("filter", "check", "-h")[1]


def test_a_filter_selects_recorded_papers_without_a_database(newsletter, tmp_path):
    code, out, _ = newsletter("filter", "match", "robot*", "--data", DEMO_DAY, "--json")

    assert code == 0
    ids = json.loads(out)["papers"]
    assert ids
    assert not (tmp_path / "data").exists()
    shown = newsletter("filter", "match", "robot*", "--data", DEMO_DAY)[1]
    assert [line.split()[0] for line in shown.splitlines()] == ids


def test_one_file_without_a_date_in_its_name_will_do(newsletter, tmp_path):
    (tmp_path / "papers.json").write_bytes((DEMO_DAY / f"{DAY}.json").read_bytes())

    _, out, _ = newsletter("filter", "match", "*", "--data", tmp_path / "papers.json", "--json")

    assert len(json.loads(out)["papers"]) == 25


def test_a_folder_without_papers_says_what_to_name(newsletter, tmp_path):
    code, out, err = newsletter("filter", "match", "*", "--data", tmp_path)

    assert (code, out) == (1, "")
    assert "no recorded papers" in err
