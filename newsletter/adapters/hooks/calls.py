"""A provider's call: first whether it is theirs, and only then what it tells."""

import base64
import binascii
import hmac
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

from newsletter.adapters.hooks.signatures import is_signed_with_certificate, is_signed_with_key
from newsletter.core.ports import Sns
from newsletter.core.webhooks.amazon import CONFIRMATION, NOTIFICATION, parse_sns, read_amazon
from newsletter.core.webhooks.fields import parse_json
from newsletter.core.webhooks.mailgun import mailgun_seal, read_mailgun
from newsletter.core.webhooks.postmark import read_postmark
from newsletter.core.webhooks.sendgrid import read_sendgrid
from newsletter.core.webhooks.values import Call, Event, Provider
from newsletter.errors import NotFound, Refused

log = logging.getLogger(__name__)

# Longer than the providers go on calling where nobody answered: a day and eight hours. What is
# told twice within it counts once.
SENDGRID_AGE = timedelta(hours=26)
MAILGUN_AGE = timedelta(hours=12)
SKEW = timedelta(minutes=10)  # between their clocks and ours

Reader = Callable[[Sequence[str], Call, datetime], tuple[Event, ...]]


class CallReader:
    """Reads calls of the providers that have a secret. secrets: by provider, each may be right."""

    def __init__(self, secrets: Mapping[str, Sequence[str]], *, sns: Sns) -> None:
        self._secrets = secrets
        self._readers: Mapping[str, Reader] = {
            Provider.SES: partial(_ses, sns),
            Provider.POSTMARK: _postmark,
            Provider.SENDGRID: _sendgrid,
            Provider.MAILGUN: _mailgun,
        }

    def events(self, provider: str, call: Call, *, now: datetime) -> tuple[Event, ...]:
        """What the call tells. now: aware UTC.

        Raises NotFound for a provider without a secret, Refused for a call that is not proved to
        be theirs, SourceUnavailable where the proof cannot be had now.
        """
        secrets = self._secrets.get(provider, ())
        if not secrets:
            raise NotFound(f"{provider} has no secret in NEWSLETTER_HOOK_SECRETS.")
        return self._readers[provider](secrets, call, now)


def _postmark(secrets: Sequence[str], call: Call, _: datetime) -> tuple[Event, ...]:
    """Postmark signs nothing: the secret is the password, or the key, in the hook's address."""
    given = (_password(call.headers.get("authorization", "")), call.query.get("key", ""))
    if not any(_same(one, secret) for one in given for secret in secrets):
        raise Refused("neither the password nor the key in the address is right")
    document = parse_json(call.body)
    if document is None:
        raise Refused("its body is no JSON")
    return read_postmark(document)


def _sendgrid(secrets: Sequence[str], call: Call, now: datetime) -> tuple[Event, ...]:
    stamp = call.headers.get("x-twilio-email-event-webhook-timestamp", "")
    signature = call.headers.get("x-twilio-email-event-webhook-signature", "")
    signed = stamp.encode() + call.body
    if not any(is_signed_with_key(secret, signature, signed) for secret in secrets):
        raise Refused("its signature is not that of the verification key")
    _check_age(stamp, now, SENDGRID_AGE)
    return read_sendgrid(parse_json(call.body))


def _mailgun(secrets: Sequence[str], call: Call, now: datetime) -> tuple[Event, ...]:
    document = dict(call.form) or parse_json(call.body)
    seal = mailgun_seal(document)
    if seal is None or not any(seal.is_of(secret) for secret in secrets):
        raise Refused("its signature is not that of the signing key")
    _check_age(seal.stamp, now, MAILGUN_AGE)
    return read_mailgun(document, token=seal.token)


def _ses(sns: Sns, secrets: Sequence[str], call: Call, now: datetime) -> tuple[Event, ...]:
    message = parse_sns(call.body)
    if message is None or message.topic not in secrets:
        raise Refused("it is no message of a topic that is named in NEWSLETTER_HOOK_SECRETS")
    if not message.certificate_url:
        raise Refused("its certificate lies elsewhere than with Amazon SNS")
    if not is_signed_with_certificate(
        sns.certificate(message.certificate_url),
        message.signature,
        message.signed,
        hash_name=message.hash,
        now=now,
    ):
        raise Refused("its signature is not that of its certificate")
    if message.kind == CONFIRMATION and message.subscribe_url:
        sns.confirm(message.subscribe_url)
        log.info("hook_confirmed provider=ses topic=%s", message.topic)
    return read_amazon(message.message) if message.kind == NOTIFICATION else ()


def _check_age(stamp: str, now: datetime, most: timedelta) -> None:
    try:
        age = now - datetime.fromtimestamp(int(stamp[:20]), UTC)
    except (ValueError, OverflowError, OSError):
        raise Refused("its time stamp cannot be read") from None
    if not -SKEW <= age <= most:
        raise Refused(f"its time stamp is {age} old: see that the clock of this machine is right")


def _password(authorization: str) -> str:
    """Of HTTP's basic authentication (RFC 7617), "" without one."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(encoded).decode().partition(":")[2]
    except (binascii.Error, ValueError):
        return ""


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(errors="replace"), other.encode())
