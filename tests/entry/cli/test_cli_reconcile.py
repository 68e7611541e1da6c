"""`newsletter editions reconcile`: the ledger beside the relay's own log."""

import gzip
import json
from pathlib import Path

import pytest
from ledger_day import DAY, audits, delivery_of

pytestmark = pytest.mark.usefixtures("service")


@pytest.fixture
def log(tmp_path, service) -> Path:
    """A relay's log that knows Ada's mail, and Eve's, which the ledger thinks refused."""
    ids = [delivery_of(service, name).message_id for name in ("ada", "eve")]
    path = tmp_path / "mail.log.1.gz"
    path.write_bytes(gzip.compress("\n".join(ids).encode()))
    return path


def test_ledger_and_log_that_differ_end_with_1_and_what_to_do(newsletter, log):
    code, out, err = newsletter("editions", "reconcile", DAY, "--log", log)

    assert code == 1
    assert out.splitlines()[1:] == [
        "          1  sent, by both",
        "          0  sent here, not in the log",
        "          1  in the log, not sent here",
        "          0  more than once in the log",
    ]
    assert "eve@example.org" in err
    assert "--apply" in err


def test_what_only_the_log_knows_is_recorded_when_told_to(newsletter, service, log):
    code, _, _ = newsletter("editions", "reconcile", DAY, "--log", log, "--apply")
    again = newsletter("editions", "reconcile", DAY, "--log", log)

    assert code == again[0] == 0
    assert "say the same" in again[2]
    assert delivery_of(service, "eve").state == "sent"
    assert audits(service)[-1][0] == "reconcile edition"
    assert "by the relay's log" in newsletter("deliveries", "show", 3)[1]


def test_a_mail_that_the_log_does_not_know_is_a_difference(newsletter, service, tmp_path):
    other = tmp_path / "mail.log"
    other.write_text(delivery_of(service, "eve").message_id)

    code, out, _ = newsletter("editions", "reconcile", DAY, "--log", other, "--json")

    told = json.loads(out)
    assert code == 1
    assert told["counts"]["sent here, not in the log"] == 1
    assert told["is_equal"] is False


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"", "No message is named"), (b"\x1f\x8b\x08 cut", "cut or damaged"),
     (b"<other@news.example>", "names no message of this edition")],
    ids=["empty", "damaged", "of another"],
)  # fmt: skip
def test_a_log_of_no_use_ends_with_1_and_says_so(newsletter, tmp_path, content, sentence):
    (tmp_path / "mail.log").write_bytes(content)

    code, _, err = newsletter("editions", "reconcile", DAY, "--log", tmp_path / "mail.log")

    assert code == 1
    assert sentence in err


def test_a_log_that_is_not_there_is_named(newsletter, tmp_path):
    code, out, err = newsletter("editions", "reconcile", DAY, "--log", tmp_path / "none.log")

    assert (code, out) == (1, "")
    assert "none.log cannot be read (No such file or directory)" in err
