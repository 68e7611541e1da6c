"""A real Postfix with TLS and a login: its log agrees with the ledger, mail by mail."""

import json
import os
import shutil
import socketserver
import subprocess
import tempfile
import threading
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from socket import create_connection, create_server

import pytest
from builders import MONDAY, a_newsletter, a_paper, settings_for, wait_until, wishes

from newsletter.cli.root import run
from newsletter.core.delivery.states import State
from newsletter.settings import as_environment

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]

READERS = int(os.environ.get("POSTFIX_READERS", "10000"))
TLS = Path(__file__).parent.parent / "fixtures" / "tls"
EDITION: date = MONDAY.date()

# Takes mail from who logged in, over TLS only, and throws it away: what counts is its log.
MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/maillog
maillog_file_prefixes = /
myhostname = localhost
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mydestination =
alias_maps =
local_recipient_maps =
default_transport = discard:
smtpd_relay_restrictions = permit_sasl_authenticated, reject
smtpd_tls_security_level = encrypt
smtpd_tls_auth_only = yes
smtpd_tls_cert_file = {folder}/relay.pem
smtpd_tls_key_file = {folder}/relay.key
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:127.0.0.1:{auth_port}
"""
MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
pickup  unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr    unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce  unix - - n - 0 bounce
defer   unix - - n - 0 bounce
trace   unix - - n - 0 bounce
verify  unix - - n - 1 verify
flush   unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp    unix - - n - - smtp
relay   unix - - n - - smtp
showq   unix n - n - - showq
error   unix - - n - - error
retry   unix - - n - - error
discard unix - - n - - discard
anvil   unix - - n - 1 anvil
scache  unix - - n - 1 scache
tlsmgr  unix - - n 1000? 1 tlsmgr
postlog unix-dgram n - n - 1 postlogd
"""


class Logins(socketserver.StreamRequestHandler):
    """Dovecot's side of its authentication protocol, for a single user."""

    def handle(self) -> None:
        hello = ("VERSION\t1\t1", "MECH\tPLAIN\tplaintext", "SPID\t1", "CUID\t1",
                 f"COOKIE\t{'0' * 32}", "DONE")  # fmt: skip
        self.wfile.write("".join(f"{line}\n" for line in hello).encode())
        for line in self.rfile:
            words = line.decode().rstrip("\n").split("\t")
            if words[0] == "AUTH":
                self.wfile.write(self._answer(words).encode())

    def _answer(self, words: list[str]) -> str:
        given = next(word[5:] for word in words if word.startswith("resp="))
        is_right = b64decode(given) == b"\0news\0p@ss w/rd"
        return f"{'OK' if is_right else 'FAIL'}\t{words[1]}\tuser=news\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Postfix:
    port: int
    log: Path

    def url(self, password: str = "p%40ss%20w%2Frd") -> str:
        return f"smtp://news:{password}@localhost:{self.port}?tls=starttls"


def free_port() -> int:
    with create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def answers(port: int) -> bool:
    try:
        with create_connection(("127.0.0.1", port), timeout=1) as sock:
            return sock.recv(3) == b"220"
    except OSError:
        return False


@pytest.fixture
def logins() -> Iterator[int]:
    """The port of a server that knows one user."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Logins) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


@pytest.fixture
def postfix(logins) -> Iterator[Postfix]:
    if os.geteuid() != 0 or shutil.which("postfix") is None:
        pytest.skip("needs Postfix (Debian's package postfix), and root to start it")
    folder = Path(tempfile.mkdtemp(prefix="postfix-", dir="/tmp"))  # its accounts must get there
    folder.chmod(0o755)
    port = free_port()
    for name in ("config", "queue", "data"):
        (folder / name).mkdir()
        (folder / name).chmod(0o755)  # whatever the umask
    shutil.chown(folder / "data", "postfix")
    for name in ("relay.pem", "relay.key"):
        shutil.copy(TLS / name, folder / name)
        (folder / name).chmod(0o600)
    (folder / "config/main.cf").write_text(MAIN.format(folder=folder, auth_port=logins))
    (folder / "config/master.cf").write_text(MASTER.format(port=port))
    for path in (folder / "config").iterdir():
        path.chmod(0o644)
    command = ["postfix", "-c", str(folder / "config")]
    started = subprocess.run([*command, "start"], capture_output=True, text=True, check=False)
    try:
        if started.returncode:
            pytest.skip(f"Postfix does not start here: {started.stderr.strip()[-300:]}")
        wait_until(lambda: answers(port))
        yield Postfix(port=port, log=folder / "maillog")
    finally:
        subprocess.run([*command, "stop"], capture_output=True, check=False)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def service_for(tmp_path, monkeypatch):
    """Open a service that hands over to this relay, with so many readers; the CLI finds it, too."""
    monkeypatch.setenv("SSL_CERT_FILE", str(TLS / "relay.pem"))
    opened = []

    def open_service(url: str, readers: int):
        settings = replace(settings_for(tmp_path), smtp_url=url)
        for name, value in as_environment(settings).items():
            monkeypatch.setenv(name, value)
        opened.append(a_newsletter(tmp_path, papers=[a_paper()], settings=settings, transport=None))
        opened[-1].import_subscribers(
            (f"reader{number}@host{number % 50}.example", wishes()) for number in range(readers)
        )
        return opened[-1]

    yield open_service
    for service in opened:
        service.close()


def test_its_log_agrees_with_the_ledger(service_for, postfix, capsys):
    service = service_for(postfix.url(), READERS)

    ran = service.run(EDITION, everyone=True)
    wait_until(lambda: postfix.log.read_text().count("status=sent") >= READERS, seconds=300)

    assert ran.counts == {State.SENT: READERS}
    capsys.readouterr()
    code = run(["editions", "reconcile", EDITION.isoformat(), "--log", str(postfix.log), "--json"])
    told = json.loads(capsys.readouterr().out)
    assert (code, told["is_equal"], told["agreed"]) == (0, True, READERS)
    assert told["messages_in_log"] == READERS


def test_a_wrong_password_keeps_everything_and_costs_no_try(service_for, postfix):
    service = service_for(postfix.url("wrong"), 20)

    ran = service.run(EDITION, everyone=True)

    assert ran.counts == {State.PENDING: 20}
    assert {one.attempts for one in service.deliveries()} == {0}
    assert "refused user and password" in service.deliveries()[0].last_text
    assert "status=sent" not in postfix.log.read_text()
