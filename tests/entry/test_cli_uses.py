"""Each command does its work: on a database of the data folder, recorded papers, a real relay."""

import json
import os
from collections.abc import Callable
from email import message_from_bytes
from pathlib import Path

import pytest

import newsletter as package
from newsletter.cli.root import run

DAY = "2026-06-16"
DEMO_DAY = Path(package.__file__).with_name("demo_day")

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def own_environment(monkeypatch, tmp_path, smtp_sink) -> None:
    for name in [name for name in os.environ if name.startswith("NEWSLETTER_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("NEWSLETTER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("NEWSLETTER_SOURCES", f"folder:{DEMO_DAY}")
    monkeypatch.setenv("NEWSLETTER_SMTP_URL", smtp_sink.url)
    monkeypatch.setenv("NEWSLETTER_FROM", "Papers <papers@example.org>")
    monkeypatch.setenv("COLUMNS", "200")


@pytest.fixture
def newsletter(capsys) -> Command:
    """Run a command in this process: its exit code, stdout and stderr."""

    def command(*words: object) -> tuple[int, str, str]:
        code = run([str(word) for word in words])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return command


@pytest.fixture
def ada(newsletter) -> str:
    code, _, err = newsletter("subscribers", "add", "ada@example.org", "--topic", "Agents=agent*")
    assert code == 0, err
    return "ada@example.org"


@pytest.fixture
def mailed(newsletter, ada) -> str:
    """Ada, who has her digest of the day."""
    code, _, err = newsletter("run", "--date", DAY, "--everyone")
    assert code == 0, err
    return ada


def test_pull_says_what_came(newsletter):
    code, out, _ = newsletter("pull", "--date", DAY)

    assert code == 0
    assert "25 papers, 25 new" in out


def test_pull_tells_machines_the_same(newsletter):
    _, out, err = newsletter("pull", "--date", DAY, "--json")

    (one,) = json.loads(out)["pulled"]
    assert (one["day"], one["papers"], one["added"], one["problem"]) == (DAY, 25, 25, "")
    assert err == ""


def test_a_source_that_fails_ends_with_1_and_the_reason(newsletter, monkeypatch, tmp_path):
    (tmp_path / "2026-06-16.json").write_text("no JSON")
    monkeypatch.setenv("NEWSLETTER_SOURCES", f"folder:{tmp_path}")

    code, out, err = newsletter("pull", "--date", DAY)

    assert (code, out) == (1, "")
    assert "nothing came" in err


def test_run_mails_everyone_once_however_often_it_is_run(newsletter, ada, smtp_sink):
    for _ in range(3):
        code, out, _ = newsletter("run", "--date", DAY, "--everyone", "--json")

    assert code == 0
    assert json.loads(out)["counts"] == {"sent": 1}
    assert smtp_sink.recipients() == [ada]


def test_run_tells_people_what_it_did(newsletter, ada):
    _, out, _ = newsletter("run", "--date", DAY, "--everyone")

    assert f"Edition {DAY}: 1 reader looked at, 1 digest planned, 0 without a match." in out
    assert "Deliveries: 1 sent." in out


def test_a_mail_that_is_refused_ends_with_1_and_where_to_look(newsletter, ada, smtp_sink):
    smtp_sink.answer(ada, "550 5.7.1 Not wanted here")

    code, out, err = newsletter("run", "--date", DAY, "--everyone")

    assert code == 1
    assert "1 failed" in out
    assert f"newsletter deliveries list --edition {DAY}" in err


def test_a_mail_that_waits_ends_with_1_and_is_not_lost(newsletter, ada, smtp_sink):
    smtp_sink.greylist(ada)

    code, out, err = newsletter("run", "--date", DAY, "--everyone")

    assert code == 1
    assert "1 pending" in out
    assert "1 delivery waits for another try" in err


def test_the_ledger_is_listed(newsletter, mailed):
    code, out, _ = newsletter("deliveries", "list", "--edition", DAY)

    assert code == 0
    assert all(word in out for word in (DAY, "digest", mailed, "sent"))


def test_the_ledger_can_be_narrowed(newsletter, mailed):
    def listed(*words: str) -> int:
        return len(json.loads(newsletter("deliveries", "list", "--json", *words)[1])["deliveries"])

    assert listed("--state", "sent") == 1
    assert listed("--state", "failed") == 0
    assert listed("--address", mailed) == 1
    assert listed("--edition", "2026-06-17") == 0


def test_a_delivery_has_its_papers_and_reasons_for_machines(newsletter, mailed):
    (one,) = json.loads(newsletter("deliveries", "list", "--json")[1])["deliveries"]

    assert one["state"] == "sent"
    assert one["message_id"].startswith("<")
    picks = [pick for section in one["digest"]["sections"] for pick in section["picks"]]
    assert one["papers"] == [pick["paper_id"] for pick in picks]
    assert all(pick["words"] == ["agent*"] for pick in picks)


def test_a_dry_run_of_a_resend_shows_its_set_and_sends_nothing(newsletter, mailed, smtp_sink):
    code, out, _ = newsletter("resend", DAY, "--to", mailed, "--dry-run")

    assert code == 0
    assert out.splitlines() == [f"Would resend 1 digest of edition {DAY}:", f"  {mailed}"]
    assert len(smtp_sink.accepted) == 1


def test_a_resend_sends_the_same_papers_as_a_new_message(newsletter, mailed, smtp_sink):
    code, out, _ = newsletter("resend", DAY, "--to", mailed, "--reason", "she asked")

    assert code == 0
    assert out.startswith(f"Resent 1 digest (edition {DAY}, delivery ")
    first, second = [message_from_bytes(one.content) for one in smtp_sink.wait_for(2)]
    assert first["Subject"] == second["Subject"]
    assert first["Message-ID"] != second["Message-ID"]
    newest = json.loads(newsletter("deliveries", "list", "--json")[1])["deliveries"][0]
    assert (newest["resend_no"], newest["because"]) == (1, "she asked")


def test_a_resend_that_is_refused_ends_with_1_and_the_reason(newsletter, mailed, smtp_sink):
    newsletter("subscribers", "add", "bob@example.org", "--topic", "None=quux")

    code, out, err = newsletter("resend", DAY, "--to", "bob@example.org", "--to", mailed)

    assert code == 1
    assert "Resent 1 digest" in out
    assert err.startswith("Not to bob@example.org: ")
    assert smtp_sink.recipients() == [mailed, mailed]


def test_a_preview_is_plain_text_on_stdout(newsletter, ada, smtp_sink):
    newsletter("pull", "--date", DAY)

    code, out, _ = newsletter("preview", ada, "--edition", DAY)

    assert code == 0
    assert "Agents" in out
    assert "<html" not in out
    assert smtp_sink.accepted == []


@pytest.mark.parametrize(
    ("name", "begins"), [("m.eml", b"From: "), ("m.html", b"<!DOCTYPE html>"), ("m.txt", b"")]
)
def test_a_preview_is_written_in_the_form_of_the_files_name(
    newsletter, mailed, tmp_path, name, begins
):
    code, out, err = newsletter("preview", mailed, "--edition", DAY, "--out", tmp_path / name)

    assert (code, out) == (0, "")
    assert name in err
    content = (tmp_path / name).read_bytes()
    assert begins in content[:2000]
    assert b"Agents" in content or name == "m.eml"


def test_a_preview_as_a_message_is_what_was_sent(newsletter, mailed, tmp_path, smtp_sink):
    newsletter("preview", mailed, "--edition", DAY, "--out", tmp_path / "mail.eml")

    sent = smtp_sink.accepted[0].content
    assert (tmp_path / "mail.eml").read_bytes() == sent


def test_a_preview_replaces_a_file_only_when_told_to(newsletter, mailed, tmp_path):
    there = tmp_path / "mail.html"
    there.write_text("kept")
    command = ("preview", mailed, "--edition", DAY, "--out", there)

    code, _, err = newsletter(*command)
    assert (code, there.read_text()) == (1, "kept")
    assert err == f"{there} is there already: name another file, or replace it with --force.\n"

    code, _, err = newsletter(*command, "--force")
    assert code == 0
    assert there.read_bytes().startswith(b"<!DOCTYPE html>")


def test_a_preview_knows_three_forms(newsletter, mailed, tmp_path):
    code, _, err = newsletter("preview", mailed, "--out", tmp_path / "mail.pdf")

    assert code == 2
    assert ".eml, .html or .txt" in " ".join(err.split())
    assert not list(tmp_path.glob("mail.*"))


def test_a_preview_for_nobody_we_know_says_so(newsletter):
    code, out, err = newsletter("preview", "nobody@example.org")

    assert (code, out) == (1, "")
    assert "nobody@example.org" in err


def test_a_reader_is_added_with_all_wishes(newsletter):
    newsletter(
        *("subscribers", "add", "ada@example.org", "--topic", 'Long="long context"', "--topic"),
        *("Exact==LLM", "--mute", "title:survey", "--cadence", "weekly", "--weekday", "Friday"),
        *("--hour", 18, "--time-zone", "Asia/Tokyo", "--cap", 5, "--thumbnails"),
    )

    told = json.loads(newsletter("subscribers", "show", "ada@example.org", "--json")[1])

    wishes = told["wishes"]
    assert told["status"] == "active"
    assert [(one["name"], one["filter"]) for one in wishes["topics"]] == [
        ("Long", '"long context"'),
        ("Exact", "=LLM"),
    ]
    assert wishes["mutes"] == ["title:survey"]
    assert (wishes["cadence"], wishes["weekday"], wishes["hour"]) == ("weekly", 4, 18)
    assert (wishes["time_zone"], wishes["cap"], wishes["thumbnails"]) == ("Asia/Tokyo", 5, True)


def test_a_reader_can_be_asked_to_confirm(newsletter, smtp_sink):
    code, out, _ = newsletter("subscribers", "add", "ada@example.org", "--topic", "All=*", "--ask")

    assert code == 0
    assert "must press the button" in out
    assert smtp_sink.wait_for(1)[0].recipient == "ada@example.org"
    told = json.loads(newsletter("subscribers", "list", "--status", "pending", "--json")[1])
    assert [one["address"] for one in told["subscribers"]] == ["ada@example.org"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["ada@example.org", "--topic", "Agents=autor:x"], "did you mean `author:`"),
        (["not an address", "--topic", "All=*"], "not an address"),
        (["ada@example.org", "--topic", "All=*", "--time-zone", "Mars/Base"], "Mars/Base"),
        (["ada@example.org", "--topic", "All=*", "--hour", "24"], "24"),
        (["ada@example.org", "--topic", "All=*", "--cadence", "hourly"], "hourly"),
        (["ada@example.org", "--topic", "All=*", "--mute", "("], "column"),
        (["ada@example.org", "--topic", "All=*", "--cap", "0"], "0"),
    ],
    ids=["filter", "address", "time zone", "hour", "cadence", "mute", "cap"],
)
def test_a_wish_that_cannot_be_kept_ends_with_2_and_nothing_is_stored(newsletter, words, sentence):
    code, out, err = newsletter("subscribers", "add", *words)

    assert (code, out) == (2, "")
    assert sentence in err
    assert json.loads(newsletter("subscribers", "list", "--json")[1]) == {"subscribers": []}


