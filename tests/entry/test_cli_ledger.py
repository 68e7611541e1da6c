"""The ledger in an admin's hands: listed, counted, explained, held, sent again, reconciled."""

import csv
import gzip
import io
import json
import os
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from builders import Clock, MemorySource, a_newsletter, a_paper, add_reader, settings_for
from sqlmodel import select

from newsletter.adapters.smtp import MemoryTransport
from newsletter.adapters.store.tables import AuditRow
from newsletter.cli.root import run
from newsletter.core.delivery.states import Outcome, Result

NOW = datetime.now(UTC)  # the commands go by the database's own clock
DAY = NOW.date().isoformat()
LATER = "451 4.7.1 <bob@example.org>: try again later"
OUTCOMES = {
    "bob@example.org": Outcome(result=Result.DEFERRED, code=451, status="4.7.1", text=LATER[4:]),
    "eve@example.org": Outcome(
        result=Result.FAILED, code=554, status="5.7.1", text="5.7.1 eve@example.org: not wanted"
    ),
}
SENT = Outcome(result=Result.SENT, code=250, status="2.0.0", text="2.0.0 OK")


@pytest.fixture
def service(tmp_path, monkeypatch):
    """Ada has her digest, Bob's waits for another try, Eve's was refused."""
    for name in [name for name in os.environ if name.startswith("NEWSLETTER_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("NEWSLETTER_DATABASE_URL", f"sqlite:///{tmp_path / 'newsletter.db'}")
    monkeypatch.setenv("NEWSLETTER_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("NEWSLETTER_SOURCES", f"folder:{tmp_path}")
    monkeypatch.setenv("COLUMNS", "80")
    made = a_newsletter(
        tmp_path,
        sources=(MemorySource({NOW.date(): [a_paper(1, featured_on=NOW.date())]}),),
        clock=Clock(NOW),
        settings=settings_for(tmp_path),
        transport=MemoryTransport(lambda letter: OUTCOMES.get(letter.recipient, SENT)),
    )
    for name in ("ada", "bob", "eve"):
        add_reader(made, name)
    made.run(date.fromisoformat(DAY), everyone=True)
    yield made
    made.close()


@pytest.fixture
def newsletter(service, capsys):
    """Run a command in this process: its exit code, stdout and stderr."""

    def command(*words: object) -> tuple[int, str, str]:
        code = run([str(word) for word in words])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return command


def delivery_of(service, name: str):
    return service.deliveries(address=f"{name}@example.org", limit=1)[0]


def audits(service) -> list[tuple[str, str, str]]:
    with service.store.read() as session:
        return [(row.action, row.subject, row.because) for row in session.scalars(select(AuditRow))]


def test_what_failed_is_listed_with_the_relays_words_and_the_next_step(newsletter):
    code, out, err = newsletter("deliveries", "list", "--edition", DAY, "--state", "failed")

    assert code == 0
    assert "eve@example.org" in out
    assert "554 5.7.1" in out
    assert "ada@example.org" not in out
    assert f"newsletter resend {DAY} --missing" in err


def test_several_states_and_a_domain_narrow_the_list(newsletter):
    words = ("deliveries", "list", "--state", "failed", "--state", "sent", "--json")

    both = json.loads(newsletter(*words, "--domain", "Example.ORG")[1])["deliveries"]
    none = json.loads(newsletter(*words, "--domain", "example.com")[1])["deliveries"]

    assert [one["address"] for one in both] == ["eve@example.org", "ada@example.org"]
    assert none == []


@pytest.mark.parametrize("narrowed", [(), ("--edition", DAY)], ids=["all", "edition"])
def test_the_list_goes_on_behind_its_last_line(newsletter, narrowed):
    def page(*words: str) -> list[int]:
        out = newsletter("deliveries", "list", *narrowed, "--limit", 2, "--json", *words)[1]
        return [one["id"] for one in json.loads(out)["deliveries"]]

    first = page()
    rest = page("--after", str(first[-1]))

    assert sorted(first + rest) == [1, 2, 3]
    assert first + rest == sorted(first + rest, reverse=True)


def test_what_happened_since_an_instant_is_listed(newsletter, service):
    def since(instant: str) -> int:
        out = newsletter("deliveries", "list", "--since", instant, "--json")[1]
        return len(json.loads(out)["deliveries"])

    before, after = NOW - timedelta(seconds=1), NOW + timedelta(hours=1)
    assert since(before.isoformat()) == 3
    assert since(before.astimezone(timezone(timedelta(hours=2))).isoformat()) == 3
    assert since(after.replace(tzinfo=None).isoformat()) == 0


def test_counts_are_shown_by_state_and_domain(newsletter, service):
    code, out, _ = newsletter("deliveries", "list", "--edition", DAY, "--count")
    told = json.loads(newsletter("deliveries", "list", "--count", "--json")[1])

    assert code == 0
    assert out.split()[:5] == ["Domain", "pending", "sent", "failed", "All"]
    assert told == {
        "count": 3,
        "by_state": {"pending": 1, "sent": 1, "failed": 1},
        "by_domain": {"example.org": {"pending": 1, "sent": 1, "failed": 1}},
    }


def test_the_list_is_csv_for_a_spreadsheet(newsletter):
    code, out, err = newsletter("deliveries", "list", "--csv", "--all")

    rows = list(csv.DictReader(io.StringIO(out)))
    assert (code, err) == (0, "")
    assert [row["address"].partition("@")[0] for row in rows] == ["eve", "bob", "ada"]
    assert rows[1]["last_text"] == LATER[4:]


def test_a_cell_that_a_spreadsheet_would_run_is_only_text(newsletter, service):
    OUTCOMES["zoe@example.org"] = Outcome(result=Result.FAILED, code=550, text="=HYPERLINK(1)")
    add_reader(service, "zoe")
    service.run(date.fromisoformat(DAY), everyone=True)
    del OUTCOMES["zoe@example.org"]

    rows = csv.DictReader(io.StringIO(newsletter("deliveries", "list", "--csv")[1]))

    assert next(rows)["last_text"] == "'=HYPERLINK(1)"


def test_a_delivery_tells_each_try_with_the_relays_words(newsletter, service):
    bob = delivery_of(service, "bob")
    service.store._clock.move(minutes=10)
    service.parts.__dict__["transport"] = MemoryTransport()
    service.send_waiting()

    code, out, _ = newsletter("deliveries", "show", bob.id)
    told = json.loads(newsletter("deliveries", "show", bob.id, "--json")[1])

    assert code == 0
    words = ("planned", "pending", "451 4.7.1", "sent", bob.message_id, "Paper 1 about agents")
    assert all(word in out for word in words)
    assert [(one["state"], one["code"]) for one in told["attempts"]] == [("pending", 451)]
    assert told["delivery"]["state"] == "sent"


def test_a_delivery_that_was_sent_at_once_costs_the_history_nothing(service):
    assert service.delivery(str(delivery_of(service, "ada").id)).attempts == ()


def test_a_delivery_is_found_by_its_message_id(newsletter, service):
    eve = delivery_of(service, "eve")

    code, out, err = newsletter("deliveries", "show", eve.message_id)

    assert code == 0
    assert f"{eve.id}, digest of edition {DAY}" in out
    assert f"newsletter resend {DAY} --to eve@example.org" in err


@pytest.mark.parametrize("name", ["4812", "<nobody@knows.example>", "9" * 30])
def test_a_delivery_that_is_not_there_ends_with_1(newsletter, name):
    code, out, err = newsletter("deliveries", "show", name)

    assert (code, out) == (1, "")
    assert f"There is no delivery {name}" in err


def test_a_resend_is_shown_with_what_it_is_a_resend_of(newsletter, service):
    newsletter("resend", DAY, "--to", "eve@example.org", "--reason", "mended")
    first, second = sorted(service.deliveries(address="eve@example.org"), key=lambda one: one.id)

    old = newsletter("deliveries", "show", first.id)[1]
    new = newsletter("deliveries", "show", second.id)[1]

    assert f"delivery {second.id}" in old
    assert f"delivery {first.id}" in new
    assert "mended" in new


def test_editions_are_listed_with_their_counts(newsletter):
    code, out, err = newsletter("editions", "list")
    (told,) = json.loads(newsletter("editions", "list", "--json")[1])["editions"]

    assert code == 0
    assert "33.3" in out
    assert f"newsletter editions show {DAY}" in err
    assert told["counts"] == {"pending": 1, "sent": 1, "failed": 1}
    assert told["deferred"] == 1


def test_an_edition_tells_why_its_mails_did_not_go_out(newsletter):
    code, out, err = newsletter("editions", "show", DAY)
    told = json.loads(newsletter("editions", "show", DAY, "--json")[1])

    assert code == 0
    assert "5.7.1 …: not wanted" in out
    assert "4.7.1 …: try again later" in out
    assert "--missing" in err
    assert {(one["state"], one["code"], one["count"]) for one in told["causes"]} == {
        ("failed", 554, 1),
        ("pending", 451, 1),
    }


@pytest.mark.parametrize("verb", ["show", "hold", "release", "cancel"])
def test_an_edition_that_is_not_there_ends_with_1_and_where_to_look(newsletter, verb):
    reason = () if verb == "show" else ("--reason", "x")

    code, out, err = newsletter("editions", verb, "2026-06-01", *reason)

    assert (code, out) == (1, "")
    assert "There is no edition 2026-06-01" in err


def test_a_held_edition_waits_until_it_is_released(newsletter, service):
    code, out, err = newsletter("editions", "hold", DAY, "--reason", "a wrong paper")
    service.store._clock.move(minutes=10)
    service.parts.__dict__["transport"] = MemoryTransport()

    assert (code, out) == (0, f"Held edition {DAY}: 1 mail not sent yet.\n")
    assert f"newsletter editions release {DAY}" in err
    assert service.send_waiting() == 0
    assert "held" in newsletter("editions", "list")[1]

    code, out, _ = newsletter("editions", "release", DAY)

    assert (code, out) == (0, f"Released edition {DAY}: 1 mail to send.\n")
    assert service.send_waiting() == 1
    assert [one[:2] for one in audits(service)[-2:]] == [
        ("hold edition", f"edition {DAY}"),
        ("release edition", f"edition {DAY}"),
    ]


def test_a_release_of_what_is_not_held_is_refused(newsletter):
    code, out, err = newsletter("editions", "release", DAY)

    assert (code, out) == (1, "")
    assert "is open, not held" in err


def test_a_cancelled_edition_skips_what_waits_and_keeps_what_was_sent(newsletter, service):
    shown = newsletter("editions", "cancel", DAY, "--reason", "wrong papers", "--dry-run")
    code, out, _ = newsletter("editions", "cancel", DAY, "--reason", "wrong papers")

    assert shown[:2] == (0, f"Would skip 1 mail of edition {DAY}.\n")
    assert code == 0
    assert out == f"Cancelled edition {DAY}: 1 mail skipped; 1 mail had gone out.\n"
    bob = delivery_of(service, "bob")
    assert (bob.state, bob.last_text) == ("skipped", "its edition was cancelled: wrong papers")
    assert delivery_of(service, "ada").state == "sent"
    assert newsletter("editions", "release", DAY)[0] == 1
    assert audits(service)[-1] == ("cancel edition", f"edition {DAY}", "wrong papers")


def test_what_is_planned_into_a_cancelled_edition_is_skipped_with_the_reason(newsletter, service):
    newsletter("editions", "cancel", DAY, "--reason", "wrong papers")
    add_reader(service, "zoe")
    service.run(date.fromisoformat(DAY), everyone=True)

    service.sweep()

    assert delivery_of(service, "zoe").state == "skipped"


def test_a_resend_of_all_who_lack_theirs_says_its_set_and_needs_a_reason(newsletter, service):
    without = newsletter("resend", DAY, "--missing")
    code, out, err = newsletter("resend", DAY, "--missing", "--reason", "mended")

    assert without[0] == 2
    assert "--reason" in without[2]
    assert code == 0
    assert "once more to 1 reader" in err
    assert "were     failed 1" in err
    assert out.startswith(f"Resent 1 digest (edition {DAY}, delivery ")


def test_a_resend_tells_programs_each_reader_and_the_counts(newsletter):
    code, out, err = newsletter(
        *("resend", DAY, "--failed", "--reason", "mended", "--dry-run", "--json")
    )

    told = json.loads(out)
    assert (code, err) == (0, "")
    assert [(one["address"], one["state"]) for one in told["readers"]] == [
        ("eve@example.org", "failed")
    ]
    assert (told["count"], told["by_state"], told["is_dry_run"]) == (1, {"failed": 1}, True)


def test_nobody_left_to_resend_to_is_no_failure(newsletter):
    code, out, err = newsletter("resend", DAY, "--state", "expired", "--reason", "late")

    assert code == 0
    assert "Resent 0 digests" in out
    assert "Nobody is left" in err


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
    assert "none.log" in err


def test_one_snapshot_of_an_edition_is_shown(newsletter):
    code, out, _ = newsletter("watch", DAY, "--once")
    told = json.loads(newsletter("watch", "--json")[1])

    assert code == 0
    assert all(word in out for word in ("planned", "deferred", "time left", "example.org"))
    assert (told["edition"], told["planned"], told["deferred"]) == (DAY, 3, 1)
    assert told["domains"][0]["counts"] == {"pending": 1, "sent": 1, "failed": 1}


def test_a_watch_without_a_terminal_is_a_line_a_look_until_nothing_is_left(newsletter, service):
    service.cancel_edition(date.fromisoformat(DAY), because="enough", actor="admin")

    code, out, err = newsletter("watch", DAY)

    assert code == 0
    assert out.splitlines() == [f"{DAY}, 1 of 3 sent, 1 failed, 1 skipped or expired, 0 a second"]
    assert f"newsletter editions show {DAY}" in err


def test_there_is_nothing_to_watch_before_the_first_edition(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("NEWSLETTER_DATA_DIR", str(tmp_path / "new"))

    assert run(["watch"]) == 1
    assert "There is no edition yet" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ["deliveries", "list"],
        ["deliveries", "list", "--count"],
        ["deliveries", "show", "2"],
        ["editions", "list"],
        ["editions", "show", DAY],
        ["watch", "--once"],
    ],
    ids=" ".join,
)
def test_tables_fit_a_narrow_terminal(newsletter, words):
    out = newsletter(*words)[1]

    assert max(map(len, out.splitlines())) <= 80
