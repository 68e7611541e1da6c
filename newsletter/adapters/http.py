"""The one way to ask a source: polite, patient for a while, and never for more than it can hold.

Whatever goes wrong out there comes back as one `SourceUnavailable` with the address and the reason.
What an answer means is for the sources to say.
"""

import random
import socket
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import httpx2

from newsletter.core.ports import Spacing
from newsletter.core.text import clean, cut
from newsletter.errors import SourceUnavailable, Unavailable

REDIRECTS = frozenset({301, 302, 303, 307, 308})
# These pass; every other answer than 200 and 304 is the same the next time.
PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
MAX_REDIRECTS = 5
MAX_REASON_BYTES = 64 * 1024
LONGEST_WISH = timedelta(days=1)  # no server keeps us away for longer


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long and how much. connect, read: for one step; total: for one answer, body included.

    longest_wait: a wish to come back later than this is left to the caller.
    """

    connect: timedelta = timedelta(seconds=5)
    read: timedelta = timedelta(seconds=20)
    total: timedelta = timedelta(seconds=60)
    max_bytes: int = 16 * 1024 * 1024
    tries: int = 3
    first_wait: timedelta = timedelta(milliseconds=500)
    longest_wait: timedelta = timedelta(seconds=20)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """How one source is asked.

    source: its name in errors, and the name of its turns. interval: between any two requests to
    it, over all processes; None for no rule. accept: the media types wanted. is_whole: whether a
    body is complete, for answers that do not tell their length. explain: a refusal's body → the
    reason in it, or "".
    """

    source: str
    interval: timedelta | None = None
    accept: str = "*/*"
    is_whole: Callable[[bytes], bool] = bool
    explain: Callable[[bytes], str] = field(default=lambda _: "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A body, with what the next conditional request sends back; or the word that nothing changed.

    An unchanged answer has no validators: those that were sent stay good.
    """

    body: bytes = b""
    is_unchanged: bool = False
    validators: dict[str, str] = field(default_factory=dict)


class _PassingProblem(Exception):
    """Something that may be over soon. `wait`: the server's own wish."""

    def __init__(self, reason: str, wait: timedelta | None = None) -> None:
        super().__init__(reason)
        self.reason, self.wait = reason, wait


class _LastingProblem(Exception):
    """Something that the next try would only meet again."""


