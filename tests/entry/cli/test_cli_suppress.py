"""`newsletter suppress`: what is printed for people and programs, and what is refused."""

import csv
import io
import json

import pytest
from builders import Clock, a_newsletter, add_reader

from newsletter.cli.root import run
from newsletter.settings import as_environment

ADA = "ada@example.org"


@pytest.fixture
def newsletter(tmp_path):
    with a_newsletter(tmp_path, clock=Clock()) as made:
        add_reader(made, "ada")
        yield made


@pytest.fixture
def command(newsletter, monkeypatch, capsys):
    """Run `newsletter suppress …`: exit code, stdout, stderr as one line."""
    for name, value in as_environment(newsletter.settings).items():
        monkeypatch.setenv(name, value)

    def call(*words, stdin=""):
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        code = run(["suppress", *words])
        out, err = capsys.readouterr()
        return code, out, " ".join(err.split())

    return call


def test_who_is_added_is_listed_and_explained(command):
    assert command("add", ADA, "--reason", "asked by telephone")[:2] == (
        0, "Suppressed 1 address.\n",
    )  # fmt: skip

    _, listed, _ = command("list")
    _, told, words = command("why", ADA)

    assert ADA in listed
    assert "asked by telephone" in listed
    assert told.startswith(f"{ADA} is suppressed since ")
    assert "Reason: asked by telephone" in told
    assert f"newsletter suppress lift {ADA} --reason TEXT" in words


def test_a_list_is_counted_before_it_is_added(command):
    lines = f"# from the old engine\n\n{ADA}\nbob@example.org\nBob@Example.org\nno address\n"

    code, shown, words = command("add", "--from", "-", "--reason", "old list", stdin=lines)

    assert (code, shown) == (1, "Suppressed 2 addresses.\n")
    assert "2 addresses to suppress; 1 named twice; 1 no address." in words
    assert "no address is not a mail address" in words


def test_a_dry_run_changes_nothing(command, newsletter, tmp_path):
    (tmp_path / "old.txt").write_text(f"{ADA}\n", encoding="utf-8")

    code, shown, _ = command("add", "--from", str(tmp_path / "old.txt"), "--reason", "x",
                             "--dry-run")  # fmt: skip

    assert (code, shown) == (0, "Would suppress 1 address.\n")
    assert newsletter.suppression_count() == 0


def test_a_list_of_all_is_a_table_for_spreadsheets_and_a_document_for_programs(command):
    command("add", ADA, "nobody@example.org", "--reason", "=1+1")

    _, table, _ = command("list", "--csv")
    _, document, _ = command("list", "--json")

    rows = list(csv.DictReader(io.StringIO(table)))
    assert {row["address"] for row in rows} == {ADA, ""}
    assert {row["reason"] for row in rows} == {"'=1+1"}
    found = json.loads(document)["suppressions"]
    assert {len(one["address_hash"]) for one in found} == {64}
    assert "nobody" not in table + document


def test_a_lift_says_how_the_subscription_stands(command):
    command("add", ADA, "--reason", "x")

    code, shown, words = command("lift", ADA, "--reason", "her mailbox is back")

    assert (code, shown) == (0, f"Lifted: {ADA} may be mailed again.\n")
    assert words == "Its subscription is active."


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["lift", ADA], 2, "--reason"),
        (["lift", ADA, "--reason", " "], 2, "it is empty: say why"),
        (["lift", ADA, "--reason", "x"], 1, "is not suppressed"),
        (["lift", "nonsense", "--reason", "x"], 2, "not a mail address"),
        (["add", ADA], 2, "--reason"),
        (["add", "--reason", "x"], 2, "No address was given"),
        (["add", ADA, "--reason", ""], 2, "it is empty: say why"),
        (["add", "nonsense", "--reason", "x"], 2, "not a mail address"),
        (["add", "--from", "/no/such/file", "--reason", "x"], 1, "cannot be read"),
        (["why", "nonsense"], 2, "not a mail address"),
        (["list", "--limit", "0"], 2, "--limit"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(command, newsletter, words, code, said):
    found, shown, sentence = command(*words)

    assert (found, shown) == (code, "")
    assert said in sentence
    assert newsletter.suppression_count() == 0


def test_why_is_a_document_for_programs(command):
    _, document, _ = command("why", "nobody@example.org", "--json")

    assert json.loads(document)["suppression"] is None


def test_an_empty_list_says_so(command):
    assert command("list") == (0, "", "Nobody is suppressed.")
