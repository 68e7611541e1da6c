"""Report mailboxes: the twin in memory, an IMAP server, a Maildir and an mbox keep one promise."""

import os
import ssl
import subprocess
import sys
import threading
from pathlib import Path
from urllib.parse import quote

import pytest
from imap_server import ImapServer, Message

from newsletter.adapters.mailbox import MemoryBox, open_box
from newsletter.core.reports import MAX_REPORT_BYTES
from newsletter.errors import MailboxUnavailable, SettingsError

TLS = Path(__file__).parents[1] / "fixtures" / "tls"
RAWS = [f"Subject: number {number}\n\nwords\n".encode() for number in range(3)]


class Memory:
    def __init__(self, folder, raws):
        self.box = MemoryBox(raws)

    def left(self):
        return list(self.box.waiting.values())

    def stop(self):
        pass


class Imap:
    uidplus = True

    def __init__(self, folder, raws):
        self.server = ImapServer(raws, uidplus=self.uidplus).start()
        self.box = open_box(
            f"imap://reports:{quote('p@ss w/rd', safe='')}@127.0.0.1:{self.server.port}"
        )

    def left(self):
        return [one.raw for one in self.server.messages]

    def stop(self):
        self.box.close()
        self.server.stop()


class OldImap(Imap):
    uidplus = False


class Maildir:
    def __init__(self, folder, raws):
        self.path = folder / "Maildir"
        for name in ("new", "cur", "tmp"):
            (self.path / name).mkdir(parents=True)
        for number, raw in enumerate(raws):
            (
                self.path / ("cur" if number == 2 else "new") / f"170000000{number}.a.host"
            ).write_bytes(raw)
        self.box = open_box(f"maildir://{self.path}")

    def left(self):
        files = [*(self.path / "new").iterdir(), *(self.path / "cur").iterdir()]
        return [file.read_bytes() for file in sorted(files, key=lambda file: file.name)]

    def stop(self):
        pass


class Mbox:
    def __init__(self, folder, raws):
        self.path = folder / "mbox"
        self.path.write_bytes(
            b"".join(b"From a@b Mon Jun 15 12:00:00 2026\n" + raw + b"\n" for raw in raws)
        )
        self.box = open_box(f"mbox://{self.path}")

    def left(self):
        raws = self.path.read_bytes().split(b"From a@b Mon Jun 15 12:00:00 2026\n")[1:]
        return [raw.removesuffix(b"\n") for raw in raws]

    def stop(self):
        pass


@pytest.fixture(params=[Memory, Imap, OldImap, Maildir, Mbox])
def make(request, tmp_path):
    """make(raws): a place with these messages."""
    made = []

    def make(raws=RAWS):
        made.append(request.param(tmp_path, raws))
        return made[-1]

    yield make
    for one in made:
        one.stop()


def emptied(box) -> list[bytes]:
    """Take all that waits, as a service does it."""
    found = []
    for mail in box.fetch():
        found.append(mail.raw.rstrip())
        box.remove(mail)
    box.close()
    return found


def test_what_waits_comes_whole_and_in_order(make):
    place = make()

    assert [mail.raw.rstrip() for mail in place.box.fetch()] == [raw.rstrip() for raw in RAWS]


def test_nothing_leaves_it_unless_it_is_removed(make):
    place = make()

    list(place.box.fetch())
    place.box.close()

    assert place.left() == RAWS


def test_what_is_removed_is_gone(make):
    place = make()

    assert len(emptied(place.box)) == 3

    assert place.left() == []
    assert emptied(place.box) == []


def test_who_is_stopped_half_way_finds_the_rest_again(make):
    place = make()

    fetched = place.box.fetch()
    place.box.remove(next(fetched))
    place.box.close()
    fetched.close()

    assert place.left()[-2:] == RAWS[1:]
    assert {raw.rstrip() for raw in RAWS[1:]} <= set(emptied(place.box))
    assert place.left() == []


def test_an_empty_one_is_no_trouble(make):
    assert emptied(make([]).box) == []


def test_of_a_huge_message_comes_the_beginning(make):
    place = make([b"Subject: x\n\n" + b"y" * (MAX_REPORT_BYTES + 5000)])

    (raw,) = emptied(place.box)

    assert MAX_REPORT_BYTES - 100 < len(raw) <= MAX_REPORT_BYTES
    assert place.left() == []


