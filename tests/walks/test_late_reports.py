"""Reports that come after a reader moved or was erased."""

from reader_desk import NEW

from newsletter.core.feedback.arriving import CameBy

BOUNCE = """\
To: {path}
Subject: Undelivered Mail Returned to Sender
Content-Type: multipart/report; report-type=delivery-status; boundary="edge"

--edge
Content-Type: text/plain

The message could not be handed to its reader.

--edge
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; ada@example.org
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 <ada@example.org> no such user here

--edge--
"""


def test_a_late_report_on_the_old_address_does_not_harm_the_new_one(desk, ada):
    desk.collect(0, 0)
    desk.plan_for_everyone()
    desk.service.send_waiting()
    (old,) = desk.relay.sent
    desk.service.move(desk.ask_to_move(ada))

    desk.service.take_in_report(BOUNCE.format(path=old.return_path).encode(), came_by=CameBy.STDIN)

    assert desk.suppressed() == {"ada@example.org"}


def test_a_new_address_that_does_not_exist_harms_nobodys_own(desk, ada):
    desk.ask_to_move(ada)
    asked = desk.relay.sent[-1]

    desk.service.take_in_report(
        BOUNCE.format(path=asked.return_path).encode().replace(b"ada@example.org", NEW.encode()),
        came_by=CameBy.STDIN,
    )

    assert desk.suppressed() == {NEW}


def test_what_servers_wrote_of_a_reader_is_erased_too(desk, ada):
    desk.collect(0, 0)
    desk.plan_for_everyone()
    desk.service.send_waiting()
    path = desk.relay.sent[-1].return_path
    desk.service.take_in_report(BOUNCE.format(path=path).encode(), came_by=CameBy.STDIN)

    desk.service.erase(desk.token(ada), never_again=False)

    assert "ada@" not in desk.everything()
