"""A move to another address, up to the relay: only the new one's yes moves anything."""

import pytest
from builders import wishes
from reader_desk import NEW, on_both

from newsletter.adapters.store.tables import RecipientRow, SubscriberRow
from newsletter.core.delivery.states import Kind
from newsletter.errors import AddressError, LinkError, Refused


def test_until_the_new_address_says_yes_nothing_changes(desk, ada):
    assert desk.ask_to_move(ada)

    assert desk.service.subscriber("ada@example.org") == ada


@on_both
def test_the_new_address_gets_what_waits_and_the_old_one_a_note(desk, ada):
    desk.collect(0, 0)
    link = desk.ask_to_move(ada)
    desk.plan_for_everyone()

    moved = desk.service.move(link)

    assert moved.address == NEW
    assert (moved.wishes, moved.next_due_at) == (ada.wishes, ada.next_due_at)
    assert sorted(desk.mails()) == [
        ("ada@example.org", "Your Daily Papers go to another address now"),
        (NEW, "Paper 100 about agents"),
    ]


def test_a_moved_reader_is_counted_with_the_new_domain_and_its_suppressions(desk, ada):
    desk.service.move(desk.ask_to_move(ada))
    desk.suppress(NEW)
    desk.collect(0, 0)
    desk.plan_for_everyone()

    assert [to for to, _ in desk.mails()] == ["ada@example.org"]  # the note only
    assert desk.service.deliveries(domain="new.example.org")


def test_pressing_the_button_twice_moves_once(desk, ada):
    link = desk.ask_to_move(ada)
    desk.service.move(link)

    again = desk.service.move(link)

    assert again.address == NEW
    assert len(desk.mails()) == 1


@pytest.mark.parametrize("obstacle", ["another reader", "suppressed", "asked too often"])
def test_an_address_that_cannot_be_had_is_not_mailed_and_nobody_learns_why(desk, ada, obstacle):
    if obstacle == "another reader":
        desk.service.add_subscriber(NEW, wishes("x"), is_confirmed=True)
    if obstacle == "suppressed":
        desk.suppress(NEW)
    if obstacle == "asked too often":
        for _ in range(3):
            desk.service.subscribe(NEW, wishes("x"))
        desk.service.send_waiting()

    assert desk.ask_to_move(ada) == ""


def test_confirmations_and_moves_to_an_address_are_three_a_day_together(desk, ada):
    desk.ask_to_move(ada)
    desk.ask_to_move(ada)

    for _ in range(3):
        desk.service.subscribe(NEW, wishes("x"))

    assert len(desk.mails()) == 1


def test_only_the_newest_link_moves(desk, ada):
    old = desk.ask_to_move(ada)
    desk.ask_to_move(ada, "ada@third.example.org")

    with pytest.raises(LinkError, match="only the newest link"):
        desk.service.move(old)


def test_a_link_to_a_new_address_works_for_three_days(desk, ada):
    link = desk.ask_to_move(ada)
    desk.clock.move(days=3, seconds=1)

    with pytest.raises(LinkError, match="too old"):
        desk.service.move(link)


def test_the_link_of_one_purpose_does_nothing_else(desk, ada):
    link = desk.ask_to_move(ada)

    for use in (desk.service.confirm, desk.service.subscriber_of, desk.service.unsubscribe_token):
        with pytest.raises(LinkError):
            use(link)
    with pytest.raises(LinkError):
        desk.service.move(desk.token(ada))


@on_both
def test_an_address_that_left_before_can_be_moved_to(desk, ada):
    old = desk.service.add_subscriber(NEW, wishes("x"), is_confirmed=True)
    desk.service.unsubscribe(desk.token(old, "unsubscribe"), because="page")

    moved = desk.service.move(desk.ask_to_move(ada))

    assert (moved.id, moved.address) == (ada.id, NEW)
    assert desk.count(SubscriberRow) == 1


def test_an_address_that_subscribed_meanwhile_is_not_taken_away(desk, ada):
    link = desk.ask_to_move(ada)
    desk.service.add_subscriber(NEW, wishes("x"), is_confirmed=True)

    with pytest.raises(Refused, match="subscription of its own"):
        desk.service.move(link)


def test_ones_own_address_is_no_new_one(desk, ada):
    with pytest.raises(AddressError, match="already"):
        desk.service.ask_to_move(desk.token(ada), "ADA@example.org")


def test_one_who_left_cannot_move(desk, ada):
    desk.service.unsubscribe(desk.token(ada, "unsubscribe"), because="page")

    with pytest.raises(Refused, match="running"):
        desk.service.ask_to_move(desk.token(ada), NEW)


def test_a_dead_address_can_be_left_for_a_new_one(desk, ada):
    desk.suppress(ada.address)

    moved = desk.service.move(desk.ask_to_move(ada))

    assert moved.address == NEW
    assert desk.mails() == []  # no note to a dead address


def test_addresses_that_were_left_are_forgotten_after_a_month(desk, ada):
    desk.service.move(desk.ask_to_move(ada))
    assert desk.count(RecipientRow)

    desk.clock.move(days=31)
    desk.service.sweep()

    assert desk.count(RecipientRow) == 0
    assert "ada@example.org" not in desk.everything()


def test_the_ledger_says_where_each_mail_went_even_after_a_move(desk, ada):
    desk.collect(0, 0)
    desk.plan_for_everyone()
    desk.service.send_waiting()
    desk.service.move(desk.ask_to_move(ada))

    found = {(one.kind, one.address) for one in desk.service.deliveries()}

    assert found == {
        (Kind.DIGEST, "ada@example.org"),
        (Kind.CHANGE, NEW),
        (Kind.MOVED, "ada@example.org"),
    }
