"""A web server that answers exactly what a test wants, and a client that never really sleeps."""

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from newsletter.adapters.http import Http, Limits

FIXTURES = Path(__file__).parents[2] / "fixtures"
RECORDED = Path(__file__).parents[4] / "shared" / "data"


@dataclass(frozen=True, kw_only=True)
class Reply:
    """One answer. length: what Content-Length says, None for the truth. drip: seconds a byte."""

    status: int = 200
    body: bytes = b"[]"
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = None
    drip: float = 0
    drips_head: bool = False


class Web:
    """The server: what it will say, and what it was asked."""

    def __init__(self) -> None:
        self.plans: dict[str, list[Reply]] = defaultdict(list)
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.decide: Callable[[str, dict[str, str]], Reply] | None = None
        self.stop = threading.Event()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def on(self, path: str, *replies: Reply) -> str:
        """Answer this path with these in turn, the last one for ever; its whole address."""
        self.plans[path] = list(replies)
        return self.url + path

    def reply(self, body: bytes | str = b"[]", status: int = 200, **more) -> Reply:
        body = body.encode() if isinstance(body, str) else body
        headers = {name.replace("_", "-"): value for name, value in more.pop("headers", {}).items()}
        return Reply(status=status, body=body, headers=headers, **more)

    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]

    def _next(self, path: str, headers: dict[str, str]) -> Reply:
        if self.decide is not None:
            return self.decide(path, headers)
        plan = self.plans.get(path) or self.plans.get(path.partition("?")[0])
        if not plan:
            return Reply(status=404, body=b"")
        return plan.pop(0) if len(plan) > 1 else plan[0]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        web = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                headers = {name.lower(): value for name, value in self.headers.items()}
                web.asked.append((self.path, headers))
                reply = web._next(self.path, headers)
                length = len(reply.body) if reply.length is None else reply.length
                more = "".join(f"{name}: {value}\r\n" for name, value in reply.headers.items())
                if "content-length" not in more.lower() and length >= 0:
                    more += f"Content-Length: {length}\r\n"
                head = f"HTTP/1.1 {reply.status} Word\r\nConnection: close\r\n{more}\r\n".encode()
                slow = head + reply.body if reply.drips_head else reply.body
                try:
                    self.wfile.write(b"" if reply.drips_head else head)
                    self._say(slow, reply.drip)
                except OSError:
                    pass  # the client has had enough
                self.close_connection = True

            def _say(self, content: bytes, drip: float) -> None:
                if not drip:
                    self.wfile.write(content)
                    return
                for byte in content:
                    if web.stop.wait(drip):
                        return
                    self.wfile.write(bytes([byte]))

            def log_message(self, *arguments) -> None:
                pass

        return Handler


@pytest.fixture
def web() -> Iterator[Web]:
    web = Web()
    thread = threading.Thread(
        target=web.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
    )
    thread.start()
    yield web
    web.stop.set()
    web.server.shutdown()
    web.server.server_close()
    thread.join()


class Turns:
    """A `Spacing` that only counts: each (name, interval) that was waited for."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, timedelta]] = []

    def wait(self, name: str, interval: timedelta) -> None:
        self.taken.append((name, interval))


@pytest.fixture
def turns() -> Turns:
    return Turns()


@pytest.fixture
def slept() -> list[float]:
    """The waits between tries, in seconds; nobody waits for them."""
    return []


@pytest.fixture
def new_http(monkeypatch, turns, slept) -> Iterator[Callable[..., Http]]:
    """Makes clients with these limits; they are closed at the end."""
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    made: list[Http] = []

    def make(*, contact: str = "https://papers.example", spacing=turns, **limits) -> Http:
        http = Http(contact=contact, spacing=spacing, limits=Limits(**limits), sleep=slept.append)
        made.append(http)
        return http

    yield make
    for http in made:
        http.close()


@pytest.fixture
def http(new_http) -> Http:
    return new_http()


@pytest.fixture
def fixture_bytes() -> Callable[[str], bytes]:
    return lambda name: (FIXTURES / name).read_bytes()


@pytest.fixture
def recorded() -> Callable[[str], Path]:
    """The path of recorded input; the test is skipped where it is absent."""

    def path(name: str) -> Path:
        if not (RECORDED / name).exists():
            pytest.skip(f"the recorded input {name} is not beside the project")
        return RECORDED / name

    return path
