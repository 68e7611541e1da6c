"""Several processes that serve one listening socket: Python does one thing at a time in each.

They are forked before anything is opened. Whoever accepts first has the visitor. One that dies is
replaced; all end with this process, however it ends.
"""

import ctypes
import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress

from newsletter.cli.stopping import SIGNALS, Stopping

log = logging.getLogger(__name__)

PR_SET_PDEATHSIG = 1  # prctl(2)
LOOK_SECONDS = 0.5
STOP_SECONDS = 10.0
AGAIN_SECONDS = 1.0  # before one that died is replaced: it may die of what is still there


def serve_by(count: int, work: Callable[[], None], *, stopping: Stopping) -> None:
    """Have `work` done by so many processes until an end is asked for.

    work: returns when its process gets SIGTERM. A process that ends by itself is replaced.
    """
    crew = {_forked(work) for _ in range(count)}
    try:
        while not stopping.wait(LOOK_SECONDS):
            for process in _ended(crew):
                log.warning("process_replaced pid=%s", process)
                crew.discard(process)
                if not stopping.wait(AGAIN_SECONDS):
                    crew.add(_forked(work))
    finally:
        _stop(crew)


def _forked(work: Callable[[], None]) -> int:
    """The number of a new process that does the work and nothing else."""
    parent = os.getpid()
    process = os.fork()
    if process:
        return process
    code = 1
    try:
        for number in SIGNALS:  # the parent's handlers only take note
            signal.signal(number, signal.SIG_DFL)
        _end_with(parent)
        work()
        code = 0
    except BaseException as problem:  # noqa: BLE001 - the entry of a process
        log.error("process_failed error=%s: %s", type(problem).__name__, problem)
    finally:
        sys.stderr.flush()
        os._exit(code)  # not up through what the parent has open


def _end_with(parent: int) -> None:
    """Should the parent be killed, Linux asks this process to stop."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it was, before Linux knew
            os._exit(1)


def _ended(crew: set[int]) -> set[int]:
    """Those that have ended."""
    ended = set()
    for process in crew:
        with suppress(ChildProcessError):
            if os.waitpid(process, os.WNOHANG)[0]:
                ended.add(process)
    return ended


def _stop(crew: set[int]) -> None:
    """Let each finish what it has in hand, or end it by force."""
    left, give_up = set(crew), time.monotonic() + STOP_SECONDS
    for process in left:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGTERM)
    while left and time.monotonic() < give_up:
        left -= _ended(left)
        time.sleep(0.02)
    for process in left:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)
