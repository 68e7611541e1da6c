"""A Redis-protocol server that tests may kill, hang and start again, with its file or without."""

import signal
import subprocess
from pathlib import Path

import redis
from builders import wait_until

from newsletter.adapters.embedded.redis import end_with_parent, find_server


class OwnRedis:
    """Listens on a Unix socket in `folder`. keeps: whether it writes every change to a file."""

    def __init__(self, folder: Path, *, keeps: bool) -> None:
        self.folder, self.keeps = folder, keeps
        self.socket = folder / "redis.sock"
        self._process: subprocess.Popen | None = None
        folder.mkdir()

    @property
    def url(self) -> str:
        return f"unix://{self.socket}?db=0"

    @property
    def pid(self) -> int:
        return self._process.pid

    def start(self) -> None:
        options = {
            "port": "0",
            "unixsocket": str(self.socket),
            "dir": str(self.folder),
            "save": "",
            "appendonly": "yes" if self.keeps else "no",
            "appendfsync": "always" if self.keeps else "no",
        }
        words = [word for key, value in options.items() for word in (f"--{key}", value)]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [find_server(), *words],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=end_with_parent(signal.SIGKILL),  # noqa: PLW1509
            )
        wait_until(self.answers, seconds=20)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def answers(self) -> bool:
        try:
            with self.client() as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def client(self) -> redis.Redis:
        return redis.Redis(unix_socket_path=str(self.socket), socket_timeout=2)

    def flush(self) -> None:
        with self.client() as client:
            client.flushall()
