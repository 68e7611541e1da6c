"""SMTP servers on loopback, on a thread of this process; above all the local inbox.

The inbox takes every letter and keeps it as a file, so that a laptop needs no mail account.
"""

import asyncio
import hashlib
import os
import threading
import weakref
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from email.parser import BytesHeaderParser
from pathlib import Path
from types import TracebackType
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from newsletter.errors import SettingsError

STOP_SECONDS = 5.0
MAX_BYTES = 30_000_000
TRACE = (b"Return-Path:", b"Delivered-To:")  # what the final server adds (RFC 5321 4.4, 7.6)


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
                with suppress(AttributeError):  # Python 3.11.2, of a TLS line closed twice
                    protocol.transport.abort()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxMessage:
    """One accepted letter. Its file begins with the envelope, as a mailbox does."""

    path: Path

    @property
    def return_path(self) -> str:
        return self._trace()[0].removeprefix("<").removesuffix(">")

    @property
    def recipients(self) -> tuple[str, ...]:
        return tuple(self._trace()[1:])

    @property
    def content(self) -> bytes:
        """The bytes as they were accepted, without the two or more lines of the envelope."""
        content = self.path.read_bytes()
        while content.startswith(TRACE):
            content = content.partition(b"\r\n")[2]
        return content

    def _trace(self) -> list[str]:
        values = []
        with self.path.open("rb") as file:
            while (line := file.readline()).startswith(TRACE):
                values.append(line.partition(b":")[2].decode("utf-8", "replace").strip())
        return values


class LocalInbox:
    """Takes every letter and keeps each as one `.eml` in `folder`, as a context manager.

    Files sort by arrival and appear whole or not at all. Raises SettingsError when the port is
    taken.
    """

    def __init__(self, folder: Path, host: str = "127.0.0.1", port: int = 0) -> None:
        self.folder = folder
        self._thread = SmtpThread(self._protocol, host=host, port=port)
        self._number = 0

    def __enter__(self) -> "LocalInbox":
        self.folder.mkdir(parents=True, exist_ok=True)
        self._number = max((_number_of(one.path) for one in self.messages()), default=0)
        try:
            self._thread.start()
        except OSError as error:
            raise SettingsError(
                f"the local inbox cannot listen on {self._thread.host}, port {self._thread.port}"
                f" ({os.strerror(error.errno or 0).lower()}): choose another port, or 0 for any."
            ) from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._thread.stop()

    @property
    def port(self) -> int:
        return self._thread.port

    @property
    def url(self) -> str:
        """The address as NEWSLETTER_SMTP_URL takes it."""
        host = f"[{self._thread.host}]" if ":" in self._thread.host else self._thread.host
        return f"smtp://{host}:{self.port}?tls=none"

    def messages(self) -> list[InboxMessage]:
        """All letters in the folder, in the order they came; also those of earlier runs."""
        return [InboxMessage(path=path) for path in sorted(self.folder.glob("[0-9]*-*.eml"))]

    # What aiosmtpd calls, on the thread

    def _protocol(self) -> SMTP:
        return SMTP(
            self, data_size_limit=MAX_BYTES, enable_SMTPUTF8=True, hostname="inbox.localhost"
        )

    async def handle_EHLO(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, name: str, replies: list[str]
    ) -> list[str]:
        session.host_name = name
        return [replies[0], "250-PIPELINING", *replies[1:]]

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        try:
            name = self._keep(envelope)
        except OSError as error:
            return f"452 4.3.1 the letter cannot be kept: {os.strerror(error.errno or 0)}"
        return f"250 2.0.0 kept as {name}"

    def _keep(self, envelope: Envelope) -> str:
        content = envelope.original_content or b""
        self._number += 1
        name = f"{self._number:08d}-{_mark_of(content)}.eml"
        lines = [f"Return-Path: <{(envelope.mail_from or '').strip('<>')}>"]
        lines += [f"Delivered-To: {one}" for one in envelope.rcpt_tos]
        head = "".join(line + "\r\n" for line in lines).encode("utf-8", "surrogateescape")
        hidden = self.folder / f".{name}.part"
        try:
            hidden.write_bytes(head + content)
            hidden.replace(self.folder / name)
        except OSError:
            hidden.unlink(missing_ok=True)
            raise
        return name


def _mark_of(content: bytes) -> str:
    """Sixteen characters that stand for the Message-ID, or for the content where there is none."""
    head = content.partition(b"\r\n\r\n")[0]
    message_id = BytesHeaderParser().parsebytes(head)["Message-ID"]
    return hashlib.sha256(str(message_id).encode() if message_id else content).hexdigest()[:16]


def _number_of(path: Path) -> int:
    return int(path.name.partition("-")[0])
