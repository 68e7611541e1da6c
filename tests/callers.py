"""Calls as the mail providers make them, signed with keys of our own."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from newsletter.core.webhooks.values import Call
from newsletter.errors import SourceUnavailable

KEY = "a-webhook-key-for-tests"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:reports"
SNS_URL = "https://sns.eu-west-1.amazonaws.com/"
CERTIFICATE_URL = SNS_URL + "SimpleNotificationService-1.pem"


class _SendGrid:
    def __init__(self):
        self.key = ec.generate_private_key(ec.SECP256R1())
        der = self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self.public = base64.b64encode(der).decode()


SENDGRID = _SendGrid()


@cache
def _amazon():
    """A key with its certificate in PEM, good from 2020 for ten years."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    begins = datetime(2020, 1, 1, tzinfo=UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=3652))
        .sign(key, hashes.SHA256())
    )
    return key, made.public_bytes(Encoding.PEM)


class MemorySns:
    """Amazon's side, as HttpSns asks it."""

    def __init__(self):
        self.asked, self.confirmed, self.is_away = [], [], False

    def certificate(self, url):
        self.asked.append(url)
        if self.is_away:
            raise SourceUnavailable("sns certificate", "does not answer")
        return _amazon()[1]

    def confirm(self, url):
        self.confirmed.append(url)


def sendgrid_call(events, *, at):
    body, stamp = json.dumps(events).encode(), str(int(at.timestamp()))
    signature = SENDGRID.key.sign(stamp.encode() + body, ec.ECDSA(hashes.SHA256()))
    return Call(
        body=body,
        headers={
            "x-twilio-email-event-webhook-timestamp": stamp,
            "x-twilio-email-event-webhook-signature": base64.b64encode(signature).decode(),
        },
    )


def mailgun_call(told, *, at, key=KEY, token="token-1"):
    stamp = str(int(at.timestamp()))
    signature = hmac.new(key.encode(), f"{stamp}{token}".encode(), hashlib.sha256).hexdigest()
    seal = {"timestamp": stamp, "token": token, "signature": signature}
    return Call(body=json.dumps({"signature": seal, "event-data": told}).encode())


def ses_call(
    told=None, *, kind="Notification", topic=TOPIC, version="2", subscribe_url=None, **changes
):
    """changes: to the message after it was signed."""
    bounce = {
        "bounceType": "Permanent",
        "bounceSubType": "NoEmail",
        "feedbackId": "feedback-1",
        "bouncedRecipients": [{"emailAddress": "ada@kelp.example"}],
    }
    told = told or {"notificationType": "Bounce", "bounce": bounce, "mail": {}}
    message = {
        "Type": kind,
        "MessageId": "message-1",
        "TopicArn": topic,
        "Message": json.dumps(told),
        "Timestamp": "2026-06-16T07:00:00.000Z",
    }
    if kind != "Notification":
        asked = f"{SNS_URL}?Action=ConfirmSubscription&TopicArn={topic}&Token=t"
        message |= {"Token": "t", "SubscribeURL": subscribe_url or asked}
    signed = "".join(f"{name}\n{message[name]}\n" for name in sorted(message)).encode()
    name = hashes.SHA1() if version == "1" else hashes.SHA256()
    signature = _amazon()[0].sign(signed, padding.PKCS1v15(), name)
    message |= {
        "SignatureVersion": version,
        "Signature": base64.b64encode(signature).decode(),
        "SigningCertURL": CERTIFICATE_URL,
    }
    return Call(body=json.dumps(message | changes).encode())
