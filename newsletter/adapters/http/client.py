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
from typing import Any

import httpx2

from newsletter.adapters.http.answers import (
    LastingProblem,
    PassingProblem,
    answered,
    beginning,
    body_of,
    conditions,
    seconds,
    shown,
    validators_in,
    web_address,
    wish,
)
from newsletter.core.ports import Spacing
from newsletter.core.text import clean, cut
from newsletter.errors import SourceUnavailable, Unavailable

REDIRECTS = frozenset({301, 302, 303, 307, 308})
# These pass; every other answer than 200 and 304 is the same the next time.
PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
MAX_REDIRECTS = 5
MAX_REASON_BYTES = 64 * 1024


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
            except LastingProblem as problem:
                raise SourceUnavailable(manners.source, str(problem)) from problem
            except PassingProblem as problem:
                wait = max(self._pause(attempt), problem.wait or timedelta())
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
        address = web_address(url)
        for _ in range(MAX_REDIRECTS + 1):
            self._wait_turn(manners)
            found = self._once(address, manners, validators)
            if isinstance(found, Answer):
                return found
            if address.scheme == "https" and found.scheme == "http":
                raise LastingProblem(f"{shown(address)} sends on to {shown(found)}, unencrypted")
            address = found
        raise LastingProblem(f"{shown(url)} sends on more than {MAX_REDIRECTS} times")

    def _wait_turn(self, manners: Manners) -> None:
        if manners.interval is None or self._spacing is None:
            return
        try:
            self._spacing.wait(manners.source, manners.interval)
        except Unavailable as error:
            # Without the shared count nobody knows when the last request was: rather not ask.
            raise LastingProblem(f"not asked, as its turn cannot be known: {error}") from error

    def _once(
        self, address: httpx2.URL, manners: Manners, validators: Mapping[str, str]
    ) -> Answer | httpx2.URL:
        """One request: the answer, or the address that it is sent on to."""
        headers = {"Accept": manners.accept, **conditions(validators)}
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
        status, place = response.status_code, shown(address)
        if status == 304 and is_conditional:
            return Answer(is_unchanged=True)
        if status in REDIRECTS:
            return web_address(response.headers.get("location", ""), base=address)
        if status in PASSING:
            raise PassingProblem(answered(place, response), wish(response.headers, self._now))
        if status != 200:
            reason = cut(clean(manners.explain(body_of(response, MAX_REASON_BYTES))), 300)
            raise LastingProblem(answered(place, response) + (f": {reason}" if reason else ""))
        body = body_of(response, self._limits.max_bytes)
        if not manners.is_whole(body):
            raise PassingProblem(
                f"the answer of {place} is not whole or not of the kind asked for "
                f"({len(body)} bytes: {beginning(body)})"
            )
        return Answer(body=body, validators=validators_in(response.headers))

    @contextmanager
    def _translated(self, address: httpx2.URL) -> Iterator[dict[str, Any]]:
        """What httpx2 raises in here, in our words; `total` is held for all that happens in here.

        Its own time-outs are for single reads: a server that sends a byte now and then would hold
        us for ever. So a timer cuts the connection.
        """
        limits, place = self._limits, shown(address)
        cutter = _Cutter()
        timer = threading.Timer(limits.total.total_seconds(), cutter.cut)
        timer.daemon = True
        timer.start()
        try:
            yield {"trace": cutter.trace}
        except httpx2.ConnectTimeout as error:
            raise PassingProblem(
                f"{place} takes no connection within {seconds(limits.connect)}"
            ) from error
        except httpx2.TimeoutException as error:
            raise PassingProblem(f"{place} sent nothing for {seconds(limits.read)}") from error
        except (httpx2.UnsupportedProtocol, httpx2.LocalProtocolError, UnicodeError) as error:
            raise LastingProblem(f"{place} cannot be asked: {error}") from error
        except (httpx2.TransportError, zlib.error) as error:
            if cutter.has_cut:
                raise PassingProblem(
                    f"{place} was not done within {seconds(limits.total)}"
                ) from error
            words = "cannot be reached" if isinstance(error, httpx2.ConnectError) else "broke off"
            raise PassingProblem(f"{place} {words}: {clean(str(error))}") from error
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
