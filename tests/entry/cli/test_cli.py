"""The command line as a whole: help, exit codes, and one sentence for whatever is wrong."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from newsletter.cli.root import app

COMMANDS = [
    ["demo"],
    ["up"],
    ["serve"],
    ["pull"],
    ["run"],
    ["resend"],
    ["preview"],
    ["check"],
    ["status"],
    ["watch"],
    ["deliveries", "list"],
    ["deliveries", "show"],
    ["editions", "list"],
    ["editions", "show"],
    ["editions", "hold"],
    ["editions", "release"],
    ["editions", "cancel"],
    ["editions", "reconcile"],
    ["subscribers", "add"],
    ["subscribers", "show"],
    ["subscribers", "list"],
    ["subscribers", "remove"],
    ["filter", "check"],
    ["filter", "match"],
    ["filter", "import"],
    ["db", "upgrade"],
]


@pytest.fixture(autouse=True)
def own_environment(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("NEWSLETTER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("NEWSLETTER_SOURCES", f"folder:{tmp_path}")


def process(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "newsletter", *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=110,
        env={**os.environ, **environment},
    )


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_each_command_has_one_line_of_help_and_a_worked_example(words):
    shown = CliRunner().invoke(app, [*words, "--help"], env={"COLUMNS": "200"})

    assert shown.exit_code == 0
    example = re.search(r"Example: (newsletter .*)", shown.output)
    assert example, shown.output
    assert example[1].startswith("newsletter " + " ".join(words))


def test_the_help_names_every_command():
    shown = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "200"}).output

    assert all(f" {words[0]} " in shown for words in COMMANDS)


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_help_fits_a_narrow_terminal(words):
    shown = CliRunner().invoke(app, [*words, "--help"], env={"COLUMNS": "80"}).output

    assert max(map(len, shown.splitlines())) <= 80
    assert "…" not in shown  # nothing had to be cut


def test_the_version_is_printed():
    done = process("--version")

    assert done.returncode == 0
    assert re.fullmatch(r"newsletter \d+\.\d+\.\d+\n", done.stdout)


@pytest.mark.parametrize(
    "words",
    [
        ["sttaus"],
        ["pull", "--date", "tomorrow"],
        ["pull", "--date", "20260616"],
        ["deliveries", "list", "--state", "lost"],
        ["subscribers", "add", "ada@example.org"],
        ["subscribers", "add", "ada@example.org", "--topic", "agents"],
        ["preview", "ada@example.org", "--out", "mail.pdf"],
        ["resend", "2026-06-16"],
        ["resend", "2026-06-16", "--missing"],
        ["resend", "2026-06-16", "--state", "pending", "--reason", "x"],
        ["resend", "2026-06-16", "--to", "ada@example.org", "--failed", "--reason", "x"],
        ["deliveries", "list", "--since", "yesterday"],
        ["editions", "hold", "2026-06-16"],
        ["watch", "today"],
        ["demo", "--port", "70000"],
    ],
    ids=" ".join,
)
def test_wrong_usage_ends_with_2_and_says_why_on_stderr(newsletter, words):
    code, out, err = newsletter(*words)

    assert (code, out) == (2, "")
    assert "Error" in err


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        (
            {"DATABASE_URL": "mysql://localhost/papers"},
            "NEWSLETTER_DATABASE_URL begins with 'mysql'",
        ),
        ({"DATABASE_URL": "sqlite"}, "NEWSLETTER_DATABASE_URL"),
        ({"REDIS_URL": "http://localhost"}, "NEWSLETTER_REDIS_URL begins with 'http'"),
        ({"REDIS_URL": "redis://localhost:port/0"}, "NEWSLETTER_REDIS_URL"),
        ({"SMTP_URL": "localhost:25"}, "NEWSLETTER_SMTP_URL is not a relay's address"),
        ({"SMTP_URL": "smtp://localhost:25?tls=maybe"}, "NEWSLETTER_SMTP_URL"),
        ({"BASE_URL": "papers.example.org"}, "NEWSLETTER_BASE_URL is 'papers.example.org'"),
        ({"FROM": "nobody"}, "NEWSLETTER_FROM is 'nobody'"),
        ({"SECRET_KEYS": "short"}, "NEWSLETTER_SECRET_KEYS"),
        ({"SOURCES": "usenet"}, "usenet"),
        ({"TEMPLATES_DIR": "/nowhere/at/all"}, "NEWSLETTER_TEMPLATES_DIR"),
        ({"DATA_DIR": "/dev/null/here"}, "NEWSLETTER_DATA_DIR"),
        ({"SMTP_URL_FILE": "/nowhere/at/all"}, "NEWSLETTER_SMTP_URL_FILE"),
        ({"FROM": "a@example.org", "FROM_FILE": "/nowhere"}, "both set"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, dict) else None,
)
def test_a_wrong_setting_is_one_sentence_that_names_it(
    newsletter, monkeypatch, environment, sentence
):
    relay = {} if "SMTP_URL_FILE" in environment else {"SMTP_URL": "smtp://127.0.0.1:1"}
    for name, value in (relay | environment).items():
        monkeypatch.setenv(f"NEWSLETTER_{name}", value)

    code, out, err = newsletter("run", "--everyone")

    assert (code, out) == (2, "")
    assert sentence in err
    assert len(err.strip().splitlines()) == 1


def test_a_folder_of_papers_that_is_not_there_is_named(newsletter, monkeypatch):
    monkeypatch.setenv("NEWSLETTER_SOURCES", "folder:/nowhere/at/all")

    code, out, err = newsletter("pull")

    assert (code, out) == (1, "")
    assert "/nowhere/at/all" in err
    assert len(err.strip().splitlines()) == 1


def test_a_wrong_setting_shows_no_traceback_in_a_process_of_its_own():
    done = process("status", NEWSLETTER_DATABASE_URL="mysql://localhost/papers")

    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("NEWSLETTER_DATABASE_URL begins with 'mysql'")


def test_a_password_of_a_setting_is_never_printed(newsletter, monkeypatch):
    monkeypatch.setenv("NEWSLETTER_DATABASE_URL", "postgresql://me:hushhush@127.0.0.1:1/papers")
    monkeypatch.setenv("NEWSLETTER_SECRET_KEYS", "k" * 32)

    code, out, err = newsletter("status")

    assert code == 1
    assert "127.0.0.1" in err
    assert "hushhush" not in out + err


def test_a_database_that_is_not_our_own_is_never_changed_by_itself(
    newsletter, monkeypatch, tmp_path
):
    monkeypatch.setenv("NEWSLETTER_DATABASE_URL", f"sqlite:///{tmp_path}/elsewhere.db")

    code, _, err = newsletter("subscribers", "list")

    assert code == 1
    assert "newsletter db upgrade" in err
    assert len(err.strip().splitlines()) == 1


def test_after_db_upgrade_it_can_be_used_and_twice_is_no_error(newsletter, monkeypatch, tmp_path):
    monkeypatch.setenv("NEWSLETTER_DATABASE_URL", f"sqlite:///{tmp_path}/elsewhere.db")

    assert newsletter("db", "upgrade")[0] == 0
    code, out, _ = newsletter("db", "upgrade")

    assert (code, out) == (0, "The tables are those of this version already.\n")
    assert newsletter("subscribers", "list", "--json")[1] == '{\n  "subscribers": []\n}\n'


def test_the_database_of_the_data_folder_looks_after_itself(newsletter, tmp_path):
    code, out, _ = newsletter("subscribers", "list", "--json")

    assert (code, out) == (0, '{\n  "subscribers": []\n}\n')
    assert (tmp_path / "data/newsletter.db").exists()


def test_a_bug_is_one_sentence_and_its_details_are_in_a_file(newsletter, monkeypatch, tmp_path):
    def explode() -> None:
        raise ZeroDivisionError("a made-up bug")

    monkeypatch.setattr("newsletter.cli.health.current_settings", explode)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    code, out, err = newsletter("check")

    assert (code, out) == (70, "")
    assert len(err.strip().splitlines()) == 1
    details = Path(re.search(r"in (/.*\.log)", err)[1])
    assert "made-up bug" in details.read_text()
    assert details.stat().st_mode & 0o077 == 0


def test_a_reader_that_has_seen_enough_is_no_error():
    shell = '"$0" -m newsletter --help | head -1; exit ${PIPESTATUS[0]}'

    done = subprocess.run(
        ["bash", "-c", shell, sys.executable], capture_output=True, text=True, check=False
    )

    assert done.stderr == ""


def test_ctrl_c_is_quiet(newsletter, monkeypatch):
    def interrupt() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("newsletter.cli.health.current_settings", interrupt)

    code, out, err = newsletter("check")

    assert (code, out, err.strip()) == (130, "", "")
