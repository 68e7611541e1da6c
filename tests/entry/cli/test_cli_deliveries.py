"""`newsletter deliveries` and `resend`: the ledger listed, counted, explained, sent again."""

import csv
import io
import json
from datetime import date, timedelta, timezone

import pytest
from builders import add_reader
from ledger_day import DAY, LATER, NOW, OUTCOMES, delivery_of

from newsletter.adapters.smtp import MemoryTransport
from newsletter.core.delivery.states import Outcome, Result

pytestmark = pytest.mark.usefixtures("service")


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

    before, after = NOW - timedelta(seconds=1), NOW + timedelta(days=1)
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