def test_no_name_shows_a_login(make):
    assert "p@ss" not in make().box.name


# IMAP


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


# Maildir


def test_what_is_no_file_does_not_stop_the_others(tmp_path):
    place = Maildir(tmp_path, RAWS)
    os.mkfifo(place.path / "new" / "0pipe")
    (place.path / "new" / "0link").symlink_to(place.path / "new" / "0pipe")
    (place.path / "new" / "0folder").mkdir()
    (place.path / "tmp" / "half").write_bytes(b"Subject: ha")

    assert len(emptied(place.box)) == 3


def test_a_folder_that_is_no_maildir_is_told(tmp_path):
    with pytest.raises(MailboxUnavailable, match="new, cur and tmp"):
        emptied(open_box(f"maildir://{tmp_path}"))


# mbox


def test_what_comes_while_it_is_read_is_not_lost(tmp_path):
    place = Mbox(tmp_path, RAWS)
    late = b"From a@b Mon Jun 15 12:00:00 2026\nSubject: late\n\nwords\n\n"

    fetched = place.box.fetch()
    for number, mail in enumerate(fetched):
        place.box.remove(mail)
        if number == 1:
            with place.path.open("ab") as file:
                file.write(late)
    place.box.close()

    assert b"Subject: late" in place.path.read_bytes()
    assert emptied(place.box)[-1].startswith(b"Subject: late")
    assert place.path.read_bytes() == b""


def test_it_stays_the_same_file_for_whoever_has_it_open(tmp_path):
    place = Mbox(tmp_path, RAWS)
    inode = place.path.stat().st_ino

    emptied(place.box)

    assert place.path.stat().st_ino == inode


def test_a_locked_one_is_waited_for(tmp_path):
    place = Mbox(tmp_path, RAWS)
    lock = tmp_path / "mbox.lock"
    lock.touch()
    threading.Timer(0.2, lock.unlink).start()

    assert len(emptied(place.box)) == 3


def test_a_lock_of_the_kernel_counts_too(tmp_path, monkeypatch):
    monkeypatch.setattr("newsletter.adapters.mailbox.mbox.LOCK_SECONDS", 0.1)
    place = Mbox(tmp_path, RAWS)
    hold = (
        "import fcntl, sys; f = open(sys.argv[1], 'rb+'); fcntl.lockf(f, fcntl.LOCK_EX);"
        "print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", hold, str(place.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout.readline() == b"held\n"

        with pytest.raises(MailboxUnavailable, match="lock"):
            emptied(place.box)
        holder.stdin.close()

    assert len(emptied(place.box)) == 3


def test_a_lock_whose_owner_died_long_ago_is_no_lock(tmp_path):
    place = Mbox(tmp_path, RAWS)
    lock = tmp_path / "mbox.lock"
    lock.touch()
    os.utime(lock, (1_000_000_000, 1_000_000_000))

    assert len(emptied(place.box)) == 3
    assert not lock.exists()


def test_one_that_is_not_there_yet_is_empty(tmp_path):
    assert emptied(open_box(f"mbox://{tmp_path / 'later'}")) == []


def test_one_in_no_folder_is_told(tmp_path):
    with pytest.raises(MailboxUnavailable, match="no such folder"):
        emptied(open_box(f"mbox://{tmp_path / 'none' / 'mbox'}"))


def test_a_line_that_only_begins_like_one_parts_no_message(tmp_path):
    raw = b"Subject: x\n\nFrom here on it is\nFrom the heart.\n"
    place = Mbox(tmp_path, [raw])

    assert emptied(place.box) == [raw.rstrip()]


# Addresses


@pytest.mark.parametrize(
    "url",
    [
        "pop3://a:b@host",
        "imaps://host/INBOX",
        "imaps://user@host/INBOX",
        "imap://user:secret@host?tls=maybe",
        "imap://user:secret@host?speed=1",
        "imap://user:secret@host:port",
        "maildir://relative/path",
        "mbox:",
        "mbox:///",
    ],
)
def test_an_address_that_cannot_be_read_is_refused_without_its_password(url):
    with pytest.raises(SettingsError, match="NEWSLETTER_REPORTS_URL") as caught:
        open_box(url)

    assert "secret" not in str(caught.value)
