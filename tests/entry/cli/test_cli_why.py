"""`newsletter why`: step by step with a mark each, a conclusion, and the same for programs."""

import json

import pytest
from bundled_day import DAY

ADA = "ada@example.org"


@pytest.fixture
def command(bundled_day, newsletter):
    return newsletter


@pytest.fixture
def papers(command):
    """The ids that Ada's one topic wants, of the day that is stored, nothing planned yet."""
    command("subscribers", "add", ADA, "--topic", "Agents=agent*", "--cadence", "daily")
    command("pull", "--date", DAY)
    _, out, _ = command("filter", "test", "agent*", "--json")
    return [paper["id"] for paper in json.loads(out)["papers"]]


def test_each_step_has_its_mark_and_the_last_line_is_the_conclusion(command, papers):
    code, out, _ = command("why", ADA, papers[0], "--edition", DAY)

    lines = out.splitlines()
    assert code == 0
    assert lines[0].startswith(f"{papers[0]}  “")
    assert lines[1] == f"{ADA}, digest of {DAY}"
    assert "  ✓ topic Agents wants it: agent*" in lines
    assert all(line.startswith(("  ✓ ", "  ✗ ")) for line in lines[2:-2])
    assert "under topic Agents" in lines[-1]


def test_programs_are_told_the_same(command, papers):
    code, out, err = command("why", ADA, papers[0], "--edition", DAY, "--json")

    told = json.loads(out)
    assert (code, err) == (0, "")
    assert (told["paper"]["id"], told["edition"], told["outcome"]) == (papers[0], DAY, "digest")
    assert (told["topic"], told["words"], told["came"]) == ("Agents", ["agent*"], False)
    assert told["delivery"] is None
    assert [step["name"] for step in told["steps"]][:3] == ["work", "window", "topic"]


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        ((ADA, "2601.99999"), 1, "No paper '2601.99999' is stored"),
        (("eve@example.org", "2601.99999"), 1, "is not a subscriber"),
        (("nobody", "2601.99999"), 2, "nobody"),
        ((ADA, "2601.99999", "--edition", "June"), 2, "is no date"),
    ],
    ids=["no such paper", "no such reader", "no address", "no date"],
)
def test_what_cannot_be_answered_says_why(command, papers, words, code, says):
    found, out, err = command("why", *words)

    assert (found, out) == (code, "")
    assert says in err
