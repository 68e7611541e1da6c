"""The pages on a thread of this process, on a socket that listens already."""

import socket
import threading
from types import TracebackType
from typing import TYPE_CHECKING

import uvicorn

from newsletter.cli.stopping import Stopping

if TYPE_CHECKING:
    from fastapi import FastAPI

START_SECONDS = 20.0
STOP_SECONDS = 5
PATIENCE_SECONDS = 1.2  # that pages wait for a lock in the database: readers wait two at most


def pages_config(pages: "FastAPI") -> uvicorn.Config:
    """How the pages are served: no access log, whose addresses would hold readers' tokens; and
    what proxies say of visitors is left to `NEWSLETTER_TRUSTED_PROXIES`.
    """
    return uvicorn.Config(
        pages,
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=STOP_SECONDS,
    )


class Server(uvicorn.Server):
    """Serves in the main thread until an end is asked for.

    Uvicorn listens to signals from here on; one that came before, while all was opened, is known to
    `stopping` alone.
    """

    def __init__(self, pages: "FastAPI", stopping: Stopping) -> None:
        super().__init__(pages_config(pages))
        self._stopping = stopping

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self.should_exit = self.should_exit or self._stopping.is_asked
        await super().startup(sockets)


class Site:
    """Serves from entering to leaving."""

    def __init__(self, pages: "FastAPI", listening: socket.socket) -> None:
        self._server = uvicorn.Server(pages_config(pages))
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
