"""`newsletter up`: one command that runs everything on this machine, and leaves nothing running."""

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from builders import wait_until
from bundled_day import DAY, DEMO_DAY

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/environ").exists(), reason="processes are found by their environment"
)


class Machine:
    """A data folder on which `up` runs. err: what it has said so far."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "data"
        kept = {k: v for k, v in os.environ.items() if not k.startswith("NEWSLETTER_")}
        self.environment = {
            **kept,
            "NEWSLETTER_DATA_DIR": str(self.data),
            "NEWSLETTER_SOURCES": f"folder:{DEMO_DAY}",
            "CELERY_BROKER_URL": "redis://127.0.0.1:1/0",
            "MARK_OF_TEST": str(folder),
        }
        self._log = folder / "up.log"
        with self._log.open("w") as log:
            self.process = subprocess.Popen(
                self._command("up"), stderr=log, cwd=folder, env=self.environment
            )

    def _command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "newsletter", *words]

    @property
    def err(self) -> str:
        return self._log.read_text()

    def do(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Another command, as from another terminal."""
        return subprocess.run(
            self._command(*words),
            capture_output=True,
            text=True,
            check=False,
            timeout=200,
            env=self.environment,
        )

    def page(self, path: str) -> str:
        url = json.loads((self.data / "up.json").read_text())["base_url"]
        with urllib.request.urlopen(url + path, timeout=30) as answer:
            return answer.read().decode()

    def processes(self) -> dict[int, str]:
        """The living processes that it started, itself included, with their commands."""
        mark = f"MARK_OF_TEST={self.environment['MARK_OF_TEST']}".encode()
        found = {}
        for place in Path("/proc").glob("[0-9]*"):
            try:
                if mark in (place / "environ").read_bytes().split(b"\0"):
                    found[int(place.name)] = (place / "cmdline").read_text().replace("\0", " ")
            except OSError:
                continue
        return {pid: command for pid, command in found.items() if command}

    def workers(self) -> list[int]:
        """The worker and its children, the worker first."""
        return sorted(
            pid
            for pid, command in self.processes().items()
            if " worker " in command and "guard.py" not in command
        )


@pytest.fixture
def up(tmp_path) -> Iterator[Machine]:
    machine = Machine(tmp_path)
    try:
        wait_until(lambda: "Stop with Ctrl-C" in machine.err or machine.process.poll() is not None)
        yield machine
    finally:
        if machine.process.poll() is None:
            machine.process.kill()
        machine.process.wait()


def test_one_command_runs_everything_and_other_commands_find_it(up):
    assert up.do("subscribers", "add", "ada@example.org", "--topic", "A=agent*").returncode == 0
    ran = up.do("run", "--date", DAY, "--everyone", "--json")
    second = up.do("up")

    assert json.loads(ran.stdout)["counts"] == {"sent": 1}
    assert len(list((up.data / "inbox").glob("*.eml"))) == 1
    assert "ada@example.org" in up.page("/inbox")
    assert up.page("/")
    assert second.returncode == 1
    assert re.search(r"already at http://127.0.0.1:\d+ \(process \d+\)", second.stderr)

    up.process.terminate()

    assert up.process.wait(40) == 0
    assert up.processes() == {}
    assert not (up.data / "up.json").exists()
    assert "Traceback" not in up.err


@pytest.mark.faults
def test_the_worker_of_up_mails_by_itself(up):
    up.do("subscribers", "add", "ada@example.org", "--topic", "A=agent*", "--ask")

    wait_until(lambda: list((up.data / "inbox").glob("*.eml")))  # sent by the worker, not by add


@pytest.mark.faults
def test_a_worker_that_is_killed_is_replaced_with_all_its_children(up):
    wait_until(lambda: len(up.workers()) == 3)
    before = up.workers()

    os.kill(before[0], signal.SIGKILL)

    wait_until(lambda: not set(before) & set(up.workers()))
    wait_until(lambda: "The worker runs again." in up.err)
    assert "The worker ended by itself (signal 9)" in up.err


@pytest.mark.faults
def test_nothing_is_left_when_up_itself_is_killed(up):
    wait_until(lambda: len(up.workers()) == 3)

    up.process.kill()
    up.process.wait()

    wait_until(lambda: up.processes() == {})
