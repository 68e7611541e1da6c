"""Values out of foreign JSON and XML, whatever is in them: the readers never raise.

A value of an unexpected type is read where its meaning is plain and is absent otherwise.
"""

import json
import math
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from urllib.parse import urlsplit

from newsletter.core.text import clean, cut
from newsletter.errors import SourceUnavailable

MAX_TITLE, MAX_ABSTRACT, MAX_LINE, MAX_URL = 500, 20_000, 300, 2_000  # characters
MAX_AUTHORS, MAX_KEYWORDS, MAX_MEDIA = 5_000, 60, 30
MAX_NUMBER = 2**31 - 1  # what every database's plain integer holds
FIRST_YEAR, LAST_YEAR = 1900, 2200

_EMAIL = re.compile(r"\S@\S+\.\S")
_NOT_IN_A_URL = re.compile(r"[\s<>\"\\^`{|}]")


def parse_json(body: bytes | str, source: str) -> object:
    """The JSON value. Broken bytes become U+FFFD: one bad letter must not cost a day.

    NaN and Infinity are null. Raises SourceUnavailable for what is not JSON, or is cut off.
    """
    text = body.decode("utf-8-sig", "replace") if isinstance(body, bytes) else body
    try:
        return json.loads(text, parse_constant=lambda _: None, parse_int=_parse_int)
    except RecursionError as error:
        raise SourceUnavailable(source, "the answer is nested too deeply") from error
    except ValueError as error:
        start = repr(cut(clean(text[:200]), 60))
        reason = f"the answer is not JSON, or is cut off: {error}; it begins with {start}"
        raise SourceUnavailable(source, reason) from error


def _parse_int(digits: str) -> int | None:
    return int(digits) if len(digits) < 20 else None  # int() itself refuses 5,000 digits


def is_json(body: bytes) -> bool:
    try:
        parse_json(body, "")
    except SourceUnavailable:
        return False
    return True


def error_in_json(body: bytes) -> str:
    """The text under "error" or "message", as most JSON interfaces have it; "" without one."""
    if not is_json(body):
        return ""
    content = mapping(parse_json(body, ""))
    return text(content.get("error")) or text(content.get("message"))


def mapping(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def items(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def text(value: object, most: int = MAX_LINE) -> str:
    """One line, clean. A number is read as its digits."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    return cut(clean(value), most) if isinstance(value, str) else ""


def long_text(value: object) -> str:
    return cut(clean(value, lines=True), MAX_ABSTRACT) if isinstance(value, str) else ""


def number(value: object) -> int | None:
    """A count: 0 or more. "12", "1,024" and 12.0 are read; true, -1 and 10**30 are not."""
    if isinstance(value, str):
        digits = value.strip().replace(",", "")
        value = int(digits) if re.fullmatch("[0-9]{1,12}", digits) else None
    if isinstance(value, float):
        value = int(value) if math.isfinite(value) and value == int(value) else None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_NUMBER:
        return None
    return value


def instant(value: object) -> datetime | None:
    """An ISO 8601 instant in UTC; one without a zone, or a bare date, is taken as UTC."""
    if not isinstance(value, str):
        return None
    try:
        at = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    return in_utc(at)


def in_utc(at: datetime | None) -> datetime | None:
    """The instant in UTC, or None for none, or for a year that no paper has."""
    if at is None or not FIRST_YEAR <= at.year <= LAST_YEAR:
        return None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def day_in(value: object) -> date | None:
    at = instant(value)
    return at.date() if at else None


def url(value: object) -> str:
    """An address that a mail may link to: http or https, a host, no name or password in it."""
    if not isinstance(value, str) or len(value) > MAX_URL:
        return ""
    address = clean(value)
    if _NOT_IN_A_URL.search(address):
        return ""
    try:
        parts = urlsplit(address)
        is_usable = parts.scheme in ("http", "https") and bool(parts.hostname)
        is_usable = is_usable and "@" not in parts.netloc and parts.port != 0
    except ValueError:
        return ""
    return address if is_usable else ""


def person(*names: object) -> str:
    """The first of these that is a name and not an e-mail address, which nobody asked to see."""
    cleaned = (text(name, 200) for name in names if isinstance(name, str))
    return next((name for name in cleaned if name and not _EMAIL.search(name)), "")


def first(values: Iterable[str]) -> str:
    return next((value for value in values if value), "")


def kept(values: Iterable[str], most: int) -> tuple[str, ...]:
    """Those that are not empty, in order, at most this many."""

    def some() -> Iterator[str]:
        yield from (value for value in values if value)

    return tuple(value for value, _ in zip(some(), range(most), strict=False))


def once(values: Iterable[str], most: int) -> tuple[str, ...]:
    """Those that are not empty, each once, in order, at most this many."""
    return kept(dict.fromkeys(values), most)
