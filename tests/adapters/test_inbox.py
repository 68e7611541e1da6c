"""The local inbox: every accepted letter is a file, whole, with its envelope."""

import smtplib
import socket
from email import message_from_bytes, policy
from functools import partial

import pytest
from letters import a_letter as a_plain_letter

from newsletter.adapters.embedded.inbox import LocalInbox
from newsletter.adapters.flow import MemoryFlow
from newsletter.adapters.smtp import SmtpTransport, parse_smtp_url
from newsletter.core.delivery.states import Result
from newsletter.core.ports import Letter
from newsletter.errors import SettingsError

CONTENT = b"Message-ID: <1@example.org>\r\nSubject: papers\r\n\r\nThree.\r\n.\r\n..and dots\r\n"
a_letter = partial(a_plain_letter, content=CONTENT)


@pytest.fixture
def inbox(tmp_path):
    with LocalInbox(tmp_path / "inbox") as inbox:
        yield inbox


def send(inbox: LocalInbox, *letters: Letter) -> list[Result]:
    transport = SmtpTransport([parse_smtp_url(inbox.url)], flow=MemoryFlow(), connections=3)
    sent = transport.send_many(letters, accepted=lambda _: None)
    results = [outcome.result for _, outcome in sent]
    transport.close()
    return results


def test_a_letter_is_kept_byte_for_byte_with_its_envelope(inbox):
    assert send(inbox, a_letter()) == [Result.SENT]

    (message,) = inbox.messages()
    assert message.content == CONTENT
    assert message.return_path == "b+1@news.example.org"
    assert message.recipients == ("reader1@example.org",)


def test_the_file_is_a_mail_that_any_program_reads(inbox):
    send(inbox, a_letter())

    raw = inbox.messages()[0].path.read_bytes()
    mail = message_from_bytes(raw, policy=policy.default)
    assert mail["Return-Path"] == "<b+1@news.example.org>"
    assert mail["Delivered-To"] == "reader1@example.org"
    assert mail["Subject"] == "papers"


def test_there_is_one_file_for_each_letter_in_the_order_they_came(inbox):
    for number in range(1, 13):
        send(inbox, a_letter(number))

    recipients = [message.recipients[0] for message in inbox.messages()]
    assert recipients == [f"reader{number}@example.org" for number in range(1, 13)]
    assert len(list(inbox.folder.iterdir())) == 12


def test_many_connections_at_once_lose_nothing(inbox):
    assert set(send(inbox, *(a_letter(number) for number in range(100)))) == {Result.SENT}

    assert len({message.recipients for message in inbox.messages()}) == 100


def test_the_same_message_id_has_the_same_mark_in_the_name(inbox):
    send(inbox, a_letter(1), a_letter(2), a_letter(3, content=b"Subject: other\r\n\r\nx\r\n"))

    marks = [message.path.stem.partition("-")[2] for message in inbox.messages()]
    assert len(marks) == 3
    assert len(set(marks)) == 2


def test_several_recipients_share_one_file(inbox):
    with smtplib.SMTP("127.0.0.1", inbox.port) as client:
        client.sendmail("a@example.org", ["b@example.org", "c@example.org"], CONTENT)

    (message,) = inbox.messages()
    assert message.recipients == ("b@example.org", "c@example.org")


def test_a_message_from_nobody_has_an_empty_return_path(inbox):
    send(inbox, a_letter(return_path=""))

    assert inbox.messages()[0].return_path == ""
    assert inbox.messages()[0].path.read_bytes().startswith(b"Return-Path: <>\r\n")


def test_an_address_beyond_ascii_is_taken(inbox):
    assert send(inbox, a_letter(recipient="jürgen@bücher.example")) == [Result.SENT]

    assert inbox.messages()[0].recipients == ("jürgen@bücher.example",)


def test_a_letter_that_already_looks_delivered_keeps_its_own_lines_in_the_file(inbox):
    send(inbox, a_letter(content=b"Received: from a\r\nSubject: x\r\n\r\nx\r\n"))

    assert inbox.messages()[0].content == b"Received: from a\r\nSubject: x\r\n\r\nx\r\n"


def test_a_letter_over_the_limit_is_refused_and_leaves_no_file(inbox):
    assert send(inbox, a_letter(content=b"x" * 30_000_001)) == [Result.FAILED]

    assert list(inbox.folder.iterdir()) == []


def test_a_folder_that_cannot_be_written_defers_the_letter(inbox):
    inbox.folder.rmdir()

    assert send(inbox, a_letter()) == [Result.DEFERRED]


def test_a_second_run_on_the_folder_goes_on_counting(tmp_path):
    for number in (1, 2):
        with LocalInbox(tmp_path) as inbox:
            send(inbox, a_letter(number))

    names = [message.path.name[:8] for message in inbox.messages()]
    assert names == ["00000001", "00000002"]


def test_a_port_that_is_taken_is_said_in_one_sentence(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        with (
            pytest.raises(SettingsError, match=f"port {port}.*choose another"),
            LocalInbox(tmp_path, port=port),
        ):
            pass


def test_after_leaving_nothing_listens(tmp_path):
    with LocalInbox(tmp_path) as inbox:
        client = socket.create_connection(("127.0.0.1", inbox.port))
        client.recv(100)

    assert client.recv(100) == b""
    client.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", inbox.port))


def test_two_inboxes_at_once_do_not_meet(tmp_path):
    with LocalInbox(tmp_path / "a") as one, LocalInbox(tmp_path / "b") as other:
        send(one, a_letter(1))

        assert (len(one.messages()), len(other.messages())) == (1, 0)
