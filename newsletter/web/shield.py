"""What stands around every page: headers, limits on size and time, the log, the last resort."""

import asyncio
import logging
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from urllib.parse import urlsplit

from fastapi import HTTPException, Request, Response
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger(__name__)

MAX_BODY = 256 * 1024  # bytes: twenty long filters and twenty mutes, percent-encoded, fit well
MAX_CALL = 2 * 1024 * 1024  # of a mail provider, which tells of many messages at once
CALLS = "/reports/"
FROM_ANYWHERE = frozenset({"/unsubscribe/{token}"})  # RFC 8058: a mail program presses the button

POLICY = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; "
    "img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# A page may say otherwise: these are set only where it said nothing.
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How long things take. answer_seconds: then a page that is not ready yet is a polite 503.

    even_seconds: answers that must not tell how much work they were are sent at the end of a span
    of this length.
    """

    answer_seconds: float = 1.8
    even_seconds: float = 0.1


class Shield:
    """Middleware. failure, late: make the answers to a request that ended in a bug, or not yet.

    Both are told the request: a program is answered in JSON.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        failure: Callable[[Request], Response],
        late: Callable[[Request], Response],
        timing: Timing,
    ) -> None:
        self.app, self.failure, self.late, self.timing = app, failure, late, timing
        self._late: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = time.monotonic()
        scope.setdefault("state", {})
        answer = _Answer(scope, send, even_seconds=self.timing.even_seconds)
        page = asyncio.ensure_future(self._page(scope, receive, answer))
        try:
            await self._wait(page, scope, receive, answer)
        except asyncio.CancelledError:
            page.cancel()
            raise
        log.info(
            "page method=%s route=%s status=%s ms=%.0f",
            scope["method"], route_of(scope), answer.status,
            (time.monotonic() - started) * 1000,
        )  # fmt: skip

    async def _wait(
        self, page: "asyncio.Task[None]", scope: Scope, receive: Receive, answer: "_Answer"
    ) -> None:
        """Until the page is there, or the visitor has waited long enough.

        What the page waits for cannot be interrupted: it ends by itself, and nobody is told.
        """
        # No visitor waits for a provider's call, and what is not done by then would be told again.
        is_call = scope["path"].startswith(CALLS)
        seconds = None if is_call else self.timing.answer_seconds
        await asyncio.wait({page}, timeout=seconds)
        if not page.done() and not answer.status:
            self._late.add(page)
            page.add_done_callback(self._late.discard)
            log.error("page_late route=%s", route_of(scope))
            await self.late(Request(scope))(scope, receive, answer.instead())
        else:
            await page

    async def _page(self, scope: Scope, receive: Receive, answer: "_Answer") -> None:
        try:
            await self.app(scope, _limited(scope, receive), answer)
        except Exception as error:  # noqa: BLE001 - the last resort of an entry
            _log_failure(scope, error)
            if not answer.status:
                await self.failure(Request(scope))(scope, receive, answer)


class _Answer:
    """Sends on what a page answers, with the headers that every answer has."""

    def __init__(self, scope: Scope, send: Send, *, even_seconds: float) -> None:
        self._scope, self._send = scope, send
        self._even_seconds, self._started = even_seconds, time.monotonic()
        self._is_replaced, self.status = False, 0

    def instead(self) -> Send:
        """Takes another answer; what the page still says is dropped."""
        self._is_replaced = True
        return self._send_on

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and self._scope["state"].get("is_even"):
            await asyncio.sleep(self._rest())
        if not self._is_replaced:
            await self._send_on(message)

    async def _send_on(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
        await self._send(message)

    def _rest(self) -> float:
        """Until the end of a span of even_seconds since the request came."""
        if not self._even_seconds:
            return 0.0
        return self._even_seconds - (time.monotonic() - self._started) % self._even_seconds


def make_even(request: Request) -> None:
    """Let the time that this answer takes tell nothing of the work it was."""
    request.scope["state"]["is_even"] = True


def route_of(scope: Scope) -> str:
    """The route as it was declared: the path itself may hold a reader's token."""
    return getattr(scope.get("route"), "path", "-")


def _limited(scope: Scope, receive: Receive) -> Receive:
    """Bodies up to MAX_BODY, or MAX_CALL; HTTPException 413 where more is announced or comes."""
    announced = dict(scope["headers"]).get(b"content-length", b"0")
    most, problem = (
        (MAX_CALL, CALL_TOO_LARGE) if scope["path"].startswith(CALLS) else (MAX_BODY, TOO_LARGE)
    )
    read = 0

    async def limited() -> Message:
        nonlocal read
        if announced.isdigit() and int(announced[:20]) > most:
            raise HTTPException(413, problem)
        message = await receive()
        read += len(message.get("body", b""))
        if read > most:
            raise HTTPException(413, problem)
        return message

    return limited


TOO_LARGE = f"The form is too large: at most {MAX_BODY // 1024} KiB are read."
CALL_TOO_LARGE = f"The call is too large: at most {MAX_CALL // 1024} KiB are read."


def only_from_here(base_url: str) -> Callable[[Request], object]:
    """A dependency of every route: forms come from our own pages. Raises HTTPException 403."""

    async def check(request: Request) -> None:
        is_free = request.method in ("GET", "HEAD") or route_of(request.scope) in FROM_ANYWHERE
        if not is_free and not is_from_here(request, base_url):
            raise HTTPException(403, "For your safety, forms are taken from our own pages only.")

    return check


def is_from_here(request: Request, base_url: str) -> bool:
    """Whether a form was sent by one of our own pages, as far as the browser says.

    Our pages give no referrer, and then browsers send `Origin: null`: Sec-Fetch-Site decides
    where there is one. A program that says neither has no reader's rights to misuse.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("origin", "null")
    asked = f"{request.url.scheme}://{request.headers.get('host', '')}"
    parts = urlsplit(base_url)
    return origin in ("null", asked, f"{parts.scheme}://{parts.netloc}")


def _log_failure(scope: Scope, error: BaseException) -> None:
    """Name the bug and where it is. Not its message: that may hold an address or a token."""
    places = "".join(traceback.format_tb(_innermost(error.__traceback__)))
    log.error("page_failed route=%s error=%s\n%s", route_of(scope), type(error).__name__, places)


def _innermost(trace: TracebackType | None, most: int = 12) -> TracebackType | None:
    depth, last = 0, trace
    while last is not None:
        depth, last = depth + 1, last.tb_next
    while trace is not None and depth > most:
        depth, trace = depth - 1, trace.tb_next
    return trace