def test_readers_are_shown_to_people(newsletter, ada):
    listed = newsletter("subscribers", "list")[1]
    shown = newsletter("subscribers", "show", ada)[1]

    assert all(word in listed for word in (ada, "active", "Agents", "weekdays"))
    assert all(word in shown for word in (ada, "active", "Agents", "agent*", "7:00, UTC"))


def test_a_reader_is_removed_only_when_it_is_meant(newsletter, ada, monkeypatch):
    monkeypatch.setattr("sys.stdin", open(os.devnull))  # noqa: SIM115, PTH123
    assert newsletter("subscribers", "remove", ada)[0] == 1
    assert newsletter("subscribers", "show", ada)[0] == 0

    code, out, _ = newsletter("subscribers", "remove", ada, "--yes")

    assert (code, out) == (0, "Removed ada@example.org.\n")
    assert newsletter("subscribers", "show", ada)[0] == 1


def test_status_ends_with_1_and_a_sentence_for_what_is_stale(newsletter):
    code, out, err = newsletter("status")

    assert code == 1  # no paper was ever pulled
    assert err.strip()
    assert "Subscribers" in out


def test_status_for_machines_has_the_same_exit_code(newsletter, mailed):
    code, out, _ = newsletter("status", "--json")

    told = json.loads(out)
    assert code == bool(told["stale"])
    assert told["editions"][0]["counts"] == {"sent": 1}
    assert told["subscribers"]["active"] == 1


