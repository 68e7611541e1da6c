"""Mail addresses: checked and compared, and the return path that names one delivery."""

import base64
import binascii
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from email_validator import EmailNotValidError, validate_email

from newsletter.core.signing import Mac, base32, mac_with
from newsletter.errors import AddressError

MAX_ADDRESS = 254  # RFC 5321 section 4.5.3.1.3 less the angle brackets
RETURN_PATH_PREFIX = "b+"
_MAC_BYTES = 10
_SHOWN = 80
_MAX_LOCAL = 64  # RFC 5321 section 4.5.3.1.1
# As nearly all are written. The name has no capitals, so it is its own key.
_PLAIN = re.compile(r"([a-z0-9_+'-]+(?:\.[a-z0-9_+'-]+)*)@([a-zA-Z0-9.-]+)")


@dataclass(frozen=True, slots=True)
class Address:
    """Where mail goes. `text` is for the envelope and the To header; `key` says who it is.

    text: as typed, its domain lower-case and in ASCII ("ada@xn--bcher-kva.example") unless the
    part before the @ is not ASCII (RFC 6531). key: the same for every spelling that reaches one
    mailbox in practice: capitals do not count.
    """

    text: str
    key: str


def parse_address(text: str) -> Address:
    """The address in the text, of which only the form is checked: nobody is asked.

    Raises AddressError with a sentence for the person who typed it.
    """
    typed = text.strip()
    return _plain_address(typed) or _any_address(typed)


def _plain_address(typed: str) -> Address | None:
    """What `_any_address` gives, in a thirtieth of its time; None where that has to look."""
    plain = _PLAIN.fullmatch(typed)
    if plain is None or len(typed) > MAX_ADDRESS or len(plain[1]) > _MAX_LOCAL:
        return None
    domain = _known_domain(plain[2])
    if not domain:
        return None
    return Address(text=f"{plain[1]}@{domain}", key=f"{plain[1]}@{domain.lower()}")


@lru_cache(maxsize=4096)  # half of all readers are with some ten providers
def _known_domain(name: str) -> str:
    """The domain as it is written in an address; "" for none that mail may go to."""
    try:
        return _any_address(f"x@{name}").text.removeprefix("x@")
    except AddressError:
        return ""


def _any_address(typed: str) -> Address:
    shown = typed if len(typed) <= _SHOWN else typed[: _SHOWN - 1] + "…"
    shown = "".join(letter if letter.isprintable() else "�" for letter in shown)
    if not typed:
        raise AddressError("There is no address: type one such as ada@example.org.")
    if len(typed) > MAX_ADDRESS:
        raise AddressError(
            f"{shown} is too long for a mail address: at most {MAX_ADDRESS} characters."
        )
    try:
        found = validate_email(
            typed, check_deliverability=False, test_environment=True, strict=True
        )
    except EmailNotValidError as error:
        raise AddressError(f"{shown} is not a mail address: {error} Check its spelling.") from error
    key = f"{found.local_part.casefold()}@{found.ascii_domain.lower()}"
    return Address(text=found.ascii_email or found.normalized, key=key)


def hash_address(key: str, secret: bytes) -> str:
    """64 hex digits that stand for the address among suppressions, of no use without the secret.

    key: `Address.key`, so that every spelling has one hash.
    """
    return mac_with(secret, b"newsletter address: suppression")(key.encode()).hex()


def return_path(delivery_id: int, *, secret: bytes, domain: str) -> str:
    """The envelope sender that reports on this delivery come back to: `b+<token>@domain`.

    The token is lower-case base32, since servers on the way may fold case; the part before the
    @ stays below 40 characters (RFC 5321 section 4.5.3.1.1 allows 64).
    """
    token = base32(signed_delivery(delivery_id, return_path_mac(secret)))
    return f"{RETURN_PATH_PREFIX}{token}@{domain}"


def return_path_mac(secret: bytes) -> Mac:
    return mac_with(secret, b"newsletter address: return path")


def signed_delivery(delivery_id: int, mac: Mac) -> bytes:
    """The bytes that a return path spells. mac: `return_path_mac` of the first secret."""
    if not 0 <= delivery_id < 1 << 63:
        raise ValueError(f"not a delivery id: {delivery_id}")
    number = delivery_id.to_bytes((delivery_id.bit_length() + 7) // 8 or 1, "big")
    return mac(number)[:_MAC_BYTES] + number


def read_return_path(address: str, *, secrets: Sequence[bytes]) -> int | None:
    """The delivery that a report came back for, or None where the address is not one we made.

    address: anything, with or without angle brackets; its domain does not count, as relays
    rewrite it. secrets: all that may have signed it, the newest first.
    """
    if len(address) > 2 * MAX_ADDRESS or not address.isascii():
        return None
    local = address.strip().strip("<>").rpartition("@")[0].lower()
    if not local.startswith(RETURN_PATH_PREFIX):
        return None
    letters = local.removeprefix(RETURN_PATH_PREFIX).upper()
    try:
        raw = base64.b32decode(letters + "=" * (-len(letters) % 8))
    except binascii.Error:
        return None
    signature, number = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
    if not 1 <= len(number) <= 8:
        return None
    matches = [
        hmac.compare_digest(signature, return_path_mac(secret)(number)[:_MAC_BYTES])
        for secret in secrets
    ]
    return int.from_bytes(number, "big") if any(matches) else None
