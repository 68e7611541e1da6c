"""`newsletter pull`, `run` and what they leave in the ledger, by a real relay."""

import json
from email import message_from_bytes

import pytest
from bundled_day import DAY

pytestmark = pytest.mark.usefixtures("by_relay")


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


def test_the_ledger_fits_a_narrow_terminal(newsletter, ada, smtp_sink, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    smtp_sink.answer(ada, "550 5.7.1 Not wanted here")
    newsletter("run", "--date", DAY, "--everyone")

    out = newsletter("deliveries", "list")[1]

    assert max(map(len, out.splitlines())) <= 80
    assert all(word in out for word in (DAY, "digest", "failed", "550"))
