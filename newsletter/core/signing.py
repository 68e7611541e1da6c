"""Signatures and their spelling, made fast: each message needs four of them and little else."""

import base64
import hashlib
from collections.abc import Callable, Sequence
from functools import lru_cache

Mac = Callable[[bytes], bytes]

_BLOCK = 64  # bytes that SHA-256 takes in at a time
_INNER, _OUTER = bytes(x ^ 0x36 for x in range(256)), bytes(x ^ 0x5C for x in range(256))
_LETTERS = bytes(b"abcdefghijklmnopqrstuvwxyz234567"[x & 31] for x in range(256))


def mac(key: bytes) -> Mac:
    """HMAC-SHA-256 (RFC 2104) with this key: of any bytes 32 others.

    It takes a third of the time of `hmac.digest`, as what the key alone decides is hashed once.
    """
    if len(key) > _BLOCK:
        key = hashlib.sha256(key).digest()
    block = key.ljust(_BLOCK, b"\0")
    new_inner = hashlib.sha256(block.translate(_INNER)).copy
    new_outer = hashlib.sha256(block.translate(_OUTER)).copy

    def mac_of(content: bytes) -> bytes:
        inner, outer = new_inner(), new_outer()
        inner.update(content)
        outer.update(inner.digest())
        return outer.digest()

    return mac_of


@lru_cache(maxsize=64)
def mac_with(secret: bytes, label: bytes) -> Mac:
    """With a key of its own for each use of a secret, so that no signature serves for another."""
    return mac(mac(secret)(label))


def base32(raw: bytes) -> str:
    """Base32 (RFC 4648) in lower case, without padding."""
    return base64.b32encode(raw).decode("ascii").rstrip("=").lower()


def base32_of_each(raws: Sequence[bytes]) -> list[bytes]:
    """`base32` of many at once, in a fifth of the time for each.

    All their bits are one large number, of which every five bits are moved into a byte of their
    own: forty bits stand in 64, then twice twenty in 32 each, four times ten, eight times five.
    """
    width = -(-max(map(len, raws), default=0) // 5) * 5 or 5
    joined = b"".join([raw.ljust(width, b"\0") for raw in raws])
    spaced = bytearray(len(joined) // 5 * 8)
    for place in range(5):
        spaced[3 + place :: 8] = joined[place::5]
    number = int.from_bytes(spaced, "big")
    for step, high, low in _masks(len(spaced) // 8):
        number = (number & high) << step | number & low
    letters = number.to_bytes(len(spaced), "big").translate(_LETTERS)
    starts = range(0, len(letters), width // 5 * 8)
    return [
        letters[start : start + (8 * len(raw) + 4) // 5]
        for start, raw in zip(starts, raws, strict=True)
    ]


@lru_cache(maxsize=8)
def _masks(groups: int) -> tuple[tuple[int, int, int], ...]:
    """For each step: how far the upper halves move, and which bits are upper and lower halves."""
    masks = []
    for lanes, bits in ((1, 20), (2, 10), (4, 5)):
        half = (1 << bits) - 1
        low = sum(half << 64 // lanes * lane for lane in range(lanes))
        high, low = (
            int.from_bytes(mask.to_bytes(8, "big") * groups, "big") for mask in (low << bits, low)
        )
        masks.append((32 // lanes - bits, high, low))
    return tuple(masks)
