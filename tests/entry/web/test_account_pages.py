"""A reader's pages after subscribing: pause, another address, what was sent, export, erase."""

import re
from datetime import UTC, datetime

import pytest
from builders import MONDAY, add_reader
from pages_walk import BASE, dump

from newsletter.adapters.store.claims import add_suppression
from newsletter.core.addresses import hash_address
from newsletter.core.subscribers import Status
from newsletter.core.tokens import Purpose, make_token

NEW = "ada@new.example.org"


@pytest.fixture
def ada(newsletter):
    return add_reader(newsletter, "ada", "agents", hour=7, time_zone="Europe/Berlin")


@pytest.fixture
def page(newsletter, ada) -> str:
    """The path of ada's preferences."""
    return newsletter.pages_of(ada.id).preferences.removeprefix(BASE)


@pytest.fixture
def leave(newsletter, ada) -> str:
    """The path of ada's way out."""
    return newsletter.pages_of(ada.id).unsubscribe.removeprefix(BASE)


def mailed_link(newsletter, kind: str) -> str:
    """The path in the newest mail, of this kind."""
    newsletter.send_waiting()
    content = newsletter.parts.transport.sent[-1].content.decode().replace("=\r\n", "")
    return re.search(rf"/{kind}/[a-z0-9]+", content)[0]


# Pause


@pytest.mark.parametrize(
    ("fields", "until"),
    [
        ({"do": "week"}, datetime(2026, 6, 21, 22, tzinfo=UTC)),
        ({"do": "month"}, datetime(2026, 7, 14, 22, tzinfo=UTC)),
        ({"do": "until", "paused_until": "2026-12-24"}, datetime(2026, 12, 23, 23, tzinfo=UTC)),
    ],
    ids=["a week", "a month", "a day"],
)
def test_a_pause_ends_at_midnight_where_the_reader_is(client, newsletter, ada, page, fields, until):
    answer = client.post(f"{page}/pause", data=fields)

    assert newsletter.subscriber(ada.address).wishes.paused_until == until
    assert "You are on pause" in answer.text
    assert "Resume now" in answer.text


@pytest.mark.parametrize("typed", ["", "soon", "2026-06-15", "2020-01-01", "9999-01-01"])
def test_a_pause_that_cannot_be_is_pointed_at_and_changes_nothing(client, newsletter, page, typed):
    before = dump(newsletter)

    answer = client.post(f"{page}/pause", data={"do": "until", "paused_until": typed})

    assert answer.status_code == 422
    assert 'id="paused_until-problem"' in answer.text
    assert dump(newsletter) == before


def test_a_pause_can_be_ended_at_once(client, newsletter, ada, page):
    client.post(f"{page}/pause", data={"do": "week"})

    answer = client.post(f"{page}/pause", data={"do": "resume"})

    assert newsletter.subscriber(ada.address).wishes.paused_until is None
    assert "Saved." in answer.text


def test_what_a_pause_brings_afterwards_is_said_before(client, page):
    shown = client.get(page).text

    assert "it looks back to where the pause began, 32 days at most" in " ".join(shown.split())


def test_saving_other_wishes_keeps_the_pause(client, newsletter, ada, page):
    client.post(f"{page}/pause", data={"do": "week"})
    before = newsletter.subscriber(ada.address).wishes.paused_until

    client.post(page, data={"topics-0-filter": "robots", "do": "save"})

    assert newsletter.subscriber(ada.address).wishes.paused_until == before


# Another address


def test_a_reader_moves_by_a_mail_to_the_new_address(client, newsletter, ada, page):
    answer = client.post(f"{page}/address", data={"address": NEW})
    link = mailed_link(newsletter, "address")

    assert "Look into your new inbox" in answer.text
    assert NEW not in answer.text
    assert NEW in client.get(link).text
    assert newsletter.subscriber(ada.address) == ada
    assert f"They come to {NEW} now" in client.post(link).text
    assert newsletter.subscriber(NEW).id == ada.id


def test_a_stranger_whose_address_was_typed_by_mistake_learns_nothing_of_the_reader(
    client, newsletter, ada, page
):
    client.post(f"{page}/address", data={"address": NEW})
    link = mailed_link(newsletter, "address")

    for seen in (client.get(link).text, newsletter.parts.transport.sent[-1].content.decode()):
        assert ada.address not in seen
        assert "/preferences/" not in seen
        assert "/unsubscribe/" not in seen


def test_the_answer_never_tells_whether_the_new_address_is_known(client, newsletter, page):
    add_reader(newsletter, "bob")

    known = client.post(f"{page}/address", data={"address": "bob@example.org"})
    unknown = client.post(f"{page}/address", data={"address": NEW})

    assert (known.status_code, known.content) == (unknown.status_code, unknown.content)


@pytest.mark.parametrize("typed", ["", "no address", "ada@example.org", "<b>@example.org"])
def test_what_is_no_new_address_is_said_at_its_field(client, newsletter, page, typed):
    before = dump(newsletter)

    answer = client.post(f"{page}/address", data={"address": typed})

    assert answer.status_code == 422
    assert 'id="address-problem"' in answer.text
    assert "<b>" not in answer.text
    assert dump(newsletter) == before


