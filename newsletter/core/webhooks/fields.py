"""JSON from strangers: whatever its shape, reading it gives a plain value or none."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from newsletter.core.reports.addresses import field_address
from newsletter.core.text import clean

MAX_TEXT = 2_000
MAX_ID = 200
MAX_ADDRESS = 400


def parse_json(text: bytes | str) -> Any:
    """The document; None where it is none, such as one that is nested too deep."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def value_at(value: Any, *names: str) -> Any:
    """What stands in objects within objects under these names, None where something is missing."""
    for name in names:
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return value


def text_at(value: Any, *names: str, most: int = MAX_TEXT) -> str:
    """A text or whole number as text of at most so many characters; "" for everything else."""
    found = value_at(value, *names)
    if isinstance(found, int) and not isinstance(found, bool):
        found = str(found)
    return clean(found[:most]) if isinstance(found, str) else ""


def address_at(value: Any, *names: str) -> str:
    """The bare address of a text such as "Ada <ada@example.org>"; "" where there is none."""
    return field_address(text_at(value, *names, most=MAX_ADDRESS))


def message_id_at(value: Any, *names: str) -> str:
    """A Message-ID in its angle brackets, which some leave out; "" where there is none."""
    found = text_at(value, *names, most=MAX_TEXT).strip("<> ")
    return f"<{found}>" if "@" in found and " " not in found else ""


def objects(value: Any) -> list[Mapping[str, Any]]:
    """The objects of a list; an object alone is a list of one."""
    values = value if isinstance(value, list) else [value]
    return [one for one in values if isinstance(one, Mapping)]


def instant_at(value: Any, *names: str) -> datetime | None:
    """Seconds since 1970 or a text in ISO 8601; None for what is neither or has no time zone."""
    found = value_at(value, *names)
    try:
        if isinstance(found, str):
            read = datetime.fromisoformat(found[:40])
            return read.astimezone(UTC) if read.tzinfo else None
        if isinstance(found, int | float) and not isinstance(found, bool):
            return datetime.fromtimestamp(found, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return None
