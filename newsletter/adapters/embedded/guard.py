"""One process that watches over another: run as a script of its own, never imported.

    python -I -S guard.py STOP_SECONDS COMMAND...

Its standard input is a pipe that the starter holds open. When the pipe closes – the starter wants
the end, or died in whatever way, SIGKILL included – the command gets SIGTERM, STOP_SECONDS to
finish, then SIGKILL with everything it started. SIGTERM to the guard itself means: at once.
Exits with the command's code; 128 and the signal's number where a signal ended it.
"""

import contextlib
import ctypes
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable

PR_SET_PDEATHSIG = 1  # prctl(2)


def main(stop_seconds: float, command: list[str]) -> int:
    wake, bell = os.pipe()
    os.set_blocking(bell, False)
    signal.set_wakeup_fd(bell, warn_on_full_buffer=False)
    asked: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: asked.append(number))
    for number in (signal.SIGCHLD, signal.SIGINT, signal.SIGHUP):
        # A handler that does nothing: an ignored signal would be ignored by the command as well.
        signal.signal(number, lambda *_: None)
    try:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            process_group=0,
            preexec_fn=_end_with_guard(),  # noqa: PLW1509 - this process has one thread only
        )
    except OSError as problem:
        print(f"{command[0]} cannot be started: {problem.strerror}.", file=sys.stderr)
        return 127
    _watch(child, wake, asked, stop_seconds)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)  # what it started and left behind
    code = child.wait()
    return code if code >= 0 else 128 - code


def _watch(
    child: "subprocess.Popen[bytes]", wake: int, asked: list[int], stop_seconds: float
) -> None:
    """Return when the child ended, or must be ended by force."""
    pipes = [wake, sys.stdin.fileno()]
    give_up: float | None = None
    while child.poll() is None and not asked:
        left = None if give_up is None else give_up - time.monotonic()
        if left is not None and left <= 0:
            return
        ready, _, _ = select.select(pipes, [], [], left)
        if wake in ready:
            os.read(wake, 4096)
        if sys.stdin.fileno() in ready and not os.read(sys.stdin.fileno(), 4096):
            pipes, give_up = [wake], time.monotonic() + stop_seconds
            child.terminate()


def _end_with_guard() -> Callable[[], object] | None:
    """Should the guard be killed, Linux asks the command to stop."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    return lambda: prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]), sys.argv[2:]))
