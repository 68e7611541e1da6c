"""The lowest part of a conversation: bytes that wait to go, and replies that came.

Nothing in here waits: sockets do not block, and the transport watches all of them together.
"""

import os
import socket
import ssl
from collections import deque
from dataclasses import dataclass
from typing import NamedTuple

MAX_LINE = 4_096  # bytes; RFC 5321 section 4.5.3.1.5 allows replies 512
MAX_LINES = 200  # of one reply, or of all that came and were not asked for
READ_BYTES = 8_192  # of replies; to ask for much takes as much memory each time
BUFFER_BYTES = 262_144  # for what is sent: a whole letter and more, so that few calls are needed
_CODES = {b"%d" % code: code for code in range(200, 600)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How many seconds each step may take (RFC 5321 section 4.5.3.2)."""

    connect: float = 30.0
    greeting: float = 300.0
    command: float = 300.0
    data: float = 120.0
    block: float = 180.0  # without a single byte being taken
    noop: float = 10.0
    dot: float = 300.0  # 600 are advised; fewer mean copies from a relay that is only slow


class Broken(Exception):
    """The conversation cannot go on; the text is the cause."""


class Reply(NamedTuple):
    """A whole reply: its code, and its lines' texts joined by blanks."""

    code: int
    text: str


class Wire:
    """A socket that does not block, with its two buffers.

    `end` is the cause why nothing more will come, "" while it may. `written` counts bytes that
    the system took; `dot_at` is where the final dot of the letter in hand ends.
    """

    def __init__(self) -> None:
        self.sock: socket.socket | None = None
        self.end = ""
        self.written = 0
        self.dot_at = 0
        self.has_early_reply = False
        self._is_wrapped = False
        self._out: deque[memoryview] = deque()
        self._queued = 0
        self._lines: deque[bytes] = deque()
        self._rest = b""
        self._last: tuple[bytes, Reply] = b"", Reply(0, "")

    def connect(self, family: int, address: tuple[str | int, ...] | tuple[int, bytes]) -> None:
        """Begin to connect; it is done when the socket is writable. Raises Broken."""
        self.close()
        self.end = ""
        try:
            self.sock = socket.socket(family, socket.SOCK_STREAM)
            self.sock.settimeout(0)
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER_BYTES)
            self.sock.connect(address)
        except BlockingIOError:
            pass
        except OSError as error:
            raise Broken(reason(error)) from error

    def check_connected(self) -> None:
        """Raises Broken when the attempt failed."""
        assert self.sock is not None
        code = self.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            raise Broken(reason(OSError(code, "")))

    def wrap(self, context: ssl.SSLContext, host: str) -> ssl.SSLSocket:
        """Put TLS over the socket; what was read in clear is forgotten (CVE-2011-0411)."""
        assert self.sock is not None
        self._lines.clear()
        self._rest = b""
        wrapped = context.wrap_socket(
            self.sock, server_hostname=host, do_handshake_on_connect=False
        )
        self.sock, self._is_wrapped = wrapped, True
        return wrapped

    def close(self) -> None:
        if self.sock is not None:
            self.sock.close()
        self.sock, self._is_wrapped = None, False
        self.end = self.end or "the connection was closed"
        self._out.clear()
        self._lines.clear()
        self._rest = b""
        self._queued = self.written = self.dot_at = 0

    @property
    def has_hidden(self) -> bool:
        """Whether TLS has decrypted more than was asked for; the selector cannot see that."""
        return self._is_wrapped and isinstance(self.sock, ssl.SSLSocket) and self.sock.pending() > 0

    @property
    def has_unsent(self) -> bool:
        return bool(self._out)

    @property
    def has_unread(self) -> bool:
        """Whether something came that nobody has asked for yet."""
        return bool(self._lines or self._rest)

    def write(self, *pieces: bytes) -> int:
        """Queue bytes; the next flush sends them. Returns where they end, in bytes written."""
        for piece in pieces:
            self._out.append(memoryview(piece))
            self._queued += len(piece)
        return self._queued

    def flush(self) -> bool:
        """Send what the system takes; whether it took anything. A failure shows in `end`."""
        before = self.written
        while self._out and self.sock is not None and not self.end:
            try:
                sent = self._send()
            except (BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
                break
            except OSError as error:
                self.receive()  # the reply that explains it may have come before
                self.end = self.end or reason(error)
                break
            self.written += sent
            while sent:
                piece = self._out.popleft()
                if sent < len(piece):
                    self._out.appendleft(piece[sent:])
                    break
                sent -= len(piece)
        return self.written > before

    def _send(self) -> int:
        """Content and what stands around it leave together, and are copied by the system only."""
        assert self.sock is not None
        if self._is_wrapped:
            return self.sock.send(self._out[0])
        return self.sock.sendmsg(self._out)

    def receive(self) -> None:
        """Take in what came. A closed connection shows in `end`, its last lines are kept."""
        while self.sock is not None and not self.end and len(self._lines) <= MAX_LINES:
            try:
                chunk = self.sock.recv(READ_BYTES)
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                return
            except OSError as error:
                self.end = reason(error)
                return
            if not chunk:
                self.end = "the relay closed the connection"
                return
            if self.written < self.dot_at:
                self.has_early_reply = True
            lines = (self._rest + chunk).split(b"\n")
            self._rest = lines.pop()
            self._lines += lines
            # Short means empty, except for TLS, whose records hide from the selector.
            if len(self._rest) > MAX_LINE or (len(chunk) < READ_BYTES and not self._is_wrapped):
                return

    def takes_envelope(self) -> bool:
        """Whether the three replies to an envelope are there and good: then they are used up."""
        lines = self._lines
        if (
            len(lines) < 3
            or lines[0][:4] != b"250 "
            or lines[1][:4] != b"250 "
            or lines[2][:4] != b"354 "
        ):
            return False
        lines.popleft()
        lines.popleft()
        lines.popleft()
        return True

    def reply(self) -> Reply | None:
        """The next whole reply, None until it is there. Raises Broken for what is none."""
        if len(self._rest) > MAX_LINE or len(self._lines) > MAX_LINES:
            raise Broken("the relay's reply is endless")
        if not self._lines:
            return None
        if self._lines[0][3:4] == b"-":
            return self._long_reply()
        line = self._lines.popleft()
        if line != self._last[0]:
            code, _, text = _parse_line(line)
            self._last = line, Reply(code, text)
        return self._last[1]

    def _long_reply(self) -> Reply | None:
        first, texts = 0, []
        for number, line in enumerate(self._lines, start=1):
            code, goes_on, text = _parse_line(line)
            if code != (first := first or code):
                raise Broken(f"the relay mixes {first} and {code} in one reply")
            texts.append(text)
            if not goes_on:
                for _ in range(number):
                    self._lines.popleft()
                return Reply(code, "\n".join(texts))
        return None


def _parse_line(line: bytes) -> tuple[int, bool, str]:
    line = line.rstrip(b"\r")
    code, mark = _CODES.get(line[:3]), line[3:4]
    if code is None or mark not in (b" ", b"-", b"") or len(line) > MAX_LINE:
        shown = line[:60].decode("ascii", "backslashreplace").strip()
        raise Broken(f"the relay does not speak SMTP, it said {shown!r}")
    return code, mark == b"-", line[4:].decode("utf-8", "replace")


def reason(error: OSError) -> str:
    """The system's words for an error, without number and file name."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, ssl.SSLError):
        return f"TLS failed ({error.reason or error})"
    words = os.strerror(error.errno) if error.errno else str(error)
    return words[:1].lower() + words[1:]