def test_check_says_that_each_part_is_well(newsletter):
    newsletter("subscribers", "list")  # the first command makes the tables

    code, out, _ = newsletter("check", "--json")

    told = json.loads(out)
    assert told["is_ok"], told
    assert code == 0
    assert {"database", "relay", "sources"} <= {one["name"] for one in told["findings"]}


def test_check_names_what_is_wrong_and_ends_with_1(newsletter, monkeypatch):
    monkeypatch.setenv("NEWSLETTER_SMTP_URL", "smtp://127.0.0.1:1?tls=none")
    monkeypatch.setenv("NEWSLETTER_REDIS_URL", "redis://127.0.0.1:1/0")

    code, out, err = newsletter("check")

    assert code == 1
    assert out.count("wrong") >= 2
    assert "to put right" in err


def test_without_redis_an_answer_still_comes(newsletter, ada, monkeypatch, smtp_sink):
    monkeypatch.setenv("NEWSLETTER_REDIS_URL", "redis://127.0.0.1:1/0")

    code, out, _ = newsletter("run", "--date", DAY, "--everyone", "--json")

    assert code == 0
    assert json.loads(out)["counts"] == {"sent": 1}
    assert smtp_sink.recipients() == [ada]


def test_without_a_relay_it_is_said_that_mails_wait(newsletter, mailed, monkeypatch):
    monkeypatch.delenv("NEWSLETTER_SMTP_URL")

    code, out, err = newsletter("resend", DAY, "--to", mailed)

    assert code == 0
    assert "Resent 1 digest" in out
    assert "mails wait" in err


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


def test_the_ledger_fits_a_narrow_terminal(newsletter, ada, smtp_sink, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    smtp_sink.answer(ada, "550 5.7.1 Not wanted here")
    newsletter("run", "--date", DAY, "--everyone")

    out = newsletter("deliveries", "list")[1]

    assert max(map(len, out.splitlines())) <= 80
    assert all(word in out for word in (DAY, "digest", "failed", "550"))


def test_all_that_is_stored_about_a_reader_is_printed_for_them(newsletter, mailed):
    code, out, _ = newsletter("subscribers", "export", mailed)

    found = json.loads(out)
    assert code == 0
    assert (found["profile"]["address"], found["messages"][0]["state"]) == (mailed, "sent")
    assert found["messages"][0]["papers"][0]["title"]
