"""NEWSLETTER_HOOK_SECRETS: which providers may call, and what proves that it is they."""

import base64
import binascii
import re
from collections.abc import Callable, Mapping, Sequence

from newsletter.core.webhooks.values import Provider
from newsletter.errors import SettingsError

NAME = "NEWSLETTER_HOOK_SECRETS"
LEAST_SECRET = 16  # characters

# A public key on the curve P-256 as SubjectPublicKeyInfo (RFC 5480) is this and 64 bytes more.
_P256 = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004")
_P256_BYTES = len(_P256) + 64
_TOPIC = re.compile(r"arn:aws[a-z-]{0,20}:sns:[a-z0-9-]{3,40}:\d{12}:[A-Za-z0-9_.-]{1,256}")


def parse_hook_secrets(text: str) -> dict[str, tuple[str, ...]]:
    """ "postmark=…,mailgun=…,sendgrid=…,ses=…" by provider; one that is named twice has two.

    Raises SettingsError, which never shows a secret.
    """
    found: dict[str, tuple[str, ...]] = {}
    for part in re.split(r",\s*(?=[A-Za-z_-]+=)", text.strip()) if text.strip() else ():
        name, sign, secret = (piece.strip() for piece in part.partition("="))
        if name not in CHECKS or not sign:
            shown = repr(name) if sign and len(name) < LEAST_SECRET else "no provider"
            raise SettingsError(
                f"{NAME} names {shown}: write it such as postmark=SECRET,mailgun=KEY,"
                "sendgrid=PUBLICKEY,ses=TOPIC_ARN, with those that you use."
            )
        if problem := CHECKS[Provider(name)](secret):
            raise SettingsError(f"{NAME}: {name}'s {problem}.")
        found[name] = (*found.get(name, ()), secret)
    return found


def hook_secrets_text(secrets: Mapping[str, Sequence[str]]) -> str:
    """The same as one line again."""
    return ",".join(f"{name}={one}" for name, many in secrets.items() for one in many)


def _short(secret: str) -> str:
    if len(secret) >= LEAST_SECRET and secret.isascii() and secret.isprintable():
        return ""
    return f"secret must have at least {LEAST_SECRET} characters, all of them plain ASCII"


def _no_topic(secret: str) -> str:
    if _TOPIC.fullmatch(secret):
        return ""
    return "value must be a topic's ARN such as arn:aws:sns:eu-west-1:123456789012:reports"


def _no_key(secret: str) -> str:
    try:
        raw = base64.b64decode(secret, validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if raw.startswith(_P256) and len(raw) == _P256_BYTES:
        return ""
    return "value must be the verification key of the signed event webhook, as SendGrid shows it"


# What is wrong with a provider's secret; "" when nothing is.
CHECKS: dict[Provider, Callable[[str], str]] = {
    Provider.SES: _no_topic,
    Provider.POSTMARK: _short,
    Provider.SENDGRID: _no_key,
    Provider.MAILGUN: _short,
}
