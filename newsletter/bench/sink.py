"""A mail server that takes everything and keeps nothing but the count, for measurements.

It runs as a process of its own: `python -m newsletter.bench.sink [--delay MILLISECONDS]` prints
the port it listens on, and when its standard input closes, what it took in, as JSON. It speaks as
much SMTP as a pipelining client needs, and remembers of each message only a hash of its
Message-ID, so that a second copy is seen.
"""

import json
import selectors
import socket
import sys
import time
from collections import deque
from dataclasses import dataclass, field

END = b"\r\n.\r\n"
KEPT = len(END) - 1  # of a part that may end in the middle of it
READ = 1 << 18
HEAD = 2_048  # bytes; a Message-ID stands in the first of a message
HOST = "127.0.0.1"
BUFFER_BYTES = 1 << 21

_REPLIES = {
    b"EHLO": b"250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 SIZE\r\n",
    b"HELO": b"250 sink\r\n",
    b"MAIL": b"250 2.1.0 Ok\r\n",
    b"RCPT": b"250 2.1.5 Ok\r\n",
    b"DATA": b"354 End data with <CR><LF>.<CR><LF>\r\n",
    b"RSET": b"250 2.0.0 Ok\r\n",
    b"NOOP": b"250 2.0.0 Ok\r\n",
    b"QUIT": b"221 2.0.0 Bye\r\n",
}
_UNKNOWN = b"502 5.5.2 Error: command not recognized\r\n"
_TAKEN = b"250 2.0.0 Ok: taken\r\n"


@dataclass(slots=True)
class Taken:
    """What came in. `seen`: a number for each Message-ID."""

    messages: int = 0
    size: int = 0
    seen: set[int] = field(default_factory=set)

    def take(self, head: bytes, size: int) -> None:
        self.messages += 1
        self.size += size
        start = head.find(b"\nMessage-ID:")
        self.seen.add(hash(head[start : head.find(b"\n", start + 1)]))


class Conversation:
    """One client. `feed` takes bytes in and gives what to answer."""

    __slots__ = ("_head", "_is_data", "_rest", "_size", "_taken")

    def __init__(self, taken: Taken) -> None:
        self._taken = taken
        self._rest = b""
        self._is_data = False
        self._head = b""
        self._size = 0

    def feed(self, block: bytearray, size: int) -> bytes:
        """block: its first `size` bytes are what came."""
        if self._rest:
            block = bytearray(self._rest) + memoryview(block)[:size]
            size += len(self._rest)
        answers, at = [], 0
        while at < size:
            if self._is_data:
                # From the back, where it stands: what follows it is one group of commands at most,
                # as a client waits for the answer to its DATA (RFC 2920 section 3.1).
                if (end := block.rfind(END, at, size)) < 0:
                    kept = max(at, size - KEPT)
                    self._keep(block, at, kept)
                    at = kept
                    break
                self._keep(block, at, end)
                self._taken.take(self._head, self._size)
                self._is_data, self._head, self._size = False, b"", 0
                at = end + len(END)
                answers.append(_TAKEN)
                continue
            if (end := block.find(b"\r\n", at, size)) < 0:
                break
            verb = bytes(block[at : min(at + 4, end)]).upper()
            at = end + 2
            self._is_data = verb == b"DATA"
            answers.append(_REPLIES.get(verb, _UNKNOWN))
        self._rest = bytes(block[at:size])
        return b"".join(answers)

    def _keep(self, block: bytearray, start: int, end: int) -> None:
        """Take in this part of a message."""
        self._size += end - start
        if len(self._head) < HEAD:
            self._head += block[start : min(start + HEAD, end)]


def serve(delay_seconds: float) -> Taken:
    """Take mail until the standard input closes. delay_seconds: how late each answer goes out."""
    taken = Taken()
    looking = selectors.DefaultSelector()
    listening = socket.create_server((HOST, 0), backlog=512)
    listening.settimeout(0)
    print(listening.getsockname()[1], flush=True)
    looking.register(listening, selectors.EVENT_READ)
    looking.register(sys.stdin, selectors.EVENT_READ)
    late: deque[tuple[float, socket.socket, bytes]] = deque()
    block = bytearray(READ)  # the same for all: what is read stays in the processor's cache
    while True:
        wait = max(0.0, late[0][0] - time.monotonic()) if late else None
        for key, _ in looking.select(wait):
            if key.fileobj is sys.stdin:
                return taken
            if key.fileobj is listening:
                _welcome(listening, looking, taken, late, delay_seconds)
            else:
                _answer(key, block, looking, late, delay_seconds)
        now = time.monotonic()
        while late and late[0][0] <= now:
            _, client, answer = late.popleft()
            _send(client, answer)


def _welcome(
    listening: socket.socket,
    looking: selectors.BaseSelector,
    taken: Taken,
    late: deque[tuple[float, socket.socket, bytes]],
    delay_seconds: float,
) -> None:
    client, _ = listening.accept()
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
    looking.register(client, selectors.EVENT_READ, Conversation(taken))
    _reply(client, b"220 sink ESMTP\r\n", late, delay_seconds)


def _answer(
    key: selectors.SelectorKey,
    block: bytearray,
    looking: selectors.BaseSelector,
    late: deque[tuple[float, socket.socket, bytes]],
    delay_seconds: float,
) -> None:
    client = key.fileobj
    assert isinstance(client, socket.socket)
    try:
        size = client.recv_into(block)
    except OSError:
        size = 0
    if not size:
        looking.unregister(client)
        client.close()
        return
    if answer := key.data.feed(block, size):
        _reply(client, answer, late, delay_seconds)


def _reply(
    client: socket.socket,
    answer: bytes,
    late: deque[tuple[float, socket.socket, bytes]],
    delay_seconds: float,
) -> None:
    if delay_seconds:
        late.append((time.monotonic() + delay_seconds, client, answer))
    else:
        _send(client, answer)


def _send(client: socket.socket, answer: bytes) -> None:
    try:
        client.sendall(answer)  # some hundred bytes at most: they fit into any buffer
    except OSError:
        return  # it has hung up; its socket is closed when it is read


def main() -> None:
    delay_seconds = float(sys.argv[2]) / 1000 if sys.argv[1:2] == ["--delay"] else 0.0
    taken = serve(delay_seconds)
    told = {"messages": taken.messages, "distinct": len(taken.seen), "bytes": taken.size}
    print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
