"""A proof of work: a sum that costs a browser a second or so, and a flood of programs its money.

The format is that of ALTCHA's first version, so that its own widget may stand in for ours: find
the number whose SHA-256, written behind the salt, is the challenge.
"""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qs

from newsletter.core.signing import mac_with

ALGORITHM = "SHA-256"
MOST_TRIES = 100_000  # half of them in the mean: a second on a slow telephone
LIFETIME_SECONDS = 3600
MAX_PAYLOAD = 2000  # characters
_LABEL = b"newsletter proof of work"


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """What the browser is given, under ALTCHA's own names."""

    algorithm: str
    challenge: str
    maxnumber: int
    salt: str
    signature: str


def make_challenge(secret: bytes, *, salt: str, number: int, now: float) -> Challenge:
    """A challenge whose answer is `number`, up to MOST_TRIES. salt: random letters and digits."""
    # The `&` ends the salt: else a part of the number could be moved to the time it runs out.
    salt = f"{salt}?expires={int(now) + LIFETIME_SECONDS}&"
    challenge = hashlib.sha256(f"{salt}{number}".encode()).hexdigest()
    return Challenge(
        algorithm=ALGORITHM,
        challenge=challenge,
        maxnumber=MOST_TRIES,
        salt=salt,
        signature=_signature(secret, challenge),
    )


def read_proof(payload: str, secrets: Sequence[bytes], *, now: float) -> str | None:
    """The challenge of ours that this text answers; None if none, or one that has run out.

    Each challenge should count once: the gate remembers it by this name, for LIFETIME_SECONDS.

    payload: base64 of JSON with algorithm, challenge, number, salt, signature; any text whatever.
    """
    told = _read(payload)
    if told is None or told.get("algorithm") != ALGORITHM:
        return None
    salt, number = str(told.get("salt", "")), told.get("number")
    challenge, signature = str(told.get("challenge", "")), str(told.get("signature", ""))
    if not isinstance(number, int) or not salt.endswith("&") or _runs_out_at(salt) < now:
        return None
    solved = hashlib.sha256(f"{salt}{number}".encode("utf-8", "replace")).hexdigest()
    # As bytes: of texts only those in ASCII can be compared in constant time.
    known = [
        hmac.compare_digest(
            _signature(secret, solved).encode(), signature.encode("utf-8", "replace")
        )
        for secret in secrets
    ]
    return solved if solved == challenge and any(known) else None


def _signature(secret: bytes, challenge: str) -> str:
    return mac_with(secret, _LABEL)(challenge.encode()).hex()


def _runs_out_at(salt: str) -> float:
    found = parse_qs(salt.partition("?")[2]).get("expires", [""])[0]
    return float(found) if found.isascii() and found.isdigit() and len(found) < 12 else 0.0


def _read(payload: str) -> dict[str, object] | None:
    if not payload.isascii() or len(payload) > MAX_PAYLOAD:
        return None
    try:
        told = json.loads(base64.b64decode(payload, validate=True))
    except (binascii.Error, ValueError, RecursionError):
        return None
    return told if isinstance(told, dict) else None
