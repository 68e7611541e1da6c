"""A real Postfix sends real reports back; intakes are killed: each report counts exactly once."""

import os
import random
import shutil
import signal
import smtplib
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from builders import MONDAY, a_newsletter, a_paper, settings_for, wait_until, wishes
from smtp_sink import SmtpSink
from test_postfix import MASTER, answers, free_port

from newsletter.adapters.store.mailboxes import LEASE
from newsletter.cli.intake import open_doors
from newsletter.core.feedback.arriving import Fate
from newsletter.settings import as_environment

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]

REFUSALS = {
    "dead": "550 5.1.1 <dead@example.net>: no such user",
    "full": "552 5.2.2 the mailbox is full",
    "busy": "450 4.2.0 try again later",
    "well": "",
}
SOON = 60.0  # seconds

# Takes our mail and hands it on to the one server; what comes back goes where `reports` says.
MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/maillog
maillog_file_prefixes = /
myhostname = relay.example.net
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mydestination =
alias_maps =
local_recipient_maps =
disable_dns_lookups = yes
relayhost = [127.0.0.1]:{remote}
transport_maps = inline:{{ {{ example.org = {reports} }} }}
virtual_mailbox_domains = {virtual}
virtual_mailbox_base = {folder}
virtual_mailbox_maps = static:reports/
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{uid}
minimal_backoff_time = 1s
maximal_backoff_time = 2s
queue_run_delay = 1s
maximal_queue_lifetime = 8s
smtpd_relay_restrictions = permit_mynetworks, reject
"""
MORE = """
virtual unix - n n - - virtual
lmtp    unix - - n - - lmtp
"""
NOBODY = 65534


@contextmanager
def postfix(**values):
    """The port of a Postfix of its own, and its folder; stopped and removed at the end."""
    if os.geteuid() != 0 or shutil.which("postfix") is None:
        pytest.skip("needs Postfix (Debian's package postfix), and root to start it")
    folder = Path(tempfile.mkdtemp(prefix="postfix-", dir="/tmp"))  # its accounts must get there
    folder.chmod(0o755)
    for name in ("config", "queue", "data", "reports"):
        (folder / name).mkdir()
        (folder / name).chmod(0o755)
    shutil.chown(folder / "data", "postfix")
    os.chown(folder / "reports", NOBODY, NOBODY)
    for name in ("new", "cur", "tmp"):
        (folder / "reports" / name).mkdir()
        os.chown(folder / "reports" / name, NOBODY, NOBODY)
    port = free_port()
    main = MAIN.format(folder=folder, uid=NOBODY, **values)
    (folder / "config/main.cf").write_text(main)
    (folder / "config/master.cf").write_text(MASTER.format(port=port) + MORE)
    for path in (folder / "config").iterdir():
        path.chmod(0o644)
    command = ["postfix", "-c", str(folder / "config")]
    started = subprocess.run([*command, "start"], capture_output=True, text=True, check=False)
    try:
        if started.returncode:
            pytest.skip(f"Postfix does not start here: {started.stderr.strip()[-300:]}")
        wait_until(lambda: answers(port))
        yield port, folder
    finally:
        subprocess.run([*command, "stop"], capture_output=True, check=False)
        if (folder / "maillog").exists():
            print((folder / "maillog").read_text()[-3000:])
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def remote():
    """The server of all readers, which refuses some."""
    sink = SmtpSink(refuse=lambda recipient: REFUSALS[recipient.partition("@")[0]])
    sink.start()
    yield sink
    sink.stop()


@pytest.mark.parametrize("way", ["lmtp", "maildir"])
def test_what_a_real_postfix_sends_back_becomes_the_right_rows_within_a_minute(
    tmp_path, remote, way
):
    door = free_port()
    reports = f"lmtp:inet:127.0.0.1:{door}" if way == "lmtp" else "virtual:"
    virtual = "" if way == "lmtp" else "example.org"
    with ExitStack() as stack:
        port, folder = stack.enter_context(
            postfix(remote=remote.port, reports=reports, virtual=virtual)
        )
        settings = settings_for(
            tmp_path,
            smtp_url=f"smtp://127.0.0.1:{port}?tls=none",
            reports_url=f"maildir://{folder}/reports",
        )
        service = stack.enter_context(
            a_newsletter(tmp_path, papers=[a_paper()], settings=settings, transport=None)
        )
        if way == "lmtp":
            open_doors(stack, service, [f"lmtp://127.0.0.1:{door}"])
        service.import_subscribers((f"{name}@example.net", wishes()) for name in REFUSALS)

        service.run(MONDAY.date(), everyone=True)
        began = time.monotonic()
        wait_until(lambda: polled(service) == 3, seconds=SOON)

        print(f"{way}: all rows after {time.monotonic() - began:.1f} s")
        rows = {one.address.partition("@")[0]: one for one in service.reports()}
        assert {one.fate for one in rows.values()} == {Fate.COUNTED}
        assert {name: (one.kind, one.status) for name, one in rows.items()} == {
            "dead": ("hard", "5.1.1"),
            "full": ("soft", "5.2.2"),
            "busy": ("soft", "4.2.0"),
        }
        suppressed = {
            name for name, one in rows.items()
            if service.delivery(str(one.delivery_id)).suppressed_because
        }  # fmt: skip
        assert suppressed == {"dead"}
        assert {one.came_by for one in rows.values()} == {way}


def polled(service) -> int:
    """How many reports there are, after a look into the mailbox as workers do it every minute."""
    service.poll_reports()
    return len(service.reports())


# Kills

INTAKE = """
import sys
from datetime import UTC, datetime, timedelta
from newsletter.adapters.store import Store
from newsletter.app import Newsletter
from newsletter.settings import read_settings

