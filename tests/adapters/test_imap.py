"""A mailbox read by IMAP: logins, TLS, servers that cut a connection or cannot read a message."""

import ssl
from pathlib import Path
from urllib.parse import quote

import pytest
from imap_server import ImapServer, Message
from mailbox_places import RAWS, emptied

from newsletter.adapters.mailbox import open_box
from newsletter.errors import MailboxUnavailable

TLS = Path(__file__).parents[1] / "fixtures" / "tls"


@pytest.fixture
def serve():
    """serve(raws, …): an IMAP server that is stopped after the test."""
    made = []

    def serve(raws=RAWS, **values):
        made.append(ImapServer(raws, **values).start())
        return made[-1]

    yield serve
    for server in made:
        server.stop()


def box_of(server, *, scheme="imap", path="", host="127.0.0.1"):
    login = ":".join(quote(word, safe="") for word in server.login)
    return open_box(f"{scheme}://{login}@{host}:{server.port}{path}")


@pytest.mark.parametrize("uidplus", [True, False])
def test_a_message_that_somebody_else_flagged_stays(serve, uidplus):
    server = serve(uidplus=uidplus)
    server.messages[1].flags.add("\\Deleted")

    assert len(emptied(box_of(server))) == 2

    assert RAWS[1] in [one.raw for one in server.messages]


def test_a_message_that_the_server_cannot_read_does_not_stop_the_others(serve):
    server = serve()
    server.messages.insert(1, Message(500, None))

    assert len(emptied(box_of(server))) == 3


def test_the_login_may_hold_any_letters(serve):
    for plain in (True, False):
        server = serve(user="reports @home", password='p"\\ä' if plain else 'p"\\x', plain=plain)
        assert len(emptied(box_of(server))) == 3


def test_a_folder_may_have_any_name(serve):
    server = serve(folder="R&AOk-ponses &- more")

    assert len(emptied(box_of(server, path="/" + quote("Réponses & more")))) == 3


def test_starttls_is_verified(serve, monkeypatch):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(TLS / "relay.pem", TLS / "relay.key")
    server = serve(tls=context)
    box = box_of(server, path="/?tls=starttls", host="localhost")

    with pytest.raises(MailboxUnavailable, match="certificate"):
        emptied(box)
    monkeypatch.setenv("SSL_CERT_FILE", str(TLS / "relay.pem"))

    assert len(emptied(box)) == 3


def test_a_server_without_starttls_gets_no_password(serve):
    server = serve()
    box = box_of(server, path="/?tls=starttls")

    with pytest.raises(MailboxUnavailable):
        emptied(box)


@pytest.mark.parametrize("word", ["SELECT", "UID SEARCH", "UID FETCH", "UID STORE"])
def test_a_cut_connection_is_told_and_loses_nothing(serve, word):
    server = serve()
    server.cut_at = word
    box = box_of(server)

    with pytest.raises(MailboxUnavailable, match="cannot be used"):
        emptied(box)
    box.close()

    left = [one for one in server.messages if "\\Deleted" not in one.flags]
    assert len(left) >= 2
    assert len(emptied(box)) == len(left)


def test_a_connection_cut_at_the_removal_removes_nothing_twice_and_loses_nothing(serve):
    server = serve()
    server.cut_at = "UID EXPUNGE"
    box = box_of(server)

    assert len(emptied(box)) == 3

    assert len(server.messages) == 3  # flagged, and not fetched again
    assert emptied(box) == []


def test_many_are_removed_as_they_are_taken(serve):
    server = serve([b"Subject: %d\n\nwords\n" % number for number in range(120)])
    box = box_of(server)
    fetched = box.fetch()

    for _ in range(60):
        box.remove(next(fetched))

    assert len(server.messages) == 70
    box.close()
    assert len(server.messages) == 60


def test_a_wrong_password_is_told_in_one_sentence_without_it(serve):
    server = serve()
    server.login = ("reports", "another")
    box = box_of(server)
    server.login = ("reports", "changed")

    with pytest.raises(MailboxUnavailable) as caught:
        emptied(box)

    assert "wrong login" in str(caught.value)
    assert "another" not in str(caught.value)


def test_nobody_listens(serve):
    server = serve()
    box = box_of(server)
    server.stop()

    with pytest.raises(MailboxUnavailable, match="refused"):
        emptied(box)
