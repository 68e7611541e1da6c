"""Reports taken in: whom they act on, and on whom they never do."""

import pytest
from builders import Clock, a_newsletter, a_paper, a_renderer, add_reader, settings_for

from newsletter.core.delivery.states import Outcome, Result, State
from newsletter.core.feedback.arriving import CameBy, Fate, read_arrival, unread_arrival
from newsletter.errors import Refused

DSN = """\
From: Mail Delivery System <MAILER-DAEMON@mx.example.net>
To: {path}
Subject: Undelivered Mail Returned to Sender
Date: Mon, 15 Jun 2026 12:0{number}:00 +0000
Message-ID: <notice{number}@mx.example.net>
Content-Type: multipart/report; report-type=delivery-status; boundary="edge"

--edge
Content-Type: text/plain

The message could not be handed to its reader.

--edge
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; {recipient}
Action: failed
Status: {status}
Diagnostic-Code: smtp; {reply}

--edge
Content-Type: text/rfc822-headers

{returned}

--edge--
"""
DEAD = "550 5.1.1 no such user here"
FULL = "552 5.2.2 mailbox is full"


@pytest.fixture
def clock():
    return Clock()


BOTH = pytest.mark.parametrize("service", ["sqlite", "postgres"], indirect=True)


@pytest.fixture
def service(request, tmp_path, clock):
    """A service with one reader, ada; on SQLite where the test does not ask for BOTH."""
    settings = settings_for(tmp_path)
    if getattr(request, "param", "sqlite") == "postgres":
        settings = settings_for(tmp_path, database_url=request.getfixturevalue("postgres_url"))
    paper = a_paper()
    with a_newsletter(
        tmp_path, papers=[paper], clock=clock, settings=settings, renderer=a_renderer()
    ) as service:
        add_reader(service, "ada")
        yield service


def a_dsn(path="", *, reply=DEAD, recipient="ada@example.org", number=1, returned="") -> bytes:
    status = reply.split()[1]
    words = {"path": path, "reply": reply, "recipient": recipient, "status": status}
    return DSN.format(**words, number=number, returned=returned or "Subject: x").encode()


def sent(service, clock, *, days=0):
    """The next digest's letter to ada; so many days later."""
    clock.move(days=days)
    today = clock().date()
    service.parts.sources[0].days[today] = [a_paper(10 + today.day, featured_on=today)]
    service.run(everyone=True)
    return [one for one in service.parts.transport.sent if one.recipient == "ada@example.org"][-1]


def take(service, raw, **values):
    return service.take_in_report(raw, came_by=CameBy.STDIN, **values)


def suppressed_because(service, delivery_id) -> str:
    return service.delivery(str(delivery_id)).suppressed_because


@BOTH
def test_a_dead_address_is_suppressed_at_once(service, clock):
    letter = sent(service, clock)

    taken = take(service, a_dsn(letter.return_path))

    assert (taken.fate, taken.delivery_id) == (Fate.COUNTED, letter.delivery_id)
    assert suppressed_because(service, letter.delivery_id) == (
        "hard bounce: no such mailbox, 5.1.1"
    )


def test_the_address_that_the_mail_system_names_counts_first(service, clock):
    letter = sent(service, clock)

    taken = take(service, a_dsn("papers@example.org"), envelope_to=letter.return_path.upper())

    assert taken.delivery_id == letter.delivery_id


def test_what_was_sent_stays_sent(service, clock):
    letter = sent(service, clock)

    take(service, a_dsn(letter.return_path))

    assert service.delivery(str(letter.delivery_id)).delivery.state is State.SENT


@BOTH
def test_a_report_seen_twice_counts_once_whichever_way_it_came(service, clock):
    letter = sent(service, clock)
    raw = a_dsn(letter.return_path)
    other = b"Received: from a by b\r\nX-Spam-Score: 0\r\n" + raw.replace(b"\n", b"\r\n")

    first = take(service, raw)
    second = service.take_in_report(
        other, came_by=CameBy.LMTP, envelope_to=f"<{letter.return_path}>"
    )

    assert (first.fate, second.fate) == (Fate.COUNTED, Fate.REPEATED)
    assert second.report_id is None


def test_one_message_that_speaks_to_two_paths_counts_for_both(service, clock):
    add_reader(service, "ben")
    sent(service, clock)
    paths = [letter.return_path for letter in service.parts.transport.sent]

    taken = [take(service, a_dsn("papers@example.org"), envelope_to=path) for path in paths]

    assert [one.fate for one in taken] == [Fate.COUNTED] * 2


def test_a_forged_return_path_acts_on_nobody(service, clock):
    letter = sent(service, clock)
    path = letter.return_path
    forged = path[:4] + ("b" if path[4] != "b" else "c") + path[5:]

    taken = take(service, a_dsn(forged))

    assert (taken.fate, taken.delivery_id) == (Fate.UNCLAIMED, None)
    assert suppressed_because(service, letter.delivery_id) == ""


def test_a_recipient_who_is_only_named_is_nobody(service, clock):
    letter = sent(service, clock)

    taken = take(service, a_dsn("papers@example.org"))

    assert taken.fate is Fate.UNCLAIMED
    assert suppressed_because(service, letter.delivery_id) == ""


