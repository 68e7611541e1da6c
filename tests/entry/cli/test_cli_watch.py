"""`newsletter watch`: an edition while it is sent."""

import json
from datetime import date
from io import StringIO

import pytest
from ledger_day import DAY
from rich.console import Console

from newsletter.cli.root import run
from newsletter.cli.watch_shown import came_back, shown
from newsletter.cli.watch_view import View
from newsletter.core.feedback.arriving import CameBy
from newsletter.core.feedback.rates import Rate, share

REFUSED = (
    "From: MAILER-DAEMON@mx.example\nTo: {path}\nSubject: failure notice\n\n"
    "Hi. This is the qmail-send program at mx.example.\n"
    "I'm afraid I wasn't able to deliver your message to the following addresses.\n\n"
    "<ada@example.org>:\n550 5.1.1 no such user\n"
)


def drawn(what, columns: int) -> list[str]:
    """The lines that a terminal of so many columns shows."""
    console = Console(file=StringIO(), width=columns)
    console.print(what)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def test_one_snapshot_of_an_edition_is_shown(service, newsletter):
    code, out, _ = newsletter("watch", DAY, "--once")

    assert code == 0
    assert all(word in out for word in ("planned", "deferred", "time left", "example.org"))


def test_a_program_is_told_how_an_edition_stands(service, newsletter):
    service.hold_edition(date.fromisoformat(DAY), because="a wrong paper", actor="admin")

    told = json.loads(newsletter("watch", "--json")[1])

    assert (told["edition"], told["planned"], told["deferred"]) == (DAY, 3, 1)
    assert told["domains"][0]["counts"] == {"pending": 1, "sent": 1, "failed": 1}
    assert (told["state"], told["held_because"]) == ("held", "a wrong paper")
    assert told["reported"]["standing"] == "too few"


@pytest.mark.parametrize("columns", [60, 80])
def test_an_edition_is_watched_with_what_came_back_and_what_would_be_too_much(service, columns):
    bounce = REFUSED.format(path=service.parts.transport.sent[0].return_path)
    service.take_in_report(bounce.encode(), came_by=CameBy.STDIN)

    lines = drawn(shown(View(service, date.fromisoformat(DAY))), columns)

    assert " bounces      1   100.00 %   1 hard, 0 soft" in lines
    assert " complaints   0          –   judged from 1,000 sent on" in lines
    assert max(map(len, lines)) <= columns


@pytest.mark.parametrize(
    ("complaints", "says"),
    [(1, "0.1 % warns, 0.3 % holds"), (2, "many: 0.3 % holds"), (6, "too many: 0.3 % holds")],
)
def test_complaints_are_weighed_beside_their_number(complaints, says):
    rate = Rate(name=DAY, sent=2000, complaints=complaints)

    assert f" complaints   {complaints}   {share(complaints / 2000)}   {says}" in drawn(
        came_back(rate), 60
    )


def test_a_held_edition_says_why_it_does_not_go_out(service, newsletter):
    service.hold_edition(date.fromisoformat(DAY), because="a wrong paper", actor="admin")

    out = newsletter("watch", DAY, "--once")[1]

    assert "held: a wrong paper" in out
    assert f"newsletter editions release {DAY}" in out


def test_a_watch_without_a_terminal_is_a_line_a_look_until_nothing_is_left(service, newsletter):
    service.cancel_edition(date.fromisoformat(DAY), because="enough", actor="admin")

    code, out, err = newsletter("watch", DAY)

    assert code == 0
    assert out.splitlines() == [
        f"{DAY}, 1 of 3 sent, 1 failed, 1 skipped or expired, 0 a second, cancelled: enough"
    ]
    assert f"newsletter editions show {DAY}" in err


def test_there_is_nothing_to_watch_before_the_first_edition(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("NEWSLETTER_DATA_DIR", str(tmp_path / "new"))

    assert run(["watch"]) == 1
    assert "There is no edition yet" in capsys.readouterr().err
