"""`newsletter status` and `check`: how the service stands, and what to put right."""

import json

import pytest

pytestmark = pytest.mark.usefixtures("by_relay")


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


def test_check_finds_a_setting_whose_name_is_misspelt(newsletter, monkeypatch):
    monkeypatch.setenv("NEWSLETTER_SMPT_URL", "smtp://127.0.0.1:25")

    code, out, _ = newsletter("check")

    assert code == 1
    assert "NEWSLETTER_SMPT_URL is no setting: did you mean NEWSLETTER_SMTP_URL?" in out