def test_a_return_path_inside_the_returned_message_counts(service, clock):
    letter = sent(service, clock)
    returned = f"Return-Path: <{letter.return_path}>\nSubject: papers"

    taken = take(service, a_dsn("feedback@example.org", returned=returned))

    assert taken.delivery_id == letter.delivery_id


@BOTH
@pytest.mark.parametrize(
    ("recipient", "is_ours"), [("ADA@example.org", True), ("eve@x.org", False)]
)
def test_a_message_id_counts_only_for_its_own_reader(service, clock, recipient, is_ours):
    letter = sent(service, clock)
    message_id = service.delivery(str(letter.delivery_id)).delivery.message_id
    returned = f"Message-ID: {message_id}\nSubject: papers"

    taken = take(service, a_dsn("feedback@example.org", recipient=recipient, returned=returned))

    assert (taken.delivery_id == letter.delivery_id) is is_ours


def test_what_waits_for_a_dead_address_goes_nowhere(service, clock):
    letter = sent(service, clock)
    service.parts.transport._answer = lambda letter: Outcome(result=Result.DEFERRED, code=450)
    sent(service, clock, days=1)

    take(service, a_dsn(letter.return_path))

    newest = service.deliveries()[0]
    assert newest.state is State.SKIPPED
    assert "suppressed (hard bounce: no such mailbox, 5.1.1)" in newest.last_text


def test_one_day_raises_the_score_once(service, clock):
    letter = sent(service, clock)

    for number in range(8):
        take(service, a_dsn(letter.return_path, reply=FULL, number=number))

    assert suppressed_because(service, letter.delivery_id) == ""


def test_five_bad_days_end_the_mail(service, clock):
    because = []
    for number in range(5):
        letter = sent(service, clock, days=1)
        taken = take(service, a_dsn(letter.return_path, reply=FULL, number=number))
        because.append(taken.suppressed_because)

    assert because[:4] == [""] * 4
    assert because[4] == "soft bounces on 5 days within 30, the last: mailbox full, 5.2.2"


@BOTH
def test_a_mail_that_arrived_in_between_begins_the_score_anew(service, clock):
    for number in range(4):
        letter = sent(service, clock, days=1)
        take(service, a_dsn(letter.return_path, reply=FULL, number=number))
    sent(service, clock, days=1)  # of this one nothing is heard
    letter = sent(service, clock, days=7)

    taken = take(service, a_dsn(letter.return_path, reply=FULL, number=9))

    assert taken.suppressed_because == ""


@BOTH
def test_a_suppression_and_the_history_outlive_the_reader(service, clock):
    letter = sent(service, clock)
    take(service, a_dsn(letter.return_path))

    service.remove_subscriber("ada@example.org", actor="admin")

    with pytest.raises(Refused, match="suppressed"):
        add_reader(service, "ada")


def test_what_outlives_the_reader_does_not_name_them(service, clock):
    letter = sent(service, clock)
    take(service, a_dsn(letter.return_path, reply="550 5.1.1 <Ada@example.org>: no such user"))

    service.remove_subscriber("ada@example.org", actor="admin")

    (kept,) = service.reports()
    assert "no such user" in kept.reply
    assert "ada" not in repr(service.report(kept.id)).lower()


def test_what_our_reading_failed_on_can_be_given_again(service, clock):
    letter = sent(service, clock)
    raw = a_dsn(letter.return_path)
    (unread,) = service.take_in_events([unread_arrival(raw, came_by=CameBy.STDIN)])

    again = take(service, raw)

    assert (unread.fate, again.fate) == (Fate.UNREAD, Fate.COUNTED)


def test_a_report_on_a_reader_who_was_forgotten_acts_on_nobody(service, clock):
    letter = sent(service, clock)
    service.remove_subscriber("ada@example.org", actor="admin")

    taken = take(service, a_dsn(letter.return_path))

    assert (taken.fate, taken.delivery_id) == (Fate.UNCLAIMED, None)


def test_of_several_behind_one_address_a_dead_one_does_not_end_the_mail(service, clock):
    letter = sent(service, clock)
    first = a_dsn(letter.return_path, recipient="one@lab.example", reply=FULL).decode()
    dead = "\n\nFinal-Recipient: rfc822; two@lab.example\nAction: failed\nStatus: 5.1.1\n"
    raw = first.replace("mailbox is full\n", f"mailbox is full{dead}", 1).encode()

    taken = take(service, raw)

    assert len(read_arrival(raw, came_by=CameBy.STDIN).report.records) == 2
    assert (taken.fate, taken.suppressed_because) == (Fate.COUNTED, "")


@BOTH
@pytest.mark.parametrize(
    ("raw", "fate"),
    [
        (b"Subject: hello\n\nHow are you?\n", Fate.UNREAD),
        (b"", Fate.UNREAD),
        (b"\x00\xff" * 5000, Fate.UNREAD),
        (b"Subject: Out of office\nAuto-Submitted: auto-replied\n\nI am away.\n", Fate.IGNORED),
    ],
    ids=["a letter", "nothing", "noise", "vacation"],
)
def test_what_is_no_report_is_kept_and_acts_on_nobody(service, clock, raw, fate):
    letter = sent(service, clock)

    taken = take(service, raw, envelope_to=letter.return_path)

    assert (taken.fate, taken.suppressed_because) == (fate, "")
    assert taken.report_id is not None
