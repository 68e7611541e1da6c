"""`newsletter subscribers`: added with all wishes, shown, exported, removed."""

import json
import os

import pytest

pytestmark = pytest.mark.usefixtures("by_relay")


def test_a_reader_is_added_with_all_wishes(newsletter):
    newsletter(
        *("subscribers", "add", "ada@example.org", "--topic", 'Long="long context"', "--topic"),
        *("Exact==LLM", "--mute", "title:survey", "--cadence", "weekly", "--weekday", "Friday"),
        *("--hour", 18, "--time-zone", "Asia/Tokyo", "--cap", 5, "--thumbnails"),
    )

    told = json.loads(newsletter("subscribers", "show", "ada@example.org", "--json")[1])

    wishes = told["wishes"]
    assert told["status"] == "active"
    assert [(one["name"], one["filter"]) for one in wishes["topics"]] == [
        ("Long", '"long context"'),
        ("Exact", "=LLM"),
    ]
    assert wishes["mutes"] == ["title:survey"]
    assert (wishes["cadence"], wishes["weekday"], wishes["hour"]) == ("weekly", 4, 18)
    assert (wishes["time_zone"], wishes["cap"], wishes["thumbnails"]) == ("Asia/Tokyo", 5, True)


def test_a_reader_can_be_asked_to_confirm(newsletter, smtp_sink):
    code, out, _ = newsletter("subscribers", "add", "ada@example.org", "--topic", "All=*", "--ask")

    assert code == 0
    assert "must press the button" in out
    assert smtp_sink.wait_for(1)[0].recipient == "ada@example.org"
    told = json.loads(newsletter("subscribers", "list", "--status", "pending", "--json")[1])
    assert [one["address"] for one in told["subscribers"]] == ["ada@example.org"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["ada@example.org", "--topic", "Agents=autor:x"], "did you mean `author:`"),
        (["not an address", "--topic", "All=*"], "not an address"),
        (["ada@example.org", "--topic", "All=*", "--time-zone", "Mars/Base"], "Mars/Base"),
        (["ada@example.org", "--topic", "All=*", "--hour", "24"], "24"),
        (["ada@example.org", "--topic", "All=*", "--cadence", "hourly"], "hourly"),
        (["ada@example.org", "--topic", "All=*", "--mute", "("], "column"),
        (["ada@example.org", "--topic", "All=*", "--cap", "0"], "0"),
    ],
    ids=["filter", "address", "time zone", "hour", "cadence", "mute", "cap"],
)
def test_a_wish_that_cannot_be_kept_ends_with_2_and_nothing_is_stored(newsletter, words, sentence):
    code, out, err = newsletter("subscribers", "add", *words)

    assert (code, out) == (2, "")
    assert sentence in err
    assert json.loads(newsletter("subscribers", "list", "--json")[1]) == {"subscribers": []}


def test_readers_are_shown_to_people(newsletter, ada):
    listed = newsletter("subscribers", "list")[1]
    shown = newsletter("subscribers", "show", ada)[1]

    assert all(word in listed for word in (ada, "active", "Agents", "weekdays"))
    assert all(word in shown for word in (ada, "active", "Agents", "agent*", "7:00, UTC"))


def test_a_reader_is_removed_only_when_it_is_meant(newsletter, ada, monkeypatch):
    monkeypatch.setattr("sys.stdin", open(os.devnull))  # noqa: SIM115, PTH123
    assert newsletter("subscribers", "remove", ada)[0] == 1
    assert newsletter("subscribers", "show", ada)[0] == 0

    code, out, _ = newsletter("subscribers", "remove", ada, "--yes")

    assert (code, out) == (0, "Removed ada@example.org.\n")
    assert newsletter("subscribers", "show", ada)[0] == 1


def test_all_that_is_stored_about_a_reader_is_printed_for_them(newsletter, mailed):
    code, out, _ = newsletter("subscribers", "export", mailed)

    found = json.loads(out)
    assert code == 0
    assert (found["profile"]["address"], found["messages"][0]["state"]) == (mailed, "sent")
    assert found["messages"][0]["papers"][0]["title"]
