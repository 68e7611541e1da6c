"""A TCP proxy of our own, before the relay, Redis or PostgreSQL: it delays, cuts, hangs."""

import asyncio
import contextlib
import threading
from collections import deque
from pathlib import Path


class Proxy:
    """Listens on a port of its own and passes bytes on to `target`: a port, or a Unix socket.

    delay: seconds each way. Everything else is done to it while it runs.
    """

    def __init__(self, target: int | Path, *, delay: float = 0.0) -> None:
        self.delay = delay
        self._target = target
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._links: set[_Link] = set()
        self.is_refusing = self.is_hanging = False
        self.word, self.is_passed_on, self.cuts, self.skips = b"", False, 0, 0
        self.port = 0
        self.has_cut = 0

    def start(self) -> None:
        self._thread.start()
        self._call(self._listen())

    def stop(self) -> None:
        self.cut()
        self._call(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    def cut(self, *, halfway: bool = False) -> None:
        """Reset every connection; halfway: only close what goes towards the client."""
        self._call(self._cut(halfway))

    def hang(self) -> None:
        """Take connections and bytes, and pass on nothing."""
        self.is_hanging = True

    def cut_at(self, word: bytes, *, is_passed_on: bool, times: int = 1, skips: int = 0) -> None:
        """Reset the connection of the next client that says the word, after `skips` of them.

        is_passed_on: the server still hears it; only its answer is lost.
        """
        self.is_passed_on, self.cuts, self.skips, self.word = is_passed_on, times, skips, word

    def _call(self, work):
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=512)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        self._server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _cut(self, halfway: bool) -> None:
        for link in list(self._links):
            link.end(halfway=halfway)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.is_refusing:
            writer.transport.abort()
            return
        try:
            if isinstance(self._target, int):
                server = await asyncio.open_connection("127.0.0.1", self._target)
            else:
                server = await asyncio.open_unix_connection(self._target)
        except OSError:
            writer.transport.abort()
            return
        link = _Link(self, (reader, writer), server)
        self._links.add(link)
        with contextlib.suppress(asyncio.CancelledError):
            await link.run()
        self._links.discard(link)


class _Link:
    def __init__(self, proxy: Proxy, client, server) -> None:
        self._proxy, self._client, self._server = proxy, client, server

    async def run(self) -> None:
        ways = [
            asyncio.ensure_future(self._pass(self._client[0], self._server[1], is_question=True)),
            asyncio.ensure_future(self._pass(self._server[0], self._client[1], is_question=False)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.sleep(self._proxy.delay * 2)  # what is under way still arrives
        finally:
            for way in ways:
                way.cancel()
            for _, writer in (self._client, self._server):
                writer.close()

    def end(self, *, halfway: bool = False) -> None:
        if halfway:
            with contextlib.suppress(OSError, RuntimeError):
                self._client[1].write_eof()
            return
        for _, writer in (self._client, self._server):
            writer.transport.abort()

    async def _pass(self, reader, writer, *, is_question: bool) -> None:
        late: deque[tuple[float, bytes]] = deque()
        come = asyncio.Event()
        loop = asyncio.get_running_loop()

        async def write_late() -> None:
            while True:
                while not late:
                    come.clear()
                    await come.wait()
                at, some = late.popleft()
                await asyncio.sleep(max(at - loop.time(), 0))
                writer.write(some)

        writing = asyncio.ensure_future(write_late()) if self._proxy.delay else None
        try:
            while some := await reader.read(1 << 18):
                if is_question and self._proxy.cuts and self._is_to_be_cut(some):
                    if self._proxy.is_passed_on:
                        writer.write(some)
                        await writer.drain()
                        await asyncio.sleep(0.05)  # the server does it, its answer is lost
                    self._proxy.has_cut += 1
                    self.end()
                    return
                while self._proxy.is_hanging:
                    await asyncio.sleep(0.02)
                if writing is None:
                    writer.write(some)
                    await writer.drain()
                else:
                    late.append((loop.time() + self._proxy.delay, some))
                    come.set()
        except OSError:
            return
        finally:
            if writing is not None:
                writing.cancel()

    def _is_to_be_cut(self, some: bytes) -> bool:
        proxy = self._proxy
        if proxy.word not in some:
            return False
        if proxy.skips:
            proxy.skips -= 1
            return False
        proxy.cuts -= 1
        return True
