"""A form's stamp: when it was shown, signed, so that who sends it back can be asked how fast.

A program fills in a form in no time. The stamp names nobody; whoever has one may use it again.
"""

import base64
import binascii
import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from newsletter.core.signing import base32, mac_with

STAMP_LENGTH = 26  # letters and digits
LONGEST_SECONDS = 2 * 86_400.0  # a form in a tab that stays open over night
_MAC_BYTES = 10
_LABEL = b"newsletter form"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """shown_at: seconds since 1970."""

    shown_at: float

    def is_right(self, *, now: float, least: float) -> bool:
        """Whether the form comes back after `least` seconds, and before it is too old."""
        return least <= now - self.shown_at <= LONGEST_SECONDS


def make_stamp(secret: bytes, *, now: float) -> str:
    """A stamp of STAMP_LENGTH letters and digits. now: seconds since 1970."""
    said = int(now * 1000).to_bytes(6, "big")
    return base32(mac_with(secret, _LABEL)(said)[:_MAC_BYTES] + said)


def read_stamp(text: str, secrets: Sequence[bytes]) -> Stamp | None:
    """What a stamp of one of these secrets says; None for any other text whatever."""
    if len(text) != STAMP_LENGTH or not text.isascii():
        return None
    try:
        raw = base64.b32decode(text.upper() + "=" * (-STAMP_LENGTH % 8))
    except binascii.Error:
        return None
    signature, said = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
    known = [
        hmac.compare_digest(mac_with(secret, _LABEL)(said)[:_MAC_BYTES], signature)
        for secret in secrets
    ]
    return Stamp(shown_at=int.from_bytes(said, "big") / 1000) if any(known) else None
