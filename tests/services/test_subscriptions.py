"""Subscribe, confirm, recover the link, and what admins do with it, on both databases."""

from datetime import UTC, datetime, timedelta

import pytest
from builders import MONDAY, wishes
from sqlalchemy import select
from subscription_desk import ADA, SECRET

from newsletter.adapters.store import subscribers as rows
from newsletter.adapters.store.tables import AuditRow, DeliveryRow, MuteRow, SubscriberRow, TopicRow
from newsletter.core.addresses import hash_address
from newsletter.core.subscribers import Status
from newsletter.errors import AddressError, ChoiceError, FilterError, LinkError, NotFound, Refused
from newsletter.services import leaving, subscriptions


def test_a_new_address_waits_for_its_confirmation(desk):
    waits = desk.subscribe(ADA, "agents")

    assert waits is not None
    assert desk.ada().status is Status.PENDING
    assert desk.ada().next_due_at is None
    assert desk.mails() == [("confirm", "pending")]


@pytest.mark.parametrize("address", ["ADA@example.org", " ada@EXAMPLE.org "])
def test_every_spelling_of_an_address_is_one_subscriber(desk, address):
    desk.subscribe(ADA)
    desk.subscribe(address)

    assert desk.count(SubscriberRow) == 1


def test_filters_are_stored_in_their_canonical_text_and_order(desk):
    desk.subscribe(ADA, "b   AND a", "title:x", mutes=("NOT  c",))

    assert [topic.filter for topic in desk.ada().wishes.topics] == ["b a", "title:x"]
    assert desk.ada().wishes.mutes == ("-c",)


def test_subscribing_an_active_address_changes_nothing_and_mails_nothing(desk):
    before = desk.reader("agents")

    assert desk.subscribe(ADA, "something else") is None
    assert desk.ada() == before
    assert desk.mails() == [("confirm", "pending"), ("welcome", "pending")]


def test_subscribing_again_before_confirming_takes_the_newer_wishes_and_mails_again(desk):
    desk.subscribe(ADA, "agents", "robots")
    again = desk.subscribe(ADA, "diffusion", hour=9)

    assert again is not None
    assert [topic.filter for topic in desk.ada().wishes.topics] == ["diffusion"]
    assert desk.ada().wishes.hour == 9
    assert desk.count(TopicRow) == 1


def test_at_most_three_confirmations_go_to_an_address_in_a_day(desk):
    asked = [desk.subscribe() for _ in range(5)]

    assert [one is not None for one in asked] == [True, True, True, False, False]
    desk.now += timedelta(days=1)
    assert desk.subscribe() is not None


def test_one_who_left_may_subscribe_again_by_confirming_again(desk):
    reader = desk.reader("agents")
    desk.do(leaving.unsubscribe, reader.id, because="page")

    assert desk.subscribe(ADA, "robots") is not None
    assert desk.ada().status is Status.PENDING
    assert desk.do(subscriptions.confirm, reader.id)[0].status is Status.ACTIVE


def test_a_suppressed_address_is_never_asked_and_nobody_learns_it(desk):
    desk.suppress()

    assert desk.subscribe() is None
    assert desk.count(SubscriberRow) == 0
    assert desk.mails() == []


@pytest.mark.parametrize(
    ("address", "filters", "values", "error"),
    [
        ("not an address", ("a",), {}, AddressError),
        (ADA, ("(a",), {}, FilterError),
        (ADA, ("a",), {"hour": 25}, ChoiceError),
        (ADA, ("a",), {"time_zone": "Mars/Base"}, ChoiceError),
    ],
)
def test_bad_input_is_refused_and_leaves_no_trace(desk, address, filters, values, error):
    with pytest.raises(error):
        desk.subscribe(address, *filters, **values)

    assert desk.count(SubscriberRow) == desk.count(TopicRow) == desk.count(DeliveryRow) == 0


def test_confirming_makes_a_reader_active_and_due_at_their_hour(desk):
    reader = desk.reader("agents", hour=7, time_zone="Europe/Berlin")

    assert reader.status is Status.ACTIVE
    assert reader.confirmed_at == MONDAY
    assert reader.next_due_at == datetime(2026, 6, 16, 5, tzinfo=UTC)


def test_confirming_again_changes_nothing(desk):
    reader = desk.reader()
    desk.now += timedelta(days=3)

    assert desk.do(subscriptions.confirm, reader.id) == (reader, None)


def test_an_old_confirmation_link_does_not_bring_back_one_who_left(desk):
    reader = desk.reader()
    desk.do(leaving.unsubscribe, reader.id, because="page")

    with pytest.raises(Refused, match="subscribe again"):
        desk.do(subscriptions.confirm, reader.id)


