"""The page of a reader's wishes: everything is shown, and nothing is lost or guessed."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from builders import MONDAY, add_reader
from pages_walk import dump, links_in
from visits import filled_in, preferences, rows, unsubscribe

from newsletter.core.subscribers import TopicText, Wishes


def test_preferences_show_every_wish(client, newsletter):
    reader = add_reader(
        newsletter, "eve", "agents", mutes=("survey",), cap=7, hour=18, cadence="weekly", weekday=4,
        time_zone="Asia/Tokyo", thumbnails=True, paused_until=datetime(2026, 7, 1, tzinfo=UTC),
    )  # fmt: skip
    page = client.get(preferences(newsletter, reader)).text

    for shown in ('value="agents"', 'value="survey"', 'name="cap" value="7"',
                  '<option value="18" selected>', '<option value="weekly" selected>',
                  '<option value="4" selected>', 'value="Asia/Tokyo"',
                  'name="thumbnails" value="1" checked', 'value="2026-07-01"'):  # fmt: skip
        assert shown in page


def test_saved_preferences_are_shown_again(client, newsletter, ada):
    fields = rows(
        ("Pictures", "diffusion"), cadence="daily", weekday="0", hour="9", cap="3",
        time_zone="Europe/Berlin", paused_until="2026-07-01", boxes="1", thumbnails="1",
    ) | {"topics-0-box": "1", "topics-0-cap": "2", "mutes-0": "survey", "do": "save"}  # fmt: skip
    answer = client.post(preferences(newsletter, ada), data=fields)

    assert answer.status_code == 200
    assert "Saved." in answer.text
    assert newsletter.subscriber(ada.address).wishes == Wishes(
        topics=(TopicText(name="Pictures", filter="diffusion", cap=2, is_on=False),),
        mutes=("survey",),
        cadence="daily",
        hour=9,
        time_zone="Europe/Berlin",
        cap=3,
        thumbnails=True,
        paused_until=datetime(2026, 6, 30, 22, tzinfo=UTC),
    )


def test_saving_what_is_shown_changes_nothing(client, newsletter, ada):
    link = preferences(newsletter, ada)
    before = newsletter.subscriber(ada.address)

    client.post(link, data=filled_in(client.get(link).text))

    assert newsletter.subscriber(ada.address) == before


@pytest.mark.parametrize(
    ("button", "filters"),
    [
        ("add-topic", ["agents", "robots", ""]),
        ("up-1", ["robots", "agents"]),
        ("down-0", ["robots", "agents"]),
        ("remove-0", ["robots"]),
        ("up-0", ["agents", "robots"]),
        ("remove-99", ["agents", "robots"]),
        ("nonsense", ["agents", "robots"]),
    ],
)
def test_the_buttons_of_the_form_change_only_what_is_shown(
    client, newsletter, ada, button, filters
):
    link = preferences(newsletter, ada)
    before = dump(newsletter)

    answer = client.post(link, data=filled_in(client.get(link).text) | {"do": button})

    shown = filled_in(answer.text)
    found = [shown[name] for name in sorted(shown) if re.fullmatch(r"topics-\d+-filter", name)]
    assert found == filters
    assert "Not saved yet" in answer.text
    assert dump(newsletter) == before


def test_a_mute_can_be_added_and_removed(client, newsletter, ada):
    link = preferences(newsletter, ada)
    fields = filled_in(client.get(link).text)

    assert 'name="mutes-0"' in client.post(link, data=fields | {"do": "add-mute"}).text
    client.post(link, data=fields | {"mutes-0": "survey", "mutes-1": "x"})
    shown = client.post(link, data=filled_in(client.get(link).text) | {"do": "remove-mute-0"}).text

    assert filled_in(shown)["mutes-0"] == "x"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("cap", "0"),
        ("cap", "ten"),
        ("cap", "9" * 5000),
        ("cap", "²"),
        ("hour", "24"),
        ("weekday", "-1"),
        ("cadence", "hourly"),
        ("time_zone", "../../etc/passwd"),
        ("paused_until", "tomorrow"),
        ("paused_until", "9999-12-31"),
        ("topics-0-cap", "51"),
        ("topics-0-filter", "(a"),
        ("topics-1-name", "agents"),
        ("mutes-0", "autor:x"),
    ],
)
def test_a_wrong_value_is_pointed_at_and_nothing_is_saved(client, newsletter, ada, field, value):
    link = preferences(newsletter, ada)
    before = dump(newsletter)

    answer = client.post(link, data=filled_in(client.get(link).text) | {field: value})

    assert answer.status_code == 422
    assert f'id="{field}-problem"' in answer.text
    assert dump(newsletter) == before


def test_preferences_of_one_who_left_offer_the_way_back(client, newsletter, ada):
    client.post(unsubscribe(newsletter, ada))
    page = client.get(preferences(newsletter, ada)).text

    assert "has ended" in page
    assert unsubscribe(newsletter, ada) in links_in(page)


def test_a_pause_ends_at_the_readers_own_midnight_and_is_shown_as_they_wrote_it(client, newsletter):
    reader = add_reader(newsletter, "eve", time_zone="America/Los_Angeles", hour=7)
    link = preferences(newsletter, reader)

    client.post(link, data=filled_in(client.get(link).text) | {"paused_until": "2026-07-01"})

    kept = newsletter.subscriber(reader.address)
    assert kept.wishes.paused_until == datetime(2026, 7, 1, 7, tzinfo=UTC)
    assert kept.next_due_at == datetime(2026, 7, 1, 14, tzinfo=UTC)
    assert 'value="2026-07-01"' in client.get(link).text
    assert kept.next_due_at - MONDAY > timedelta(days=14)
