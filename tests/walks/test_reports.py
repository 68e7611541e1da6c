"""A bounce on its whole way: sent, come back into a mailbox, taken in, acted upon, told."""

from datetime import timedelta

import pytest
from builders import Clock, a_newsletter, a_paper, a_renderer, add_reader, settings_for
from sqlmodel import col, func, select

from newsletter.adapters.store import mailboxes, reports
from newsletter.adapters.store.tables import ReportRow
from newsletter.core.feedback.arriving import CameBy, Fate

DEAD = """\
From: MAILER-DAEMON@mx.example.net
To: {path}
Subject: Undelivered Mail Returned to Sender
Message-ID: <{number}@mx.example.net>
Content-Type: multipart/report; report-type=delivery-status; boundary="edge"

--edge
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; {recipient}
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 no such user

--edge--
"""


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def maildir(tmp_path):
    path = tmp_path / "Maildir"
    for name in ("new", "cur", "tmp"):
        (path / name).mkdir(parents=True)
    return path


@pytest.fixture
def service(tmp_path, clock, maildir):
    """A service that polls two mailboxes, of which the first is not there, with mail sent."""
    settings = settings_for(
        tmp_path, reports_url=f"maildir://{tmp_path / 'gone'}, maildir://{maildir}"
    )
    with a_newsletter(
        tmp_path, papers=[a_paper()], clock=clock, settings=settings, renderer=a_renderer()
    ) as service:
        for name in ("ada", "ben"):
            add_reader(service, name)
        service.run(everyone=True)
        yield service


def bounces(service, maildir) -> None:
    """Every message that was sent comes back."""
    for number, letter in enumerate(service.parts.transport.sent):
        raw = DEAD.format(path=letter.return_path, recipient=letter.recipient, number=number)
        (maildir / "new" / f"{number}.host").write_bytes(raw.encode())


def left(maildir) -> list[str]:
    return sorted(path.name for path in (maildir / "new").iterdir())


def test_what_comes_back_is_taken_in_and_ends_the_mail(service, maildir, clock):
    bounces(service, maildir)

    assert service.poll_reports() == 2

    assert left(maildir) == []
    assert [one.fate for one in service.reports()] == [Fate.COUNTED] * 2
    clock.move(days=1)
    service.parts.sources[0].days[clock().date()] = [a_paper(7, featured_on=clock().date())]
    assert service.run(everyone=True).counts == {}


def test_a_mailbox_that_is_away_is_told_and_does_not_stop_the_others(service, maildir, clock):
    bounces(service, maildir)
    service.poll_reports()

    boxes = {one.name: one for one in service.report_mailboxes()}

    assert "gone" in next(name for name, one in boxes.items() if one.problem)
    assert boxes[f"maildir://{maildir}"].taken == 2
    assert boxes[f"maildir://{maildir}"].looked_at == clock()


def test_the_status_tells_which_mailbox_is_not_emptied(service, maildir, clock):
    service.poll_reports()
    clock.move(hours=1)
    bounces(service, maildir)

    first, second = [
        one for one in service.status().stale if "bounces and complaints" in one.lower()
    ]

    assert "gone' cannot be used" in first
    assert f"Nobody looks into maildir://{maildir}" in second


def test_junk_is_kept_counted_and_moved_on_from(service, maildir):
    (maildir / "new" / "00.host").write_bytes(b"\x00\xff" * 300_000)
    (maildir / "new" / "01.host").write_bytes(b"")
    bounces(service, maildir)

    service.poll_reports()

    assert left(maildir) == []
    assert [one.fate for one in service.reports(fate=Fate.UNREAD)] == [Fate.UNREAD] * 2


def test_what_was_committed_and_not_removed_counts_once(service, maildir):
    bounces(service, maildir)
    for path in (maildir / "new").iterdir():
        service.take_in_report(path.read_bytes(), came_by=CameBy.MAILDIR)

    assert service.poll_reports() == 2

    assert left(maildir) == []
    assert len(service.reports()) == 2


def test_one_worker_at_a_time_empties_a_mailbox(service, maildir, clock):
    bounces(service, maildir)
    with service.store.write() as session:
        mailboxes.claim_mailbox(session, f"maildir://{maildir}", now=clock())

    assert service.poll_reports() == 0
    clock.move(seconds=mailboxes.LEASE.total_seconds())

    assert service.poll_reports() == 2  # whoever had it has died


def test_who_only_looks_for_what_is_late_leaves_a_fresh_look_alone(service, maildir, clock):
    service.poll_reports()
    bounces(service, maildir)

    assert service.poll_reports(only_late=True) == 0
    clock.move(minutes=2)

    assert service.poll_reports(only_late=True) == 2


def test_who_is_asked_to_stop_leaves_the_rest_for_the_next(service, maildir):
    bounces(service, maildir)

    assert service.poll_reports(is_stopping=lambda: True) == 1

    assert len(left(maildir)) == 1


def test_a_deliverys_history_tells_its_reports(service, maildir):
    bounces(service, maildir)
    service.poll_reports()
    letter = service.parts.transport.sent[0]

    (told,) = service.delivery(str(letter.delivery_id)).reports

    assert (told.kind, told.cause, told.reply) == ("hard", "no such mailbox", told.reply)
    assert "no such user" in told.reply


def test_old_and_surplus_reports_are_let_go(service, clock, monkeypatch):
    monkeypatch.setattr(reports, "MOST_KEPT", 2)
    monkeypatch.setattr(reports, "MOST_IDLE", 4)
    for number in range(6):
        service.take_in_report(b"Subject: hello %d" % number, came_by=CameBy.STDIN)

    service.poll_reports()

    assert counted(service) == (4, 2)
    clock.move(days=reports.KEPT_FOR / timedelta(days=1))
    with service.store.write() as session:
        reports.prune(session, now=clock())
    assert counted(service) == (0, 0)


def counted(service) -> tuple[int, int]:
    """Rows, and messages kept whole."""
    with service.store.read() as session:
        query = select(func.count(), func.count(col(ReportRow.raw))).select_from(ReportRow)
        return tuple(session.execute(query).one())


def test_only_addresses_that_we_made_take_mail(service):
    path = service.parts.transport.sent[0].return_path

    assert service.takes_mail_for(path)
    assert service.takes_mail_for(f"<{path.upper()}>")
    assert not service.takes_mail_for("b+" + "a" * 26 + "@example.org")
    assert not service.takes_mail_for("papers@example.org")
