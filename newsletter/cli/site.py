"""The pages on a thread of this process, on a socket that listens already."""

import socket
import threading
from types import TracebackType
from typing import TYPE_CHECKING

import uvicorn

if TYPE_CHECKING:
    from fastapi import FastAPI

START_SECONDS = 20.0
STOP_SECONDS = 5


class Site:
    """Serves from entering to leaving."""

    def __init__(self, pages: "FastAPI", listening: socket.socket) -> None:
        config = uvicorn.Config(
            pages, log_config=None, access_log=False, timeout_graceful_shutdown=STOP_SECONDS
        )  # no access log: the addresses hold readers' tokens
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [listening]}, name="site", daemon=True
        )

    def __enter__(self) -> "Site":
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.should_exit = True
        self._thread.join(STOP_SECONDS + 2)

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive()
