"""`newsletter reports` takes mail in from pipes, files and mailboxes, and tells what came."""

import io
import json

import pytest
from builders import MONDAY, Clock, a_newsletter, a_paper, a_renderer, add_reader, settings_for

from newsletter.cli.root import run
from newsletter.settings import as_environment

REPORT = (
    "From: MAILER-DAEMON@mx.example\nTo: {path}\nSubject: failure notice\n"
    "Message-ID: <1@mx.example>\n\n"
    "Hi. This is the qmail-send program at mx.example.\n"
    "I'm afraid I wasn't able to deliver your message to the following addresses.\n"
    "This is a permanent error; I've given up. Sorry it didn't work out.\n\n"
    "<ada@example.org>:\n550 5.1.1 no such user\n"
)


@pytest.fixture
def service(tmp_path, monkeypatch):
    """A service whose commands find it, with one letter sent to ada."""
    settings = settings_for(tmp_path)
    for name, value in as_environment(settings).items():
        monkeypatch.setenv(name, value)
    clock = Clock(MONDAY)
    with a_newsletter(
        tmp_path, papers=[a_paper()], clock=clock, settings=settings, renderer=a_renderer()
    ) as service:
        add_reader(service, "ada")
        service.run(everyone=True)
        yield service


@pytest.fixture
def path(service) -> str:
    return service.parts.transport.sent[0].return_path


@pytest.fixture
def reports(service, monkeypatch, capsys):
    """reports("list", stdin=b"…"): exit code, stdout, stderr."""

    def reports(*words, stdin=b""):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        code = run(["reports", *(str(word) for word in words)])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return reports


def test_a_pipe_gives_one_mail(reports, path):
    code, out, _ = reports("ingest", stdin=REPORT.format(path=path).encode())

    assert (code, out) == (0, "Took in 1 message: 1 counted; 1 address suppressed.\n")


def test_the_mail_system_tells_the_return_path(reports, path):
    raw = b"From MAILER-DAEMON Mon Jun 15 12:00:00 2026\n" + REPORT.format(path="x@y.z").encode()
    raw += b"\nFrom here Mon Jun 15 12:00:00 2026\n"

    code, out, _ = reports("ingest", "--return-path", path, "--json", stdin=raw)

    (taken,) = json.loads(out)["taken_in"]
    assert (code, taken["fate"], taken["record"]["kind"]) == (0, "counted", "hard")


def test_an_mbox_gives_all_of_its_mails(reports, path, tmp_path):
    file = tmp_path / "mbox"
    line = "From MAILER-DAEMON Mon Jun 15 12:00:00 2026\n"
    file.write_text(f"{line}{REPORT.format(path=path)}\n{line}Subject: hello\n\nwords\n")

    code, out, _ = reports("ingest", file)

    assert (code, out) == (0, "Took in 2 messages: 1 counted, 1 unread; 1 address suppressed.\n")


def test_nothing_is_no_message(reports, tmp_path):
    (tmp_path / "mbox").touch()

    assert reports("ingest", tmp_path / "mbox") == (0, "Took in 0 messages.\n", "")
    assert "Nothing came by standard input" in reports("ingest", stdin=b"")[2]
    assert reports("list")[1] == ""


@pytest.mark.parametrize("words", [("show", 2**63), ("list", "--after", 2**63)])
def test_a_number_that_no_database_holds_is_asked_wrongly(reports, words):
    assert reports(*words)[0] == 2


def test_a_file_that_is_not_there_stops_no_other(reports, path, tmp_path):
    file = tmp_path / "one.eml"
    file.write_text(REPORT.format(path=path))

    code, out, err = reports("ingest", tmp_path / "none.eml", file)

    assert (code, out) == (1, "Took in 1 message: 1 counted; 1 address suppressed.\n")
    assert "none.eml cannot be read" in err


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "postgresql://nobody:x@127.0.0.1:1/none"),
        ("DATABASE_URL", "mysql://nobody@127.0.0.1/none"),
        ("SECRET_KEYS", "short"),
    ],
    ids=["database away", "database unknown", "a wrong setting"],
)
def test_whatever_is_wrong_the_mail_system_keeps_the_mail(reports, path, monkeypatch, name, value):
    monkeypatch.setenv(f"NEWSLETTER_{name}", value)

    code, out, err = reports("ingest", stdin=REPORT.format(path=path).encode())

    assert (code, out) == (75, "")
    assert f"NEWSLETTER_{name}" in err or "cannot be used" in err


