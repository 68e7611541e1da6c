"""`newsletter watch`: an edition while it is sent."""

import json
from datetime import date

from ledger_day import DAY

from newsletter.cli.root import run


def test_one_snapshot_of_an_edition_is_shown(service, newsletter):
    code, out, _ = newsletter("watch", DAY, "--once")
    told = json.loads(newsletter("watch", "--json")[1])

    assert code == 0
    assert all(word in out for word in ("planned", "deferred", "time left", "example.org"))
    assert (told["edition"], told["planned"], told["deferred"]) == (DAY, 3, 1)
    assert told["domains"][0]["counts"] == {"pending": 1, "sent": 1, "failed": 1}


def test_a_watch_without_a_terminal_is_a_line_a_look_until_nothing_is_left(service, newsletter):
    service.cancel_edition(date.fromisoformat(DAY), because="enough", actor="admin")

    code, out, err = newsletter("watch", DAY)

    assert code == 0
    assert out.splitlines() == [f"{DAY}, 1 of 3 sent, 1 failed, 1 skipped or expired, 0 a second"]
    assert f"newsletter editions show {DAY}" in err


def test_there_is_nothing_to_watch_before_the_first_edition(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("NEWSLETTER_DATA_DIR", str(tmp_path / "new"))

    assert run(["watch"]) == 1
    assert "There is no edition yet" in capsys.readouterr().err
