"""The commands of the compose file run as it says, as processes against real servers.

No container engine is needed: each service's environment, command and health check are taken from
the file; only what containers bring along is put in their place (host names, folders, a free port).
"""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*)|:\?[^}]*)?\}")
READER = "ada@example.org"
ALL = ("web", "worker", "beat", "reports")

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]


class Machine:
    """Starts services as compose would: `told` is what the operator wrote into .env."""

    def __init__(self, folder: Path, told: dict[str, str], redis_url: str) -> None:
        self.told, self.port = told, free_port()
        (folder / "secrets").mkdir()
        (folder / "data").mkdir()
        for name, secret in COMPOSE["secrets"].items():
            words = told[secret["environment"]] if "environment" in secret else ""
            (folder / "secrets" / name).write_text(words, encoding="utf-8")
        # Of each pair the left stands in the file, the right is what it is on this machine.
        self._here = {
            "/run/secrets": str(folder / "secrets"),
            "/data": str(folder / "data"),
            "redis://redis:6379/0": redis_url,
            "0.0.0.0": "127.0.0.1",
            "8000": str(self.port),
            "2424": str(free_port()),
        }
        self._there = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, self._here))})(?!\w)")
        self.folder = folder / "data"
        self.processes: dict[str, subprocess.Popen] = {}

    def words(self, value: object) -> str:
        text = VARIABLE.sub(lambda found: self.told.get(found[1]) or found[2] or "", str(value))
        text = text.replace("$$", "$")
        return self._there.sub(lambda found: self._here[found[0]], text)

    def environment(self, service: str) -> dict[str, str]:
        settings = COMPOSE["services"][service]["environment"]
        return {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(self.folder),
            "HOSTNAME": socket.gethostname(),  # as every container engine sets it
            **{name: self.words(value) for name, value in settings.items()},
        }

    def start(self, service: str) -> subprocess.Popen:
        with (self.folder / f"{service}.log").open("wb") as log:
            self.processes[service] = subprocess.Popen(
                [self.words(word) for word in COMPOSE["services"][service]["command"]],
                env=self.environment(service),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return self.processes[service]

    def is_healthy(self, service: str) -> bool:
        kind, *words = COMPOSE["services"][service]["healthcheck"]["test"]
        command = ["/bin/sh", "-c", *words] if kind == "CMD-SHELL" else words
        done = subprocess.run(
            [self.words(word) for word in command],
            env=self.environment(service),
            cwd=self.folder,
            capture_output=True,
            timeout=60,
            check=False,
        )
        return done.returncode == 0

    def log(self, service: str) -> str:
        return (self.folder / f"{service}.log").read_text("utf-8", "replace")[-3000:]

    def end(self) -> None:
        for process in self.processes.values():
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(10)


@pytest.fixture
def machine(tmp_path, redis_url, bare_postgres_url, smtp_sink) -> Iterator[Machine]:
    told = {
        "POSTGRES_PASSWORD": "not-asked-for-by-this-server",
        "NEWSLETTER_DATABASE_URL": bare_postgres_url,
        "NEWSLETTER_SECRET_KEYS": "a key of more than sixteen characters",
        "NEWSLETTER_SMTP_URL": smtp_sink.url,
        "NEWSLETTER_BASE_URL": "https://papers.example.org",
        "NEWSLETTER_FROM": "Daily Papers <papers@example.org>",
        "NEWSLETTER_FORM_SECONDS": "0",  # no test fills in a form as slowly as people do
        "NEWSLETTER_SOURCES": f"folder:{tmp_path / 'papers'}",
    }
    (tmp_path / "papers").mkdir()
    machine = Machine(tmp_path, told, redis_url)
    yield machine
    machine.end()


def test_the_services_start_tell_that_they_are_well_work_together_and_stop(machine, smtp_sink):
    assert machine.start("migrate").wait(60) == 0, machine.log("migrate")
    assert not any(machine.is_healthy(service) for service in ALL)

    for service in ALL:
        process = machine.start(service)
        wait_until(lambda: machine.is_healthy(service), service, process, machine)  # noqa: B023

    subscribe(machine.port)
    (confirmation,) = smtp_sink.wait_for(1, seconds=60)
    assert confirmation.recipient == READER
    assert b"https://papers.example.org/confirm/" in confirmation.content

    for service in reversed(ALL):
        machine.processes[service].terminate()
        assert machine.processes[service].wait(90) == 0, machine.log(service)
    assert not machine.is_healthy("web")
    assert not machine.is_healthy("worker")


def subscribe(port: int) -> None:
    form = {"address": READER, "topics-0-name": "Agents", "topics-0-filter": "agent*"}
    urllib.request.urlopen(
        f"http://127.0.0.1:{port}/subscribe", urllib.parse.urlencode(form).encode(), timeout=20
    ).close()


def wait_until(
    is_so: Callable[[], bool], service: str, process: subprocess.Popen, machine: Machine
) -> None:
    give_up = time.monotonic() + 60
    while not is_so():
        assert process.poll() is None, f"{service} ended: {machine.log(service)}"
        assert time.monotonic() < give_up, f"{service} never got well: {machine.log(service)}"
        time.sleep(0.2)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]
