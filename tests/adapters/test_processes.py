"""Children of this process: started again when they die, gone when it is gone."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from newsletter.adapters.embedded.processes import Children, Job, last_lines

# Writes its own number and that of a child it leaves behind, then waits.
PARENT_OF_ANOTHER = """
import subprocess, sys, time
other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
import os; print(os.getpid(), other.pid, flush=True)
time.sleep(600)
"""
DEAF = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print(os.getpid(), flush=True)
time.sleep(600)
"""
POLITE = """
import os, signal, sys, time
def leave(*_):
    print("left politely", flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, leave)
print(os.getpid(), flush=True)
time.sleep(600)
"""
# Starts a job as this program does, tells its number, and waits to be killed.
STARTER = """
import sys, time
from pathlib import Path
from newsletter.adapters.embedded.processes import Children, Job
folder = Path(sys.argv[1])
children = Children(print)
children.start(Job(name="job", command=(sys.executable, "-c", sys.argv[2]), environment={},
                   folder=folder, log=folder / "job.log", stop_seconds=2))
print("started", flush=True)
time.sleep(600)
"""


def wait_until(is_so: Callable[[], object], seconds: float = 15) -> None:
    give_up = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < give_up, "it did not happen in time"
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return state_and_parent(pid)[0] != "Z"  # in a container nobody may wait for orphans
    except (ProcessLookupError, FileNotFoundError):
        return False


def state_and_parent(pid: int) -> tuple[str, int]:
    if not Path("/proc/self/stat").exists():
        return "?", 0
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return words[0], int(words[1])


def job(folder: Path, code: str, **more) -> Job:
    return Job(
        name="job",
        command=(sys.executable, "-c", code),
        environment=dict(os.environ),
        folder=folder,
        log=folder / "logs" / "job.log",
        **more,
    )


def numbers(folder: Path, log: str = "logs/job.log") -> list[int]:
    wait_until(lambda: (folder / log).exists() and (folder / log).read_text().endswith("\n"))
    return [int(word) for word in (folder / log).read_text().split()]


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def children(told) -> Children:
    with Children(told.append) as made:
        yield made


def test_a_child_that_is_stopped_may_finish_what_it_has_in_hand(children, tmp_path):
    children.start(job(tmp_path, POLITE))
    numbers(tmp_path)

    children.stop()

    assert "left politely" in (tmp_path / "logs/job.log").read_text()


def test_a_child_that_does_not_listen_is_ended_by_force(children, tmp_path):
    children.start(job(tmp_path, DEAF, stop_seconds=0.2))
    (pid,) = numbers(tmp_path)

    children.stop()

    assert not is_alive(pid)


def test_what_a_child_started_ends_with_it(children, tmp_path):
    children.start(job(tmp_path, PARENT_OF_ANOTHER))
    pids = numbers(tmp_path)

    children.stop()

    wait_until(lambda: not any(map(is_alive, pids)))


def test_what_a_killed_child_left_behind_is_ended(children, tmp_path):
    children.start(job(tmp_path, PARENT_OF_ANOTHER))
    first, second = numbers(tmp_path)

    os.kill(first, signal.SIGKILL)

    wait_until(lambda: not is_alive(second))


def test_a_child_that_dies_is_started_again_and_this_is_said(children, told, tmp_path):
    children.start(job(tmp_path, "print('here', flush=True); raise SystemExit(3)"))

    wait_until(lambda: (children.tend(), children.deaths("job"))[1] == 2)

    assert "job ended by itself (code 3)" in told[0]
    assert told[1] == "The job runs again."
    assert "in 2 s" in told[2]
    assert last_lines(tmp_path / "logs/job.log") == "here\nhere"


def test_a_program_that_cannot_be_started_says_so_in_its_log(children, tmp_path):
    unknown = Job(
        name="job",
        command=("/nowhere/program",),
        environment={},
        folder=tmp_path,
        log=tmp_path / "job.log",
    )

    children.start(unknown)

    wait_until(lambda: (children.tend(), children.deaths("job"))[1])
    assert "/nowhere/program cannot be started" in last_lines(tmp_path / "job.log")


def test_a_long_log_is_turned_over_at_the_next_start(children, tmp_path, monkeypatch):
    monkeypatch.setattr("newsletter.adapters.embedded.processes.MAX_LOG_BYTES", 5)
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs/job.log").write_text("old words")

    children.start(job(tmp_path, POLITE))

    assert (tmp_path / "logs/job.log.1").read_text() == "old words"


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM], ids=["killed", "terminated"])
@pytest.mark.parametrize("code", [PARENT_OF_ANOTHER, DEAF], ids=["with a child", "deaf"])
def test_no_child_outlives_the_starter(how, code, tmp_path):
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTER, tmp_path, code], stdout=subprocess.PIPE, text=True
    )
    assert starter.stdout is not None
    assert starter.stdout.readline() == "started\n"
    pids = numbers(tmp_path, "job.log")

    starter.send_signal(how)
    starter.wait(10)

    wait_until(lambda: not any(map(is_alive, pids)))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of this death")
def test_a_child_does_not_outlive_its_guard(children, tmp_path):
    children.start(job(tmp_path, POLITE))
    (pid,) = numbers(tmp_path)

    os.kill(state_and_parent(pid)[1], signal.SIGKILL)

    wait_until(lambda: not is_alive(pid))
