"""What an answer says, read with care: its body, its validators, its wishes."""

import zlib
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx2

from newsletter.core.text import clean, cut

LONGEST_WISH = timedelta(days=1)  # no server keeps us away for longer


class PassingProblem(Exception):
    """Something that may be over soon. `wait`: the server's own wish."""

    def __init__(self, reason: str, wait: timedelta | None = None) -> None:
        super().__init__(reason)
        self.reason, self.wait = reason, wait


class LastingProblem(Exception):
    """Something that the next try would only meet again."""


def wish(headers: httpx2.Headers, now: Callable[[], datetime]) -> timedelta | None:
    """The wait that a Retry-After asks for (RFC 9110 section 10.2.3): seconds or a date.

    A date is held against the server's own clock where it tells it, else against `now`.
    """
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return timedelta(seconds=min(int(text[:9]), LONGEST_WISH.total_seconds()))
    until = _http_date(text)
    if until is None:
        return None
    wait = until - (_http_date(headers.get("date", "")) or now())
    return min(max(wait, timedelta()), LONGEST_WISH)


def body_of(response: httpx2.Response, most: int) -> bytes:
    """The body, unpacked piece by piece, so that a small answer cannot fill the memory."""
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", "", "gzip", "x-gzip"):
        raise LastingProblem(f"{shown(response.url)} answers in {encoding!r}, not asked for")
    packed = response.iter_raw()
    body = bytearray()
    for piece in _unpacked(packed, most + 1) if "gzip" in encoding else packed:
        body += piece
        if len(body) > most:
            raise LastingProblem(f"{shown(response.url)} answers with more than {most:,} bytes")
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


def web_address(text: str, *, base: httpx2.URL | None = None) -> httpx2.URL:
    """An address that may be asked: http or https, with a host."""
    try:
        address = httpx2.URL(text) if base is None else base.join(text)
    except (httpx2.InvalidURL, ValueError, TypeError) as error:
        raise LastingProblem(f"{cut(clean(text), 200)!r} is no web address: {error}") from error
    if address.scheme not in ("http", "https") or not address.host:
        raise LastingProblem(f"{cut(clean(str(address)), 200)!r} is not asked: only http and https")
    return address


def conditions(validators: Mapping[str, str]) -> dict[str, str]:
    """RFC 9110 section 13.1: the headers that ask for the body only if it changed."""
    names = {"etag": "If-None-Match", "last_modified": "If-Modified-Since"}
    return {
        names[key]: value for key, value in validators.items() if key in names and _is_plain(value)
    }


def validators_in(headers: httpx2.Headers) -> dict[str, str]:
    found = {"etag": headers.get("etag", ""), "last_modified": headers.get("last-modified", "")}
    return {key: value for key, value in found.items() if _is_plain(value)}


def _is_plain(value: str) -> bool:
    """Whether this may be kept and sent back as a header."""
    return 0 < len(value) <= 500 and value.isascii() and value.isprintable()


def seconds(duration: timedelta) -> str:
    return f"{duration.total_seconds():g} s"


def _http_date(text: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(text)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


def answered(place: str, response: httpx2.Response) -> str:
    return f"{place} answered {response.status_code} {response.reason_phrase}".rstrip()


def shown(address: httpx2.URL | str) -> str:
    """The address without a name and password in it."""
    url = httpx2.URL(address) if isinstance(address, str) else address
    return cut(clean(str(url.copy_with(userinfo=b"") if url.userinfo else url)), 300)


def beginning(body: bytes) -> str:
    return repr(cut(clean(body[:200].decode("utf-8", "replace")), 60))
