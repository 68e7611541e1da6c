"""Answers that are alike for everybody: packed, tagged, and kept for a moment.

What is said on a link page never passes here.
"""

import asyncio
import gzip
import hashlib
import re
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

from anyio import CapacityLimiter, to_thread
from fastapi import Request, Response

from newsletter.errors import Unavailable

KEEP_SECONDS = 1.0  # no page need be newer; it makes a crowd as cheap as one visitor
MOST_KEPT = 256
MAKERS = 1
WORTH_PACKING = 1000  # bytes
_STAMP = re.compile(rb'name="stamp" value="\w*"')  # of a form: other words, the same page
_PACKED = ("text/", "application/json", "application/atom+xml", "application/xml", "image/svg+xml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Something ready to be sent. etag: from the content. packed: the same in gzip, if smaller."""

    content: bytes
    kind: str
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    modified_at: datetime | None = None
    packed: bytes | None = None
    etag: str = ""

    @classmethod
    def of(
        cls,
        content: bytes,
        kind: str,
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        modified_at: datetime | None = None,
    ) -> "Answer":
        packed = None
        if len(content) >= WORTH_PACKING and kind.startswith(_PACKED):
            packed = gzip.compress(content, 6, mtime=0)
        return cls(
            content=content,
            kind=kind,
            status=status,
            headers=dict(headers or {}),
            modified_at=modified_at,
            packed=packed,
            # Weak: the same words packed and unpacked (RFC 9110 section 8.8.1).
            etag=f'W/"{hashlib.sha256(_STAMP.sub(b"", content)).hexdigest()[:32]}"',
        )

    def to(self, request: Request, **headers: str) -> Response:
        """The response to this request: 304 where the visitor has it already."""
        shown = dict(self.headers) | headers | {"ETag": self.etag, "Vary": "Accept-Encoding"}
        if self.modified_at is not None:
            shown["Last-Modified"] = format_datetime(self.modified_at.astimezone(UTC), usegmt=True)
        if self.status == 200 and self._is_known(request):
            return Response(status_code=304, headers=shown)
        content = self.content
        if self.packed is not None and _takes_gzip(request):
            content, shown["Content-Encoding"] = self.packed, "gzip"
        return Response(content, self.status, shown, self.kind)

    def _is_known(self, request: Request) -> bool:
        """RFC 9110 section 13.2.2: a tag decides, a date only where no tag is asked for."""
        tags = request.headers.get("if-none-match")
        if tags is not None:
            known = {tag.strip().removeprefix("W/") for tag in tags.split(",")}
            return "*" in known or self.etag.removeprefix("W/") in known
        since = _instant(request.headers.get("if-modified-since", ""))
        if since is None or self.modified_at is None:
            return False
        return self.modified_at.replace(microsecond=0) <= since


class Kept:
    """The last answers by address, for KEEP_SECONDS; longer only while the store is away.

    Belongs to one event loop. While one visitor has an answer made anew, the others get the last.
    """

    def __init__(self, *, seconds: float = KEEP_SECONDS) -> None:
        self._seconds = seconds
        # Making is work, not waiting: more threads at it would only keep the event loop waiting.
        self._makers = CapacityLimiter(MAKERS)
        self._answers: OrderedDict[str, tuple[float, Answer]] = OrderedDict()
        self._making: dict[str, asyncio.Future[Answer]] = {}

    async def answer(self, request: Request, make: Callable[[], Answer]) -> Response:
        """What is kept for this address, or what `make` says; make runs beside the event loop."""
        address = f"{request.url.path}?{request.url.query}"
        kept = self._answers.get(address)
        if kept is not None and kept[0] > time.monotonic():
            return kept[1].to(request)
        if kept is not None:
            self._keep(address, kept[1])
        try:
            return (await self._made(address, make)).to(request)
        except Unavailable:
            if kept is None:
                raise
            return kept[1].to(request)

    async def _made(self, address: str, make: Callable[[], Answer]) -> Answer:
        """Made once, however many wait for it; it goes on when one of them leaves."""
        making = self._making.get(address)
        if making is None:
            making = asyncio.ensure_future(to_thread.run_sync(make, limiter=self._makers))
            self._making[address] = making
            making.add_done_callback(lambda made: self._end(address, made))
        return await asyncio.shield(making)

    def _end(self, address: str, made: "asyncio.Future[Answer]") -> None:
        del self._making[address]
        if not made.cancelled() and made.exception() is None:
            self._keep(address, made.result())

    def _keep(self, address: str, answer: Answer) -> None:
        self._answers[address] = time.monotonic() + self._seconds, answer
        self._answers.move_to_end(address)
        while len(self._answers) > MOST_KEPT:
            self._answers.popitem(last=False)


def _takes_gzip(request: Request) -> bool:
    """RFC 9110 section 12.5.3, as far as programs use it."""
    for coding in request.headers.get("accept-encoding", "").lower().split(","):
        name, _, weight = coding.partition(";")
        if name.strip() in ("gzip", "*"):
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


def _instant(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