class Http:
    """Asks with GET. Safe for several threads; build it after a fork. `close` ends it.

    contact: the service's own address, told in the user agent so that a source can complain.
    spacing: keeps sources apart that have an interval; None leaves that to the caller.
    sleep, now: waiting and the clock, as tests need them.
    """

    def __init__(
        self,
        *,
        contact: str = "",
        spacing: Spacing | None = None,
        limits: Limits | None = None,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._limits = limits or Limits()
        self._spacing, self._sleep, self._now = spacing, sleep, now
        agent = "newsletter/0.1" + (f" (+{contact})" if contact else "")
        self._client = httpx2.Client(
            headers={
                "User-Agent": clean(agent).encode("ascii", "ignore").decode(),
                "Accept-Encoding": "gzip",
            },
            timeout=httpx2.Timeout(
                self._limits.read.total_seconds(), connect=self._limits.connect.total_seconds()
            ),
            # A kept connection saves nothing at a few requests an hour and is often half dead.
            limits=httpx2.Limits(max_keepalive_connections=0),
            follow_redirects=False,
        )

    def close(self) -> None:
        self._client.close()

    def get(
        self, url: str, manners: Manners, *, validators: Mapping[str, str] | None = None
    ) -> Answer:
        """The answer to a GET of this address, asked again a few times where that may help.

        validators: {"etag": …, "last_modified": …} of the last answer, both optional.
        Raises SourceUnavailable.
        """
        for attempt in range(1, self._limits.tries + 1):
            try:
                return self._follow(url, manners, validators or {})
            except _LastingProblem as problem:
                raise SourceUnavailable(manners.source, str(problem)) from problem
            except _PassingProblem as problem:
                wait = self._pause(attempt) if problem.wait is None else problem.wait
                if attempt == self._limits.tries or wait > self._limits.longest_wait:
                    tries = f" (tried {attempt} times)" if attempt > 1 else ""
                    reason = problem.reason + tries
                    raise SourceUnavailable(manners.source, reason, problem.wait) from problem
            self._sleep(wait.total_seconds())
        raise ValueError(f"Limits.tries is {self._limits.tries}: it must be 1 or more")

    def _pause(self, attempt: int) -> timedelta:
        """Half a second, one second, …, each a little off so that many askers do not march."""
        return self._limits.first_wait * (2.0 ** (attempt - 1) * random.uniform(0.5, 1.5))

    def _follow(self, url: str, manners: Manners, validators: Mapping[str, str]) -> Answer:
        """One try: the request and, where it is sent on, those after it."""
        address = _web_address(url)
        for _ in range(MAX_REDIRECTS + 1):
            self._wait_turn(manners)
            found = self._once(address, manners, validators)
            if isinstance(found, Answer):
                return found
            if address.scheme == "https" and found.scheme == "http":
                raise _LastingProblem(f"{_shown(address)} sends on to {_shown(found)}, unencrypted")
            address = found
        raise _LastingProblem(f"{_shown(url)} sends on more than {MAX_REDIRECTS} times")

    def _wait_turn(self, manners: Manners) -> None:
        if manners.interval is None or self._spacing is None:
            return
        try:
            self._spacing.wait(manners.source, manners.interval)
        except Unavailable as error:
            # Without the shared count nobody knows when the last request was: rather not ask.
            raise _LastingProblem(f"not asked, as its turn cannot be known: {error}") from error

    def _once(
        self, address: httpx2.URL, manners: Manners, validators: Mapping[str, str]
    ) -> Answer | httpx2.URL:
        """One request: the answer, or the address that it is sent on to."""
        headers = {"Accept": manners.accept, **_conditions(validators)}
        with self._translated(address) as extensions:
            request = self._client.build_request(
                "GET", address, headers=headers, extensions=extensions
            )
            response = self._client.send(request, stream=True)
            try:
                return self._judge(response, address, manners, is_conditional=bool(validators))
            finally:
                response.close()

    def _judge(
        self,
        response: httpx2.Response,
        address: httpx2.URL,
        manners: Manners,
        *,
        is_conditional: bool,
    ) -> Answer | httpx2.URL:
        status, shown = response.status_code, _shown(address)
        if status == 304 and is_conditional:
            return Answer(is_unchanged=True)
        if status in REDIRECTS:
            return _web_address(response.headers.get("location", ""), base=address)
        if status in PASSING:
            raise _PassingProblem(_answered(shown, response), self._wish(response.headers))
        if status != 200:
            reason = cut(clean(manners.explain(_body(response, MAX_REASON_BYTES))), 300)
            raise _LastingProblem(_answered(shown, response) + (f": {reason}" if reason else ""))
        body = _body(response, self._limits.max_bytes)
        if not manners.is_whole(body):
            raise _PassingProblem(
                f"the answer of {shown} is not whole or not of the kind asked for "
                f"({len(body)} bytes: {_beginning(body)})"
            )
        return Answer(body=body, validators=_validators(response.headers))

    def _wish(self, headers: httpx2.Headers) -> timedelta | None:
        """The wait that a Retry-After asks for (RFC 9110 section 10.2.3): seconds or a date.

        A date is held against the server's own clock where it tells it.
        """
        text = headers.get("retry-after", "").strip()
        if text.isascii() and text.isdigit():
            return timedelta(seconds=min(int(text[:9]), LONGEST_WISH.total_seconds()))
        until = _http_date(text)
        if until is None:
            return None
        wish = until - (_http_date(headers.get("date", "")) or self._now())
        return min(max(wish, timedelta()), LONGEST_WISH)

    @contextmanager
    def _translated(self, address: httpx2.URL) -> Iterator[dict[str, Any]]:
        """What httpx2 raises in here, in our words; `total` is held for all that happens in here.

        Its own time-outs are for single reads: a server that sends a byte now and then would hold
        us for ever. So a timer cuts the connection.
        """
        limits, shown = self._limits, _shown(address)
        cutter = _Cutter()
        timer = threading.Timer(limits.total.total_seconds(), cutter.cut)
        timer.daemon = True
        timer.start()
        try:
            yield {"trace": cutter.trace}
        except httpx2.ConnectTimeout as error:
            raise _PassingProblem(
                f"{shown} takes no connection within {_s(limits.connect)}"
            ) from error
        except httpx2.TimeoutException as error:
            raise _PassingProblem(f"{shown} sent nothing for {_s(limits.read)}") from error
        except (httpx2.UnsupportedProtocol, httpx2.LocalProtocolError, UnicodeError) as error:
            raise _LastingProblem(f"{shown} cannot be asked: {error}") from error
        except (httpx2.TransportError, zlib.error) as error:
            if cutter.has_cut:
                raise _PassingProblem(f"{shown} was not done within {_s(limits.total)}") from error
            words = "cannot be reached" if isinstance(error, httpx2.ConnectError) else "broke off"
            raise _PassingProblem(f"{shown} {words}: {clean(str(error))}") from error
        finally:
            timer.cancel()


class _Cutter:
    """Knows the socket of one request and can end it from another thread."""

    def __init__(self) -> None:
        self.has_cut = False
        self._socket: socket.socket | None = None

    def trace(self, name: str, info: Mapping[str, Any]) -> None:
        """Called by httpcore2 with each step; the connection, and again after its encryption."""
        if name.endswith((".connect_tcp.complete", ".start_tls.complete")):
            self._socket = info["return_value"].get_extra_info("socket")
            if self.has_cut:
                self.cut()

    def cut(self) -> None:
        self.has_cut = True
        if self._socket is not None:
            try:
                # The plain method: SSLSocket's own would take the cipher from under the reader.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
            except OSError:
                return  # it ended by itself in this moment


def _body(response: httpx2.Response, most: int) -> bytes:
    """The body, unpacked piece by piece, so that a small answer cannot fill the memory."""
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", "", "gzip", "x-gzip"):
        raise _LastingProblem(f"{_shown(response.url)} answers in {encoding!r}, not asked for")
    packed = response.iter_raw()
    body = bytearray()
    for piece in _unpacked(packed, most + 1) if "gzip" in encoding else packed:
        body += piece
        if len(body) > most:
            raise _LastingProblem(f"{_shown(response.url)} answers with more than {most:,} bytes")
    return bytes(body)


def _unpacked(packed: Iterator[bytes], most: int) -> Iterator[bytes]:
    """Gzip taken apart (RFC 1952: one member or several), in pieces of at most `most` bytes."""
    unpacker = zlib.decompressobj(wbits=31)
    is_inside = False
    for rest in packed:
        while rest:
            yield unpacker.decompress(rest, most)
            is_inside, rest = not unpacker.eof, unpacker.unconsumed_tail
            if unpacker.eof:
                rest, unpacker = unpacker.unused_data, zlib.decompressobj(wbits=31)
    if is_inside:
        raise zlib.error("the packed answer ends too early")


def _web_address(text: str, *, base: httpx2.URL | None = None) -> httpx2.URL:
    """An address that may be asked: http or https, with a host."""
    try:
        address = httpx2.URL(text) if base is None else base.join(text)
    except (httpx2.InvalidURL, ValueError, TypeError) as error:
        raise _LastingProblem(f"{cut(clean(text), 200)!r} is no web address: {error}") from error
    if address.scheme not in ("http", "https") or not address.host:
        raise _LastingProblem(
            f"{cut(clean(str(address)), 200)!r} is not asked: only http and https"
        )
    return address


def _conditions(validators: Mapping[str, str]) -> dict[str, str]:
    """RFC 9110 section 13.1: the headers that ask for the body only if it changed."""
    names = {"etag": "If-None-Match", "last_modified": "If-Modified-Since"}
    return {
        names[key]: value for key, value in validators.items() if key in names and _is_plain(value)
    }


def _validators(headers: httpx2.Headers) -> dict[str, str]:
    found = {"etag": headers.get("etag", ""), "last_modified": headers.get("last-modified", "")}
    return {key: value for key, value in found.items() if _is_plain(value)}


def _is_plain(value: str) -> bool:
    """Whether this may be kept and sent back as a header."""
    return 0 < len(value) <= 500 and value.isascii() and value.isprintable()


def _s(duration: timedelta) -> str:
    return f"{duration.total_seconds():g} s"


def _http_date(text: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(text)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


def _answered(shown: str, response: httpx2.Response) -> str:
    return f"{shown} answered {response.status_code} {response.reason_phrase}".rstrip()


def _shown(address: httpx2.URL | str) -> str:
    """The address without a name and password in it."""
    url = httpx2.URL(address) if isinstance(address, str) else address
    return cut(clean(str(url.copy_with(userinfo=b"") if url.userinfo else url)), 300)


def _beginning(body: bytes) -> str:
    return repr(cut(clean(body[:200].decode("utf-8", "replace")), 60))
