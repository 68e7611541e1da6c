"""Child processes that never outlive their parent, and are started again when they die.

Each runs under a guard (guard.py) that holds one end of a pipe: when this process ends, in
whatever way, the pipe closes and the guard stops what it watches over.
"""

import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

GUARD = Path(__file__).with_name("guard.py")
FIRST_WAIT_SECONDS = 1.0
LONGEST_WAIT_SECONDS = 60.0
HEALTHY_SECONDS = 60.0  # whoever lived this long starts again with the first wait
MAX_LOG_BYTES = 10_000_000
SURE_SECONDS = 5.0  # for a guard to end what it watches by force


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What to run: `environment` is the whole of it, `folder` the current directory.

    log: the file that takes everything it prints. stop_seconds: how long it may take to finish.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    folder: Path
    log: Path
    stop_seconds: float = 20.0


class Children:
    """Processes of this one, as a context manager: on leaving, the last started stops first.

    say: told one sentence when a child dies and when it is started again.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._children: list[_Child] = []

    def __enter__(self) -> "Children":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self, job: Job) -> None:
        """Start it and look after it from now on. Raises OSError when Python cannot be started."""
        job.log.parent.mkdir(parents=True, exist_ok=True)
        _turn_over(job.log)
        child = _Child(job)
        child.start()
        self._children.append(child)

    def tend(self) -> None:
        """Start again whoever died, after a wait that doubles. Call it about twice a second."""
        for child in self._children:
            code = child.newly_dead()
            if code is not None:
                wait = child.plan_restart()
                self._say(
                    f"The {child.job.name} ended by itself ({_how(code)}) and is started again in "
                    f"{wait:.0f} s; its log is {child.job.log}."
                )
            if child.is_due():
                child.start()
                self._say(f"The {child.job.name} runs again.")

    def deaths(self, name: str) -> int:
        """How often this child ended by itself."""
        return sum(child.deaths for child in self._children if child.job.name == name)

    def stop(self) -> None:
        """Let each finish what it has in hand, or end it by force; twice is no error."""
        try:
            for child in reversed(self._children):
                child.stop()
        except BaseException:  # an impatient second Ctrl-C: then all at once
            for child in self._children:
                child.end_now()
            raise
        finally:
            self._children.clear()


@dataclass(slots=True)
class _Child:
    job: Job
    process: "subprocess.Popen[bytes] | None" = None
    started: float = 0.0
    restart_at: float | None = None
    wait: float = FIRST_WAIT_SECONDS
    deaths: int = field(default=0)

    def start(self) -> None:
        command = [sys.executable, "-I", "-S", str(GUARD), str(self.job.stop_seconds)]
        with self.job.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*command, *self.job.command],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env=dict(self.job.environment),
                cwd=self.job.folder,
                start_new_session=True,  # Ctrl-C in a terminal is for us; we stop it in order
            )
        self.started, self.restart_at = time.monotonic(), None

    def newly_dead(self) -> int | None:
        """The code it ended with, once; None while it lives or its end is known already."""
        if self.process is None or self.process.poll() is None:
            return None
        code = self.process.returncode
        self._forget()
        return code

    def plan_restart(self) -> float:
        """Seconds until the next start."""
        now = time.monotonic()
        self.deaths += 1
        if now - self.started > HEALTHY_SECONDS:
            self.wait = FIRST_WAIT_SECONDS
        wait, self.wait = self.wait, min(self.wait * 2, LONGEST_WAIT_SECONDS)
        self.restart_at = now + wait
        return wait

    def is_due(self) -> bool:
        return self.restart_at is not None and time.monotonic() >= self.restart_at

    def stop(self) -> None:
        if self.process is None:
            return
        assert self.process.stdin is not None
        self.process.stdin.close()  # the guard takes this for the wish to end
        try:
            self.process.wait(self.job.stop_seconds + SURE_SECONDS)
        except subprocess.TimeoutExpired:
            self.end_now()
        self._forget()

    def end_now(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(SURE_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def _forget(self) -> None:
        if self.process is not None and self.process.stdin is not None:
            self.process.stdin.close()
        self.process = None


def last_lines(log: Path, *, most: int = 15) -> str:
    """The end of a log, for a person who wants to know why; "" when there is none."""
    try:
        with log.open(encoding="utf-8", errors="replace") as lines:
            return "".join(deque(lines, maxlen=most)).rstrip()
    except OSError:
        return ""


def _how(code: int) -> str:
    return f"signal {code - 128}" if code > 128 else f"code {code}"


def _turn_over(log: Path) -> None:
    """Keep one old log, so that years of starts do not fill a disk."""
    if log.exists() and log.stat().st_size > MAX_LOG_BYTES:
        log.replace(log.with_name(log.name + ".1"))
