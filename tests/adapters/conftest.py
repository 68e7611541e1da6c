"""A relay that says exactly what a test wants, right or wrong."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator

import pytest
from builders import Hand
from letters import SHORT

from newsletter.adapters.flow import MemoryFlow
from newsletter.adapters.smtp import SmtpTransport, parse_smtp_url


class Peer:
    """The relay's side of one connection."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.lines = sock.makefile("rb")

    def say(self, *lines: str) -> None:
        self.sock.sendall("".join(line + "\r\n" for line in lines).encode())

    def hear(self) -> str:
        """The next command, "" at the end."""
        return self.lines.readline().decode().rstrip("\r\n")

    def greet(self, *offers: str) -> None:
        self.say("220 relay.test ready")
        self.hear()
        names = ["relay.test", *offers]
        self.say(*[f"250-{name}" for name in names[:-1]], f"250 {names[-1]}")

    def start_tls(self, context: ssl.SSLContext) -> None:
        self.sock = context.wrap_socket(self.sock, server_side=True)
        self.lines = self.sock.makefile("rb")

    def take_envelope(self) -> str:
        """Accept MAIL, RCPT and DATA one by one; the recipient."""
        self.hear()
        self.say("250 ok")
        recipient = self.hear()
        self.say("250 ok")
        self.hear()
        self.say("354 go on")
        return recipient.partition("<")[2].partition(">")[0]

    def hear_letter(self) -> bytes:
        """Everything up to the final dot, as it came over the wire."""
        content = b""
        while (line := self.lines.readline()) not in (b".\r\n", b""):
            content += line
        return content

    def wait_for_close(self) -> None:
        while self.lines.readline():
            pass


class ScriptedRelay:
    """Answers each connection by calling a function with its Peer, each on a thread."""

    def __init__(self, script: Callable[[Peer], None]) -> None:
        self.connections = 0
        self._script = script
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self._listener.getsockname()[1]}?tls=none"

    def stop(self) -> None:
        self._listener.close()
        for sock in self._open:
            sock.close()

    def _listen(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(sock)
            threading.Thread(target=self._answer, args=(sock,), daemon=True).start()

    def _answer(self, sock: socket.socket) -> None:
        peer = Peer(sock)
        try:
            self._script(peer)
        except OSError:
            pass  # the other side went first
        finally:
            peer.lines.close()
            peer.sock.close()


@pytest.fixture
def scripted_relay() -> Iterator[Callable[..., ScriptedRelay]]:
    """Start a relay that follows a function: scripted_relay(lambda peer: peer.say("220 hi"))."""
    relays: list[ScriptedRelay] = []

    def make(script: Callable[[Peer], None]) -> ScriptedRelay:
        relays.append(ScriptedRelay(script))
        return relays[-1]

    yield make
    for relay in relays:
        relay.stop()


@pytest.fixture
def transport_to() -> Iterator[Callable[..., SmtpTransport]]:
    """Make transports to one or more relays; they are closed after the test."""
    made = []

    def make(*urls: str, **options) -> SmtpTransport:
        flow = MemoryFlow(clock=options["clock"]) if "clock" in options else MemoryFlow()
        options = {"connections": 1, "patience": SHORT, "flow": flow} | options
        made.append(SmtpTransport([parse_smtp_url(url) for url in urls], **options))
        return made[-1]

    yield make
    for transport in made:
        transport.close()


@pytest.fixture
def hand() -> Hand:
    return Hand()
