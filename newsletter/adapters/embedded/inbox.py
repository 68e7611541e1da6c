"""SMTP servers on loopback, on a thread of this process."""

import asyncio
import threading
import weakref
from collections.abc import Callable
from typing import Any

from aiosmtpd.smtp import SMTP

STOP_SECONDS = 5.0


class SmtpThread:
    """Listens on `host` and `port` (0: any free one) from start() to stop().

    make_protocol: what serves one connection; called on the thread's loop. start() raises
    OSError when the port is taken.
    """

    def __init__(self, make_protocol: Callable[[], SMTP], *, host: str, port: int) -> None:
        self.host, self.port = host, port
        self._make_protocol = make_protocol
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="smtp", daemon=True)
        self._server: asyncio.Server | None = None
        self._protocols: weakref.WeakSet[Any] = weakref.WeakSet()

    def start(self) -> None:
        self._thread.start()
        opening = asyncio.run_coroutine_threadsafe(self._open(), self._loop)
        try:
            self._server = opening.result()
        except OSError:
            self.stop()
            raise
        self.port = self._server.sockets[0].getsockname()[1]

    def stop(self) -> None:
        """Close every connection and end the thread. Twice is no error."""
        if self._loop.is_closed():
            return
        if self._server is not None:
            asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(STOP_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(STOP_SECONDS)
        self._loop.close()

    async def _open(self) -> asyncio.Server:
        return await self._loop.create_server(self._serve, self.host, self.port, backlog=512)

    def _serve(self) -> SMTP:
        protocol = self._make_protocol()
        self._protocols.add(protocol)
        return protocol

    async def _close(self) -> None:
        assert self._server is not None
        self._server.close()
        for protocol in list(self._protocols):
            if protocol.transport is not None:  # None before it is connected and after
                protocol.transport.abort()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