def test_what_came_in_is_told_and_shown(reports, path):
    reports("ingest", stdin=REPORT.format(path=path).encode())
    reports("ingest", stdin=b"Subject: hello\n\nA letter \x1b[31mfrom a person.\n")

    listed, shown = reports("list"), reports("show", 2)

    assert "counted: hard" in listed[1]
    assert "ada@example.org" in listed[1]
    assert "A letter" in shown[1]
    assert "\x1b" not in shown[1]


def test_programs_get_it_as_json(reports, path):
    reports("ingest", stdin=REPORT.format(path=path).encode())

    told = json.loads(reports("list", "--json")[1])

    assert told["counts"] == [{"came_by": "stdin", "fate": "counted", "kind": "hard", "count": 1}]
    assert [one["status"] for one in told["reports"]] == ["5.1.1"]


def test_a_letter_that_nobody_understood_is_given_back_byte_by_byte(reports, monkeypatch):
    raw = b"Subject: hello\n\n\xff\xfe words\n"
    reports("ingest", stdin=raw)
    out = io.TextIOWrapper(io.BytesIO())
    monkeypatch.setattr("sys.stdout", out)

    run(["reports", "show", "1", "--raw"])

    assert out.buffer.getvalue() == raw


def test_only_what_is_asked_for_is_listed(reports, path):
    reports("ingest", stdin=REPORT.format(path=path).encode())
    reports("ingest", stdin=b"Subject: hello\n\nwords\n")

    told = json.loads(reports("list", "--fate", "unread", "--json")[1])

    assert [one["fate"] for one in told["reports"]] == ["unread"]


def test_an_unknown_number_is_told(reports):
    code, _, err = reports("show", 77)

    assert (code, err) == (1, "There is no report 77: see `newsletter reports list`.\n")


def test_a_mailbox_is_emptied_by_hand_and_its_trouble_told(reports, path, tmp_path, monkeypatch):
    box = tmp_path / "Maildir"
    for name in ("new", "cur", "tmp"):
        (box / name).mkdir(parents=True)
    (box / "new" / "1.host").write_text(REPORT.format(path=path))
    monkeypatch.setenv("NEWSLETTER_REPORTS_URL", f"maildir://{box},maildir://{tmp_path}/none")

    code, out, err = reports("poll")

    assert (code, out) == (1, "Took in 1 message.\n")
    assert "none' cannot be used (No such file or directory)" in err


def test_without_a_mailbox_there_is_nothing_to_poll(reports):
    code, _, err = reports("poll")

    assert code == 2
    assert "NEWSLETTER_REPORTS_URL names no mailbox" in err


@pytest.mark.parametrize("words", [(), ("--lmtp", "here"), ("--smtp", "127.0.0.1:99999")])
def test_an_address_to_listen_on_must_be_one(reports, words):
    code, _, err = reports("listen", *words)

    assert code == 2
    assert "lmtp" in err or "HOST:PORT" in err


def test_the_history_of_a_delivery_tells_what_came_back(reports, service, path, capsys):
    reports("ingest", stdin=REPORT.format(path=path).encode())
    letter = service.parts.transport.sent[0]

    assert run(["deliveries", "show", str(letter.delivery_id)]) == 0

    out = capsys.readouterr().out
    assert "reported" in out
    assert "hard: no such mailbox, 5.1.1" in out


def test_a_readers_page_tells_that_they_are_suppressed(reports, path, capsys):
    reports("ingest", stdin=REPORT.format(path=path).encode())

    assert run(["subscribers", "show", "ada@example.org"]) == 0

    assert "hard bounce: no such mailbox, 5.1.1, since" in capsys.readouterr().out
