"""What is stored about a reader: they see it, take it along, have it erased."""

import json

import pytest
from builders import add_reader, wishes
from reader_desk import on_both
from sqlalchemy import select

from newsletter.adapters.store.tables import AuditRow, DeliveryRow, SubscriberRow, SuppressionRow
from newsletter.core.addresses import hash_address
from newsletter.core.subscribers import Status
from newsletter.errors import LinkError


@on_both
def test_the_export_holds_all_and_nothing_of_others(desk, ada):
    add_reader(desk.service, "bob", "bobs own topic")
    desk.collect(0, 0)
    desk.plan_for_everyone()
    desk.service.send_waiting()
    desk.suppress("bob@example.org")

    found = json.loads(json.dumps(desk.service.export(desk.token(ada)).plain()))

    assert found["profile"]["address"] == "ada@example.org"
    assert found["topics"] == [{"name": "*", "filter": "*", "cap": None, "on": True}]
    (message,) = found["messages"]
    assert (message["kind"], message["state"]) == ("digest", "sent")
    assert message["papers"][0]["title"] == "Paper 100 about agents"
    assert found["suppression"] is None
    assert [note["action"] for note in found["notes"]] == ["add subscriber"]
    assert "bob" not in json.dumps(found)


def test_an_admin_exports_the_same(desk, ada):
    theirs = desk.service.export(desk.token(ada))

    assert desk.service.export_subscriber("Ada@Example.org") == theirs


def test_a_reader_sees_the_digests_of_the_last_days_only(desk, ada):
    desk.collect(0, 0)
    desk.plan_for_everyone()
    desk.service.send_waiting()

    assert [one.state.value for one in desk.service.digests_sent(desk.token(ada), days=90)] == [
        "sent"
    ]
    desk.clock.move(days=90)
    assert desk.service.digests_sent(desk.token(ada), days=90) == ()


@on_both
def test_erasing_leaves_nothing_that_names_the_reader(desk, ada):
    desk.collect(0, 0)
    desk.plan_for_everyone()
    desk.service.send_waiting()
    desk.ask_to_move(ada)
    before = desk.service.subscriber(ada.address)

    desk.service.erase(desk.token(before), never_again=False)

    left = desk.everything()
    assert "ada@" not in left
    assert hash_address(ada.address, desk.service.letterhead.hash_secret) not in left
    assert (desk.count(SubscriberRow), desk.count(DeliveryRow)) == (0, 0)
    with pytest.raises(LinkError):
        desk.service.subscriber_of(desk.token(ada))


def test_the_note_of_erasing_names_nobody(desk, ada):
    desk.service.erase(desk.token(ada), never_again=False)

    with desk.service.store.read() as session:
        note = session.scalars(select(AuditRow).order_by(AuditRow.id.desc())).first()
    assert (note.actor, note.action) == ("reader", "erase subscriber")
    assert note.subject == f"subscriber {ada.id}"


def test_an_erased_reader_is_mailed_nothing_that_waits(desk, ada):
    desk.collect(0, 0)
    desk.plan_for_everyone()

    desk.service.erase(desk.token(ada), never_again=False)

    assert desk.mails() == []


def test_an_erased_address_can_subscribe_anew_by_confirming(desk, ada):
    desk.service.erase(desk.token(ada), never_again=False)

    desk.service.subscribe(ada.address, wishes("x"))

    assert desk.service.subscriber(ada.address).status is Status.PENDING
    assert desk.service.subscriber(ada.address).id != ada.id


def test_who_asks_never_to_be_mailed_again_never_is(desk, ada):
    desk.service.erase(desk.token(ada), never_again=True)

    desk.service.subscribe(ada.address, wishes("x"))

    assert desk.mails() == []
    assert desk.count(SubscriberRow) == 0


def test_erasing_does_not_lift_a_suppression(desk, ada):
    desk.suppress(ada.address)

    desk.service.erase(desk.token(ada), never_again=False)

    assert desk.count(SuppressionRow) == 1


def test_a_reader_erased_while_a_batch_is_handed_over_does_not_lose_the_others(desk, ada):
    add_reader(desk.service, "bob", "*")
    desk.collect(0, 0)
    desk.plan_for_everyone()
    desk.refused = {"ada@example.org", "bob@example.org"}
    erase = desk._answer

    def answer(letter):
        if desk.count(SubscriberRow) == 2:
            desk.service.erase(desk.token(ada), never_again=False)
        return erase(letter)

    desk.relay._answer = answer
    desk.service.send_waiting()

    (left,) = desk.service.deliveries()
    assert (left.address, left.attempts) == ("bob@example.org", 1)