def test_one_address_is_asked_three_times_a_day_whatever_the_form(client, newsletter, page):
    for _ in range(5):
        client.post(f"{page}/address", data={"address": NEW})
        client.post("/subscribe", data={"address": NEW, "topics-0-filter": "x"})
    newsletter.send_waiting()

    sent = [one for one in newsletter.parts.transport.sent if one.recipient == NEW]
    assert len(sent) == 3


# What was sent, and everything


def test_digests_are_listed_with_what_became_of_them_and_lead_to_the_web(client, newsletter, page):
    newsletter.plan_range(0, everyone=True)
    newsletter.send_waiting()

    shown = client.get(f"{page}/sent").text

    assert "Sent on Monday, 15 June 2026, 14:00 (Europe/Berlin)" in shown
    assert "10 papers" in shown
    assert client.get(re.search(r'href="(/view/[a-z0-9]+)"', shown)[1]).status_code == 200


def test_the_export_is_a_file_that_nobody_keeps(client, ada, page):
    answer = client.get(f"{page}/export")

    assert answer.json()["profile"]["address"] == ada.address
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-disposition"].startswith("attachment")


def test_dates_are_shown_in_the_language_that_was_chosen(client, page):
    client.post(page, data={"topics-0-filter": "robots", "language": "de", "do": "save"})

    assert '<span lang="de">Dienstag, 16. Juni 2026</span>, 07:00' in client.get(page).text


# Erase


def test_erasing_takes_a_button_and_then_the_link_is_dead(client, newsletter, page):
    assert "It cannot be undone" in client.get(f"{page}/erase").text
    assert newsletter.subscribers()

    answer = client.post(f"{page}/erase")

    assert "Everything is erased" in answer.text
    assert newsletter.subscribers() == ()
    assert client.get(page).status_code == client.post(f"{page}/erase").status_code == 400


def test_the_box_keeps_everybody_from_subscribing_the_address_again(client, newsletter, ada, page):
    client.post(f"{page}/erase", data={"never": "1"})

    client.post("/subscribe", data={"address": ada.address, "topics-0-filter": "x"})

    assert newsletter.send_waiting() == 0


# Fewer mails


@pytest.mark.parametrize("has_left", [False, True])
def test_the_page_that_leaves_offers_fewer_mails_before_and_after(
    client, newsletter, ada, leave, has_left
):
    if has_left:
        client.post(leave, data={"do": "leave"})
    shown = client.get(leave).text
    assert 'value="weekly"' in shown
    assert 'value="pause"' in shown

    client.post(leave, data={"do": "weekly"})
    answer = client.post(leave, data={"do": "pause"})

    kept = newsletter.subscriber(ada.address)
    assert (kept.status, kept.wishes.cadence) == (Status.ACTIVE, "weekly")
    assert kept.wishes.paused_until == datetime(2026, 7, 14, 22, tzinfo=UTC)
    assert "No digest comes before Wednesday, 15 July 2026" in answer.text


# Welcome


def test_who_confirms_sees_what_the_topics_find_today(client, newsletter):
    client.post("/subscribe", data={"address": "eve@example.org", "topics-0-filter": "agents"})
    eve = newsletter.subscriber("eve@example.org")
    keys = newsletter.letterhead.keys
    link = "/confirm/" + make_token(Purpose.CONFIRM, eve.id, keys=keys, issued_at=MONDAY)

    shown = client.post(link).text

    assert re.findall(r"Paper (\d+) about agents</a>", shown) == ["1", "2", "3", "4", "5"]
    assert "And 5 more" in shown
    assert "Your first papers come to eve@example.org" in shown


# All of them


def test_no_look_at_any_of_these_pages_changes_anything(client, newsletter, page, leave):
    client.post(f"{page}/address", data={"address": NEW})
    links = [page, leave, mailed_link(newsletter, "address")]
    links += [f"{page}/{name}" for name in ("pause", "address", "sent", "export", "erase")]
    before = dump(newsletter)

    for link in links:
        for method in ("GET", "HEAD"):
            answer = client.request(method, link)
            assert answer.status_code == 200, link
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers["referrer-policy"] == "no-referrer"

    assert dump(newsletter) == before


def test_every_page_refuses_a_link_of_another_purpose(client, page, leave):
    token = leave.rpartition("/")[2]

    for name in ("", "/pause", "/address", "/sent", "/export", "/erase"):
        assert client.get(f"/preferences/{token}{name}").status_code == 400
        if name not in ("/sent", "/export"):
            assert client.post(f"/preferences/{token}{name}").status_code == 400


def test_a_reader_whose_mail_came_back_is_told_what_to_do(client, newsletter, ada, page):
    secret = newsletter.letterhead.hash_secret
    with newsletter.store.write() as session:
        add_suppression(session, hash_address(ada.address, secret), "hard bounce", now=MONDAY)

    shown = client.get(page).text

    assert "Mail to this address came back" in shown
    assert "Your next papers" not in shown
