"""Many readers taken in at once."""

import csv
import json

import pytest
from builders import Clock, a_newsletter, add_reader, settings_for, wishes

from newsletter.cli.root import run
from newsletter.core.addresses import hash_address
from newsletter.core.subscribers import Status
from newsletter.services import imports


@pytest.fixture(params=["sqlite", "postgres"])
def newsletter(request, tmp_path):
    settings = settings_for(tmp_path)
    if request.param == "postgres":
        settings = settings_for(tmp_path, database_url=request.getfixturevalue("postgres_url"))
    with a_newsletter(tmp_path, settings=settings, clock=Clock()) as made:
        yield made


def test_imported_readers_are_active_with_their_own_topics_and_hour(newsletter):
    readers = [(f"r{n}@example.org", wishes(f"topic{n}", hour=n)) for n in range(20)]

    taken = newsletter.import_subscribers(readers)

    assert (taken.added, taken.refused) == (20, ())
    found = newsletter.subscriber("r7@example.org")
    assert (found.status, found.wishes.hour) == (Status.ACTIVE, 7)
    assert [topic.filter for topic in found.wishes.topics] == ["topic7"]
    assert found.next_due_at is not None


def test_who_cannot_be_taken_in_is_named_and_stops_nobody(newsletter):
    add_reader(newsletter, "here")
    hashed = hash_address("gone@example.org", newsletter.letterhead.hash_secret)
    with newsletter.store.write() as session:
        from newsletter.adapters.store.claims import add_suppression

        add_suppression(session, hashed, "hard bounce 5.1.1", now=Clock()())

    taken = newsletter.import_subscribers(
        [
            ("here@example.org", wishes("a b")),
            ("gone@example.org", wishes("agents")),
            ("no address", wishes("agents")),
            ("bad@example.org", wishes("agents AND")),
            ("twice@example.org", wishes("agents")),
            ("Twice@example.org", wishes("agents")),
        ]
    )

    assert taken.added == 1
    assert [address for address, _ in taken.refused] == [
        "no address",
        "bad@example.org",
        "Twice@example.org",
        "here@example.org",
        "gone@example.org",
    ]
    assert newsletter.subscriber("here@example.org").wishes.topics[0].filter == "agents"


def test_a_second_import_of_the_same_readers_changes_nothing(newsletter):
    readers = [(f"r{n}@example.org", wishes()) for n in range(3)]
    newsletter.import_subscribers(readers)

    again = newsletter.import_subscribers(readers)

    assert (again.added, len(again.refused)) == (0, 3)
    assert len(newsletter.subscribers()) == 3


def test_more_readers_than_fit_one_transaction_are_all_there(newsletter):
    count = imports.AT_ONCE + 5

    newsletter.import_subscribers((f"r{n}@example.org", wishes()) for n in range(count))

    assert len(newsletter.subscribers(limit=5000)) == count


@pytest.fixture
def command(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("NEWSLETTER_DATA_DIR", str(tmp_path / "data"))
    run(["db", "upgrade"])

    def call(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = run(words)
        told = capsys.readouterr()
        return code, told.out, told.err

    return call


def test_rows_of_one_address_in_a_file_are_topics_of_one_reader(command, tmp_path):
    file = tmp_path / "readers.csv"
    with file.open("w", newline="") as lines:
        rows = csv.writer(lines)
        rows.writerow(["address", "topic", "filter", "hour", "cadence"])
        rows.writerow(["ada@example.org", "Agents", "agent*", "8", "daily"])
        rows.writerow(["ada@example.org", "Long", '"long context"', "", ""])

    code, out, _ = command("subscribers", "import", str(file), "--json")

    assert (code, json.loads(out)) == (0, {"added": 1, "refused": []})
    shown = json.loads(command("subscribers", "show", "ada@example.org", "--json")[1])
    assert [topic["filter"] for topic in shown["wishes"]["topics"]] == ["agent*", '"long context"']
    assert (shown["wishes"]["hour"], shown["wishes"]["cadence"]) == (8, "daily")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("address,name\nada@example.org,x\n", "has no column 'topic'"),
        ("address,topic,filter,hour\na@example.org,A,agents,early\n", "line 2: hour is 'early'"),
        (None, "cannot be read"),
    ],
    ids=["column missing", "not a number", "no such file"],
)
def test_a_file_that_cannot_be_read_says_where_and_adds_nobody(command, tmp_path, text, words):
    file = tmp_path / "readers.csv"
    if text is not None:
        file.write_text(text)

    code, _, err = command("subscribers", "import", str(file))

    assert code != 0
    assert words in err
    assert json.loads(command("subscribers", "list", "--json")[1]) == {"subscribers": []}
