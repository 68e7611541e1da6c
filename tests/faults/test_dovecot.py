"""A real Dovecot keeps what the small IMAP server of the other tests promises."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from builders import wait_until
from test_postfix import free_port

from newsletter.adapters.mailbox import open_box
from newsletter.core.reports import MAX_REPORT_BYTES
from newsletter.errors import MailboxUnavailable

pytestmark = pytest.mark.faults

NOBODY = 65534
CONFIG = """
base_dir = {folder}/run
state_dir = {folder}/run
log_path = {folder}/log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
mail_location = maildir:{folder}/mail
first_valid_uid = 1
passdb {{
  driver = static
  args = password=secret
}}
userdb {{
  driver = static
  args = uid={nobody} gid={nobody} home={folder}/mail
}}
service imap-login {{
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
"""


@pytest.fixture
def dovecot():
    """The port of a Dovecot with four messages, of which the third is huge."""
    if os.geteuid() != 0 or shutil.which("dovecot") is None:
        pytest.skip("needs Dovecot (Debian's package dovecot-imapd), and root to start it")
    folder = Path(tempfile.mkdtemp(prefix="dovecot-", dir="/tmp"))  # its accounts must get there
    folder.chmod(0o755)
    for name in ("mail/new", "mail/cur", "mail/tmp"):
        (folder / name).mkdir(parents=True)
    for number in range(4):
        words = b"z" * (2 * MAX_REPORT_BYTES if number == 2 else 10)
        (folder / f"mail/new/170000{number}.x.host").write_bytes(
            b"Subject: number %d\r\n\r\n%s\r\n" % (number, words)
        )
    for path in (folder / "mail", *(folder / "mail").rglob("*")):
        os.chown(path, NOBODY, NOBODY)
    port = free_port()
    config = folder / "dovecot.conf"
    config.write_text(CONFIG.format(folder=folder, port=port, nobody=NOBODY))
    command = ["dovecot", "-c", str(config)]
    with (folder / "said").open("wb") as said:  # a pipe would stay open in its children
        started = subprocess.run(command, stdout=said, stderr=said, check=False)
    try:
        if started.returncode:
            pytest.skip(f"Dovecot does not start here: {(folder / 'said').read_text()[-300:]}")
        wait_until(lambda: "starting up" in (folder / "log").read_text())
        yield port
    finally:
        subprocess.run([*command, "stop"], stderr=subprocess.DEVNULL, check=False)
        shutil.rmtree(folder, ignore_errors=True)


def box_at(port: int, *, password: str = "secret", folder: str = "INBOX"):
    return open_box(f"imap://reports:{password}@127.0.0.1:{port}/{folder}")


def test_what_is_removed_is_gone_and_the_rest_stays_unread(dovecot):
    box = box_at(dovecot)
    sizes = {}
    for mail in box.fetch():
        sizes[mail.name] = len(mail.raw)
        if mail.name != "2":
            box.remove(mail)
    box.close()

    left = [mail.name for mail in box.fetch()]
    box.close()

    assert sizes["3"] == MAX_REPORT_BYTES
    assert (len(sizes), left) == (4, ["2"])


@pytest.mark.parametrize("wrong", [{"password": "wrong"}, {"folder": "None"}])
def test_what_is_wrong_is_told_in_its_words(dovecot, wrong):
    with pytest.raises(MailboxUnavailable, match=r"Authentication failed|doesn't exist"):
        list(box_at(dovecot, **wrong).fetch())
