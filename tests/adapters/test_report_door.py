"""The door for reports: yes only after the commit, by LMTP and by SMTP."""

import smtplib
import threading

import pytest

from newsletter.adapters.embedded.report_door import ReportDoor
from newsletter.errors import SettingsError, StoreUnavailable

PATH, OTHER = "b+path@bounces.example", "b+other@bounces.example"
REPORT = b"Subject: Undelivered\r\n\r\nsorry\r\n..\r\n" + b"x" * 5000 + b"\r\n"


class Taken(list):
    """What was taken in; `trouble` raises for a recipient."""

    def __init__(self):
        super().__init__()
        self.trouble: dict[str, Exception] = {}

    def take(self, raw, recipient):
        if problem := self.trouble.get(recipient):
            raise problem
        self.append((raw, recipient))


@pytest.fixture
def taken():
    return Taken()


@pytest.fixture(params=[True, False], ids=["lmtp", "smtp"])
def is_lmtp(request):
    return request.param


@pytest.fixture
def door(taken, is_lmtp):
    with ReportDoor(
        host="127.0.0.1",
        port=0,
        is_lmtp=is_lmtp,
        take=taken.take,
        accepts=lambda address: address.startswith("b+"),
    ) as door:
        yield door


def client(door, is_lmtp):
    made = (smtplib.LMTP if is_lmtp else smtplib.SMTP)("127.0.0.1", door.port)
    made.ehlo_or_helo_if_needed()
    return made


def hand_over(client, *recipients, raw=REPORT) -> list[int]:
    """The codes after the final dot: one for each recipient by LMTP, one in all by SMTP."""
    client.docmd("MAIL FROM:<>")
    for recipient in recipients:
        client.docmd(f"RCPT TO:<{recipient}>")
    client.docmd("DATA")
    client.send(smtplib._fix_eols(smtplib._quote_periods(raw).decode()).encode() + b".\r\n")
    is_lmtp = isinstance(client, smtplib.LMTP)
    return [client.getreply()[0] for _ in (recipients if is_lmtp else "x")]


def test_a_report_is_taken_as_it_came_for_its_return_path(door, is_lmtp, taken):
    with client(door, is_lmtp) as to:
        assert hand_over(to, PATH) == [250]

    assert taken == [(REPORT, PATH)]


def test_an_address_that_we_never_made_is_refused(door, is_lmtp, taken):
    with client(door, is_lmtp) as to:
        to.docmd("MAIL FROM:<>")
        assert to.docmd("RCPT TO:<postmaster@bounces.example>")[0] == 550


def test_what_cannot_be_committed_is_put_off(door, is_lmtp, taken):
    for problem in (StoreUnavailable("the database is away"), ZeroDivisionError()):
        taken.trouble[PATH] = problem
        with client(door, is_lmtp) as to:
            assert hand_over(to, PATH) == [451]

    assert taken == []


def test_recipients_are_answered_each_for_itself_or_not_at_all(door, is_lmtp, taken):
    taken.trouble[PATH] = StoreUnavailable("the database is away")

    with client(door, is_lmtp) as to:
        codes = hand_over(to, PATH, OTHER)

    assert codes == ([451, 250] if is_lmtp else [451])


def test_a_line_of_any_length_is_taken(door, is_lmtp, taken):
    raw = b"Subject: long\r\n\r\n" + b"y" * 200_000 + b"\r\n"

    with client(door, is_lmtp) as to:
        assert hand_over(to, PATH, raw=raw) == [250]

    assert taken[0][0] == raw


def test_the_yes_waits_for_the_commit(taken, is_lmtp):
    asked, may_commit = threading.Event(), threading.Event()

    def take(raw, recipient):
        asked.set()
        assert may_commit.wait(20)
        taken.append((raw, recipient))

    def commit():
        assert asked.wait(20)
        taken.append("committing")
        may_commit.set()

    threading.Thread(target=commit, daemon=True).start()
    door = ReportDoor(host="127.0.0.1", port=0, is_lmtp=is_lmtp, take=take, accepts=bool)
    with door, client(door, is_lmtp) as to:
        assert hand_over(to, PATH) == [250]

    assert taken == ["committing", (REPORT, PATH)]


def test_a_taken_port_is_told(door, is_lmtp, taken):
    with (
        pytest.raises(SettingsError, match="listened for"),
        ReportDoor(
            host="127.0.0.1", port=door.port, is_lmtp=is_lmtp, take=taken.take, accepts=bool
        ),
    ):
        pass
