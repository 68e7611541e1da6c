"""What tells one report from another, and who speaks for a reader."""

import pytest

from newsletter.core.feedback.arriving import (
    deciding,
    key_of,
    messages_in_mbox,
    read_arrival,
)
from newsletter.core.feedback.intake import CameBy
from newsletter.core.reports import Kind, Record

RAW = (
    b"Received: from a by b; Mon, 15 Jun 2026 12:00:00 +0000\nDelivered-To: x@y.example\n"
    b"Message-ID: <1@mx.example>\nSubject: Undelivered\n\nSorry.\nFrom now on it is gone.\n"
)


@pytest.mark.parametrize(
    "other",
    [
        RAW.replace(b"\n", b"\r\n"),
        RAW.replace(b"Received: from a by b", b"Received: from c by d\n\tover and over"),
        b"From MAILER-DAEMON Mon Jun 15 12:00:00 2026\n" + RAW + b"\n\n",
        b"X-Spam-Status: No\nReturn-Path: <>\n" + RAW,
        RAW.replace(b"\nFrom now", b"\n>From now"),
    ],
    ids=["line ends", "another way", "in an mbox", "marked on the way", "quoted"],
)
def test_a_message_has_one_key_whichever_way_it_came(other):
    assert key_of(other) == key_of(RAW)


@pytest.mark.parametrize(
    "other",
    [
        RAW.replace(b"<1@", b"<2@"),
        RAW.replace(b"Sorry", b"We are sorry"),
        b"",
        b"\n",
        b"noise",
        b"noise without end",
        b"\x00\xff" * 10,
    ],
)
def test_another_message_has_another_key(other):
    assert key_of(other) != key_of(RAW)
    assert key_of(other) == key_of(b"") or other.strip()


def a_record(recipient, kind=Kind.HARD) -> Record:
    return Record(recipient=recipient, kind=kind, cause="no such mailbox")


@pytest.mark.parametrize(
    ("records", "chosen"),
    [
        ((), None),
        ((a_record("Ada@EXAMPLE.org"),), 0),
        ((a_record("ben@example.org"),), 0),
        ((a_record(None),), 0),
        ((a_record("ben@example.org", Kind.SOFT), a_record("<ada@example.org>")), 1),
        ((a_record("ben@example.org"), a_record("eve@example.org", Kind.SOFT)), 1),
    ],
    ids=["none", "ours", "where ours leads", "hidden", "ours among others", "a group"],
)
def test_the_own_record_speaks_else_the_mildest(records, chosen):
    expected = records[chosen] if chosen is not None else None

    assert deciding(records, "ada@example.org") is expected


def test_our_return_path_is_found_wherever_it_stands():
    path = "b+" + "a2" * 12 + "@example.org"
    raw = RAW + f"\n> sent from <{path}> to you\n".encode()

    arrival = read_arrival(raw, came_by=CameBy.STDIN, envelope_to="reports@example.org")

    assert arrival.return_paths[0] == "reports@example.org"
    assert path in arrival.return_paths


def test_an_mbox_is_parted_at_its_message_lines_only():
    line = b"From a@b Mon Jun 15 12:00:00 2026\n"
    text = line + b"one\n\nFrom the heart\n\n" + line + b"two\n" + line + b"\n"

    found = list(messages_in_mbox(text.splitlines(keepends=True)))

    assert [one.split()[0] for one in found] == [b"one", b"two"]
    assert b"From the heart" in found[0]
