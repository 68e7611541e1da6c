"""Signed links: who a link is for and what it may do, readable by us only, no row behind it.

A token is lower-case base32 of a MAC and its claims: only letters and digits, so that no reader's
mail program cuts it at a dash and no gateway that folds case breaks it.
"""

import base64
import binascii
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from newsletter.core.signing import Mac, base32, mac_with
from newsletter.errors import LinkError, SettingsError

MAC_BYTES = 16
MAX_TOKEN = 1024  # characters; longer ones are refused unread
MAX_EXTRA = 400  # bytes of UTF-8
MIN_SECRET = 16  # bytes
CLOCK_SKEW = timedelta(minutes=10)  # between our own machines


class Purpose(StrEnum):
    """What a link may do. A token of one purpose is refused for any other."""

    CONFIRM = "confirm"
    MANAGE = "manage"  # the preferences page
    UNSUBSCRIBE = "unsubscribe"
    VIEW = "view"
    RECOVER = "recover"
    CHANGE = "change"  # moves a subscription to the address that the link was mailed to


@dataclass(frozen=True, slots=True)
class Keys:
    """The secrets that sign links: the first signs, all verify, so that keys can be changed.

    Raises SettingsError when there is none or one is short.
    """

    secrets: tuple[bytes, ...] = field(repr=False)

    def __post_init__(self) -> None:
        if not self.secrets:
            raise SettingsError("No secret key is set: NEWSLETTER_SECRET_KEYS needs at least one.")
        for number, secret in enumerate(self.secrets, start=1):
            if len(secret) < MIN_SECRET:
                raise SettingsError(
                    f"Secret key {number} in NEWSLETTER_SECRET_KEYS has {len(secret)} bytes: "
                    f"it must have at least {MIN_SECRET}."
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What a link said. issued_at: aware UTC to the second, None when it was not stamped."""

    subscriber_id: int
    issued_at: datetime | None
    extra: str


def make_token(
    purpose: Purpose,
    subscriber_id: int,
    *,
    keys: Keys,
    issued_at: datetime | None = None,
    extra: str = "",
) -> str:
    """A signed token of 31 characters and more, letters and digits only.

    issued_at: aware; without it the token can not be read with a `max_age`. extra: at most
    MAX_EXTRA bytes of UTF-8 that come back as they were, such as the edition of a web view.
    """
    said = claims(subscriber_id, issued_at, extra)
    (raw,) = signed([said], mac_for(purpose, keys.secrets[0]))
    return base32(raw)


def claims(subscriber_id: int, issued_at: datetime | None = None, extra: str = "") -> bytes:
    """What a token says, not yet signed; the same as that without `extra`, and then `extra`."""
    stamp = 0 if issued_at is None else int(issued_at.timestamp())
    note = extra.encode() if extra else b""
    if subscriber_id < 0 or stamp < 0 or len(note) > MAX_EXTRA:
        raise ValueError(
            f"not for a token: subscriber {subscriber_id}, {issued_at}, {len(note)} bytes"
        )
    return _number(subscriber_id) + _number(stamp) + note


def signed(claims: Sequence[bytes], mac: Mac) -> list[bytes]:
    """Tokens' bytes, to be spelled by `signing.base32`. mac: `mac_for` their purpose."""
    return [mac(said)[:MAC_BYTES] + said for said in claims]


def read_token(
    purpose: Purpose, token: str, *, keys: Keys, now: datetime, max_age: timedelta | None = None
) -> Token:
    """What the token says, once its signature and purpose were found right.

    token: any text whatever. now: aware. max_age: None for links that never expire.
    Raises LinkError.
    """
    raw = _decode(token)
    signature, said = raw[:MAC_BYTES], raw[MAC_BYTES:]
    # Every key is tried, and compared in constant time: how long it takes tells nothing.
    matches = [
        hmac.compare_digest(signature, mac_for(purpose, secret)(said)[:MAC_BYTES])
        for secret in keys.secrets
    ]
    if not any(matches):
        raise LinkError("This link is not one of ours, or a part of it got lost: copy it whole.")
    subscriber_id, rest = _read_number(said)
    stamp, note = _read_number(rest)
    issued_at = datetime.fromtimestamp(stamp, UTC) if stamp else None
    if max_age is not None:
        _check_age(issued_at, now=now, max_age=max_age)
    return Token(subscriber_id=subscriber_id, issued_at=issued_at, extra=note.decode())


def _check_age(issued_at: datetime | None, *, now: datetime, max_age: timedelta) -> None:
    if issued_at is None:
        raise LinkError("This link does not say when it was made: ask for a new one.")
    if issued_at > now + CLOCK_SKEW:
        raise LinkError(
            f"This link was made in the future ({issued_at:%Y-%m-%d}): ask for a new one."
        )
    if now - issued_at > max_age:
        raise LinkError(f"This link of {issued_at:%Y-%m-%d} is too old: ask for a new one.")


def mac_for(purpose: Purpose, secret: bytes) -> Mac:
    """A key of its own for each purpose: a token for one can not be turned into another."""
    return mac_with(secret, b"newsletter link: " + purpose.value.encode())


def _number(number: int) -> bytes:
    """A whole number in seven-bit groups, the lowest first, so that small ones stay short."""
    if number < 1 << 21:  # one of three bytes at most, quickly
        low, middle, high = number & 127, number >> 7 & 127, number >> 14
        if high:
            return bytes((low | 128, middle | 128, high))
        return bytes((low | 128, middle)) if middle else bytes((low,))
    groups = bytearray()
    while number > 127:
        groups.append(number & 127 | 128)
        number >>= 7
    groups.append(number)
    return bytes(groups)


def _read_number(raw: bytes) -> tuple[int, bytes]:
    """The number at the start and what follows it; `raw` was signed by us, so it is whole."""
    number = 0
    for position, group in enumerate(raw):
        number |= (group & 127) << (7 * position)
        if group < 128:
            return number, raw[position + 1 :]
    raise LinkError("This link breaks off in the middle: copy it whole.")


def _decode(token: str) -> bytes:
    problem = "This link is not one of ours, or a part of it got lost: copy it whole."
    if not token.isascii() or not MAC_BYTES < len(token) <= MAX_TOKEN:
        raise LinkError(problem)
    letters = token.upper()
    try:
        raw = base64.b32decode(letters + "=" * (-len(letters) % 8))
    except binascii.Error as error:
        raise LinkError(problem) from error
    if base32(raw).upper() != letters:  # spare bits: one token has one spelling
        raise LinkError(problem)
    return raw
