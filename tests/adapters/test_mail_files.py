"""Maildir and mbox: what is no mail, what comes while it is read, who holds the lock."""

import os
import subprocess
import sys
import threading

import pytest
from mailbox_places import RAWS, Maildir, Mbox, emptied

from newsletter.adapters.mailbox import open_box
from newsletter.errors import MailboxUnavailable


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