def test_an_address_that_was_suppressed_meanwhile_cannot_be_confirmed(desk):
    desk.subscribe()
    desk.suppress()

    with pytest.raises(Refused):
        desk.do(subscriptions.confirm, desk.ada().id)


@pytest.mark.parametrize(
    "use", [subscriptions.confirm, leaving.resubscribe, subscriptions.subscriber_of]
)
def test_a_link_that_outlived_its_subscription_is_a_bad_link(desk, use):
    with pytest.raises(LinkError, match="no longer there"):
        desk.do(use, 4711)


def test_a_reader_is_mailed_their_link(desk):
    desk.reader()

    assert desk.do(subscriptions.recover, ADA) is not None
    assert desk.mails()[-1] == ("recover", "pending")


def test_one_who_has_not_confirmed_is_asked_once_more(desk):
    desk.subscribe()

    assert desk.do(subscriptions.recover, ADA) is not None
    assert desk.mails() == [("confirm", "pending"), ("confirm", "pending")]


def test_an_unknown_address_is_mailed_nothing(desk):
    assert desk.do(subscriptions.recover, ADA) is None
    assert desk.mails() == []


def test_a_suppressed_address_is_mailed_no_link(desk):
    desk.reader()
    desk.suppress()

    assert desk.do(subscriptions.recover, ADA) is None


def test_at_most_three_links_are_mailed_in_a_day(desk):
    desk.reader()

    asked = [desk.do(subscriptions.recover, ADA) for _ in range(4)]

    assert [one is not None for one in asked] == [True, True, True, False]


def test_a_reader_added_as_confirmed_is_active_at_once(desk):
    added, waits = desk.do(
        subscriptions.add_subscriber, ADA, wishes(), is_confirmed=True, actor="root"
    )

    assert (added.status, waits) == (Status.ACTIVE, None)
    assert added.next_due_at is not None


def test_a_reader_added_unconfirmed_is_asked(desk):
    added, waits = desk.do(
        subscriptions.add_subscriber, ADA, wishes(), is_confirmed=False, actor="root"
    )

    assert added.status is Status.PENDING
    assert waits is not None


def test_an_admin_cannot_bring_back_one_who_left(desk):
    reader = desk.reader()
    desk.do(leaving.unsubscribe, reader.id, because="page")

    with pytest.raises(Refused, match="only they themselves"):
        desk.do(subscriptions.add_subscriber, ADA, wishes(), is_confirmed=True, actor="root")


def test_an_admin_cannot_add_a_suppressed_address(desk):
    desk.suppress()

    with pytest.raises(Refused, match="suppressed"):
        desk.do(subscriptions.add_subscriber, ADA, wishes(), is_confirmed=True, actor="root")


def test_a_removed_reader_leaves_nothing_but_a_note_without_their_address(desk):
    desk.reader("agents", mutes=("x",))

    desk.do(subscriptions.remove_subscriber, "ADA@example.org", actor="root")

    tables = (SubscriberRow, TopicRow, MuteRow, DeliveryRow)
    assert [desk.count(table) for table in tables] == [0, 0, 0, 0]
    with desk.store.read() as session:
        note = session.scalars(select(AuditRow)).one()
    assert (note.actor, note.action) == ("root", "remove subscriber")
    assert note.subject == hash_address(ADA, SECRET)
    assert "ada" not in str(note)


def test_removing_or_showing_one_who_is_not_there_says_so(desk):
    with pytest.raises(NotFound, match="not a subscriber"):
        desk.do(subscriptions.remove_subscriber, ADA, actor="root")
    with pytest.raises(NotFound, match="not a subscriber"):
        desk.ada()


def test_the_id_of_a_removed_reader_is_never_given_again(desk):
    # Their old links are still signed: they must not open a stranger's preferences.
    first = desk.reader().id
    desk.do(subscriptions.remove_subscriber, ADA, actor="root")

    desk.subscribe("bob@example.org")

    assert desk.do(subscriptions.subscriber, "bob@example.org").id != first


def test_subscribers_are_listed_in_pages_by_status(desk):
    for number in range(5):
        desk.subscribe(f"reader{number}@example.org", "a", "b")
    with desk.store.write() as session:
        first = rows.subscribers_page(session, limit=2)
        rest = rows.subscribers_page(session, limit=9, after_id=first[-1].id)
        active = rows.subscribers_page(session, status=Status.ACTIVE)
        counts = rows.subscribers_by_status(session)

    assert [one.address for one in (*first, *rest)] == [f"reader{n}@example.org" for n in range(5)]
    assert all(len(one.wishes.topics) == 2 for one in (*first, *rest))
    assert active == ()
    assert counts == {Status.PENDING: 5, Status.ACTIVE: 0, Status.ENDED: 0}