ahead = timedelta(minutes=float(sys.argv[1]))  # the lease of who was killed has run out
clock = lambda: datetime.now(UTC) + ahead
settings = read_settings()
store = Store(settings.database_url, clock=clock)
with Newsletter(settings, store=store, clock=clock) as service:
    print("ready", flush=True)
    service.poll_reports()
print("done", flush=True)
"""
KILLS = int(os.environ.get("INTAKE_KILLS", "12"))
REPORTS = 300


@pytest.mark.parametrize("kind", ["maildir", "mbox"])
def test_an_intake_killed_at_any_moment_loses_no_report_and_counts_none_twice(tmp_path, kind):
    seed = int(os.environ.get("INTAKE_SEED") or random.randrange(1 << 30))
    print(f"INTAKE_SEED={seed}")
    lots = random.Random(seed)
    place = tmp_path / "box"
    settings = settings_for(tmp_path, reports_url=f"{kind}://{place}")
    with a_newsletter(tmp_path, papers=[a_paper()], settings=settings) as service:
        service.import_subscribers((f"r{n}@example.net", wishes()) for n in range(REPORTS))
        service.run(everyone=True)
        letters = service.parts.transport.sent
        fill(place, kind, [bounce(letter) for letter in letters])
        killed = 0
        for number in range(10 * KILLS):
            if killed == KILLS or not left(place, kind):
                break
            killed += run_intake(settings, number, seconds=lots.uniform(0, 0.4))
        run_intake(settings, 10 * KILLS, seconds=None)

        rows = service.reports(limit=10 * REPORTS)
        print(f"{killed} kills, {len(rows)} rows, {left(place, kind)} left")
        assert left(place, kind) == 0
        assert sorted(row.delivery_id for row in rows) == sorted(one.delivery_id for one in letters)
        assert {row.fate for row in rows} == {Fate.COUNTED}


def test_a_listener_killed_at_any_moment_loses_no_report_and_counts_none_twice(tmp_path):
    seed = int(os.environ.get("INTAKE_SEED") or random.randrange(1 << 30))
    print(f"INTAKE_SEED={seed}")
    lots = random.Random(seed)
    port, settings = free_port(), settings_for(tmp_path)
    with a_newsletter(tmp_path, papers=[a_paper()], settings=settings) as service:
        service.import_subscribers((f"r{n}@example.net", wishes()) for n in range(REPORTS))
        service.run(everyone=True)
        waiting = {letter.return_path: bounce(letter) for letter in service.parts.transport.sent}
        tries = 0
        for number in range(KILLS + 1):
            with listening(settings, port) as listener:
                if number < KILLS:
                    threading.Timer(lots.uniform(0, 0.6), listener.kill).start()
                tries += hand_over(waiting, port)
        rows = service.reports(limit=10 * REPORTS)

        print(f"{KILLS} kills, {tries} tries, {len(rows)} rows")
        assert not waiting
        assert len(rows) == len({row.delivery_id for row in rows}) == REPORTS


@contextmanager
def listening(settings, port: int):
    """`newsletter reports listen`, from the moment that it answers."""
    command = [sys.executable, "-m", "newsletter", "reports", "listen"]
    process = subprocess.Popen(
        [*command, "--lmtp", f"127.0.0.1:{port}"],
        env=os.environ | as_environment(settings),
        stderr=subprocess.DEVNULL,
        cwd=Path(__file__).parents[2],
    )
    try:
        wait_until(lambda: answers(port))
        yield process
    finally:
        process.terminate()
        process.wait(30)


def hand_over(waiting: dict[str, bytes], port: int) -> int:
    """Give each report that waits; what got its 250 waits no more. How many were tried."""
    tries = 0
    try:
        with smtplib.LMTP("127.0.0.1", port, timeout=30) as to:
            for path, raw in list(waiting.items()):
                tries += 1
                to.sendmail("", [path], raw)
                del waiting[path]
    except (OSError, smtplib.SMTPException):
        pass
    return tries


def run_intake(settings, number: int, *, seconds: float | None) -> bool:
    """Start one; kill it so long after it began to read, or let it end. Whether it was killed."""
    ahead = 60 + number * 2 * LEASE.total_seconds() / 60
    process = subprocess.Popen(
        [sys.executable, "-c", INTAKE, str(ahead)],
        env=os.environ | as_environment(settings),
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    with process:
        assert process.stdout.readline() == "ready\n"
        if seconds is None:
            assert process.stdout.readline() == "done\n"
            return False
        time.sleep(seconds)  # the moment of the kill is what is drawn by lot
        process.send_signal(signal.SIGKILL)
        return process.stdout.read() == ""


def bounce(letter) -> bytes:
    return (
        f"From: MAILER-DAEMON@mx.example\nTo: {letter.return_path}\nSubject: failure notice\n"
        f"Message-ID: <{letter.delivery_id}@mx.example>\n\n"
        "Hi. This is the qmail-send program at mx.example.\n"
        "I'm afraid I wasn't able to deliver your message to the following addresses.\n\n"
        f"<{letter.recipient}>:\n550 5.1.1 no such user\n"
    ).encode()


def fill(place: Path, kind: str, raws: list[bytes]) -> None:
    if kind == "mbox":
        line = b"From MAILER-DAEMON Mon Jun 15 12:00:00 2026\n"
        place.write_bytes(b"".join(line + raw + b"\n" for raw in raws))
        return
    for name in ("new", "cur", "tmp"):
        (place / name).mkdir(parents=True)
    for number, raw in enumerate(raws):
        (place / "new" / f"{number}.host").write_bytes(raw)


def left(place: Path, kind: str) -> int:
    return place.stat().st_size if kind == "mbox" else len(list((place / "new").iterdir()))
