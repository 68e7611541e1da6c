"""What greets a reader, and the language their mails and pages write dates in."""

import re

from builders import add_reader, wishes
from reader_desk import text_of


def test_who_confirms_is_welcomed_once_with_the_link_to_their_own_page(desk):
    desk.service.subscribe("eve@example.org", wishes("x"))
    desk.service.send_waiting()
    link = re.search(r"/confirm/([a-z0-9]+)", text_of(desk.relay.sent[0]))[1]
    desk.service.confirm(link)
    desk.service.confirm(link)

    (welcome,) = desk.mails()

    assert welcome == ("eve@example.org", "Welcome to Daily Papers")
    eve = desk.service.subscriber("eve@example.org")
    assert desk.token(eve) in text_of(desk.relay.sent[-1])
    assert desk.token(eve, "unsubscribe") in text_of(desk.relay.sent[-1])


def test_a_mail_and_its_page_write_the_date_in_the_readers_language(desk):
    add_reader(desk.service, "eve", "*", language="fr")
    add_reader(desk.service, "bob", "*")
    desk.collect(0, 0)
    desk.plan_for_everyone()
    desk.service.send_waiting()

    bodies = {one.recipient: text_of(one) for one in desk.relay.sent}

    assert "lundi 15 juin 2026" in bodies["eve@example.org"]
    assert "Monday, 15 June 2026" in bodies["bob@example.org"]
    view = re.search(r"/view/([a-z0-9]+)", bodies["eve@example.org"])[1]
    assert '<span lang="fr"' in desk.service.digest_page(view)
