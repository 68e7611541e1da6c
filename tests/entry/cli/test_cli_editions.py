"""`newsletter editions`: listed, explained, held, released, called off."""

import json
from datetime import date

import pytest
from builders import add_reader
from ledger_day import DAY, audits, delivery_of

from newsletter.adapters.smtp import MemoryTransport

pytestmark = pytest.mark.usefixtures("service")


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
