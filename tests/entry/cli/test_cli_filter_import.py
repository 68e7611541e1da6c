"""`newsletter filter import` as a person and a program meet it."""

import json

import pytest

from newsletter.cli.root import run
from newsletter.core.dialects import DIALECTS
from newsletter.core.filters import parse_filter


@pytest.fixture
def ask(capsys):
    """Runs `newsletter filter import` with these words: exit code, stdout and stderr."""

    def command(*words):
        code = run(["filter", "import", *words])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return command


def test_stdout_holds_the_filter_alone_and_stderr_what_was_left_out(ask):
    code, out, err = ask("--from", "pubmed", "asthma[ti] AND review[pt]")

    assert (code, out) == (0, "title:asthma\n")
    assert err.startswith("review[pt]: kinds of publications are not known here: it is left out")
    assert err.count("\n") == 1


def test_a_query_that_is_carried_over_whole_needs_no_words(ask):
    assert ask("--from", "ARXIV", "ti:agents") == (0, "title:agents\n", "")


def test_a_program_gets_the_filter_and_what_was_dropped(ask):
    code, out, err = ask("--from", "arxiv", "--json", "ti:agents AND jr:nature")

    told = json.loads(out)
    assert (code, told["filter"], err) == (0, "title:agents", "")
    assert parse_filter(told["filter"])
    assert [sorted(one) for one in told["dropped"]] == [["because", "text"]]
    assert told["dropped"][0]["text"] == "jr:nature"


@pytest.mark.parametrize(
    ("service", "query", "says"),
    [("ads", "(x", "  (x\n  ^"), ("bing", "x", "arxiv, pubmed, scholar, ads")],
)
def test_what_cannot_be_read_is_asked_wrongly(ask, service, query, says):
    code, out, err = ask("--from", service, query)

    assert (code, out) == (2, "")
    assert says in err


def test_help_names_every_service_and_has_an_example(ask):
    code, out, _ = ask("--help")

    assert code == 0
    assert all(name in out for name in DIALECTS)
    assert "newsletter filter import --from" in out
