"""What stands around every page: headers, a limit on bodies, the log line, the last resort."""

import logging
import time
import traceback
from collections.abc import Callable
from types import TracebackType
from urllib.parse import urlsplit

from fastapi import HTTPException, Request, Response
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger(__name__)

MAX_BODY = 256 * 1024  # bytes: twenty long filters and twenty mutes, percent-encoded, fit well

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
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


class Shield:
    """Middleware. failure: makes the answer to a request that ended in a bug."""

    def __init__(self, app: ASGIApp, *, failure: Callable[[], Response]) -> None:
        self.app, self.failure = app, failure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        answer = _Answer(send)
        started = time.monotonic()
        try:
            await self.app(scope, _limited(scope, receive), answer)
        except Exception as error:  # noqa: BLE001 - the last resort of an entry
            _log_failure(scope, error)
            if not answer.status:
                await self.failure()(scope, receive, answer)
        seconds = time.monotonic() - started
        log.info(
            "page method=%s route=%s status=%s ms=%.0f",
            scope["method"], route_of(scope), answer.status, seconds * 1000,
        )  # fmt: skip


class _Answer:
    """Sends on what a page answers, with the headers that every answer has."""

    def __init__(self, send: Send) -> None:
        self._send, self.status = send, 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
        await self._send(message)


def route_of(scope: Scope) -> str:
    """The route as it was declared: the path itself may hold a reader's token."""
    return getattr(scope.get("route"), "path", "-")


def _limited(scope: Scope, receive: Receive) -> Receive:
    """Bodies up to MAX_BODY; HTTPException 413 where more is announced or comes."""
    announced = dict(scope["headers"]).get(b"content-length", b"0")
    read = 0

    async def limited() -> Message:
        nonlocal read
        if announced.isdigit() and int(announced[:20]) > MAX_BODY:
            raise HTTPException(413, TOO_LARGE)
        message = await receive()
        read += len(message.get("body", b""))
        if read > MAX_BODY:
            raise HTTPException(413, TOO_LARGE)
        return message

    return limited


TOO_LARGE = f"The form is too large: at most {MAX_BODY // 1024} KiB are read."


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
