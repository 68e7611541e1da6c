"""A provider's call is believed with its proof only: signature, age, certificate's place."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta

import pytest
from callers import KEY, SENDGRID, TOPIC, MemorySns, mailgun_call, sendgrid_call, ses_call

from newsletter.adapters.hooks import CallReader
from newsletter.core.webhooks.secrets import parse_hook_secrets
from newsletter.core.webhooks.values import Call
from newsletter.errors import NotFound, Refused, SourceUnavailable

NOW = datetime(2026, 6, 16, 7, tzinfo=UTC)


@pytest.fixture
def sns():
    return MemorySns()


@pytest.fixture
def read(sns):
    line = f"postmark={KEY},mailgun={KEY},mailgun=another-key-that-is-old,ses={TOPIC}"
    secrets = parse_hook_secrets(f"{line},sendgrid={SENDGRID.public}")
    reader = CallReader(secrets, sns=sns)
    return lambda provider, call, now=NOW: reader.events(provider, call, now=now)


BOUNCE = {"event": "bounce", "email": "ada@kelp.example", "reason": "550 5.1.1 no such user"}


def basic(password, name="newsletter"):
    said = base64.b64encode(f"{name}:{password}".encode()).decode()
    return {"authorization": f"Basic {said}"}


def postmark_body(**values):
    given = {"RecordType": "Bounce", "Type": "HardBounce", "ID": 1, "Email": "ada@kelp.example"}
    return json.dumps(given | values).encode()


@pytest.mark.parametrize(
    ("headers", "query"), [(basic(KEY), {}), ({}, {"key": KEY})], ids=["password", "in the address"]
)
def test_postmarks_secret_is_a_password_or_stands_in_the_address(read, headers, query):
    assert len(read("postmark", Call(body=postmark_body(), headers=headers, query=query))) == 1


@pytest.mark.parametrize(
    "headers",
    [{}, basic("wrong"), basic(""), {"authorization": "Basic %%%"}, {"authorization": "Basic"},
     {"authorization": f"Bearer {KEY}"}, basic("ünknown")],
)  # fmt: skip
def test_postmark_without_its_secret_is_refused(read, headers):
    with pytest.raises(Refused):
        read("postmark", Call(body=postmark_body(), headers=headers))


def test_sendgrids_signature_is_that_of_its_key(read):
    assert len(read("sendgrid", sendgrid_call([BOUNCE], at=NOW))) == 1


@pytest.mark.parametrize("what", ["body", "stamp", "signature", "none", "no base64"])
def test_a_call_that_sendgrid_did_not_sign_is_refused(read, what):
    call = sendgrid_call([BOUNCE], at=NOW)
    headers, body = dict(call.headers), call.body
    stamp, signature = (f"x-twilio-email-event-webhook-{one}" for one in ("timestamp", "signature"))
    match what:
        case "body":
            body += b" "
        case "stamp":
            headers[stamp] = str(int(headers[stamp]) + 1)
        case "signature":
            headers[signature] = sendgrid_call([{}], at=NOW).headers[signature]
        case "none":
            headers = {}
        case "no base64":
            headers[signature] = "ä not base64"

    with pytest.raises(Refused):
        read("sendgrid", Call(body=body, headers=headers))


@pytest.mark.parametrize("age", [timedelta(hours=27), -timedelta(minutes=11)])
@pytest.mark.parametrize("make", [sendgrid_call, mailgun_call])
def test_a_call_of_another_time_is_refused(read, make, age):
    provider = make.__name__.removesuffix("_call")

    with pytest.raises(Refused, match="time stamp"):
        read(provider, make([BOUNCE], at=NOW - age))


def test_what_is_called_again_for_a_day_is_not_too_old(read):
    assert read("sendgrid", sendgrid_call([BOUNCE], at=NOW - timedelta(hours=24)))


@pytest.mark.parametrize("key", [KEY, "another-key-that-is-old"], ids=["new key", "old key"])
def test_mailguns_signature_is_that_of_one_of_its_keys(read, key):
    told = {"event": "failed", "recipient": "ada@kelp.example", "id": "e1"}

    assert len(read("mailgun", mailgun_call(told, at=NOW, key=key))) == 1


@pytest.mark.parametrize("change", [{"token": "t2"}, {"timestamp": "1"}, {"signature": "00"}, {}])
def test_a_call_that_mailgun_did_not_sign_is_refused(read, change):
    document = json.loads(mailgun_call({"event": "failed"}, at=NOW).body)
    document["signature"] = document["signature"] | change if change else None

    with pytest.raises(Refused):
        read("mailgun", Call(body=json.dumps(document).encode()))


def test_the_form_of_before_is_signed_alike(read):
    stamp = str(int(NOW.timestamp()))
    signature = hmac.new(KEY.encode(), f"{stamp}t1".encode(), hashlib.sha256).hexdigest()
    form = {"event": "bounced", "recipient": "ada@kelp.example", "token": "t1",
            "timestamp": stamp, "signature": signature}  # fmt: skip

    assert len(read("mailgun", Call(body=b"", form=form))) == 1


@pytest.mark.parametrize("version", ["1", "2"])
def test_a_notification_is_believed_with_the_signature_of_amazons_certificate(read, version):
    assert len(read("ses", ses_call(version=version))) == 1


def test_a_certificate_is_asked_for_at_its_own_address(read, sns):
    read("ses", ses_call())

    assert sns.asked == ["https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem"]


@pytest.mark.parametrize(
    "url",
    [
        "http://sns.eu-west-1.amazonaws.com/a.pem",
        "https://sns.eu-west-1.amazonaws.com.evil.example/a.pem",
        "https://sns.eu-west-1.amazonaws.com@evil.example/a.pem",
        "https://evil.example/sns.eu-west-1.amazonaws.com/a.pem",
        "https://sns.eu-west-1.amazonaws.com:8443/a.pem",
        "https://sns.eu-west-1.amazonaws.com/a.pem?x=.pem",
        "https://sns.eu-west-1.amazonaws.com/../a.pem",
        "https://s3.eu-west-1.amazonaws.com/a.pem",
        "https://sns.eu-west-1.amazonaws.com/a.pem\n",
        "https://evil.example\\@sns.eu-west-1.amazonaws.com/a.pem",
        ["https://sns.eu-west-1.amazonaws.com/a.pem"],
        None,
    ],
)
def test_a_certificate_from_elsewhere_is_not_even_asked_for(read, sns, url):
    with pytest.raises(Refused, match="elsewhere"):
        read("ses", ses_call(SigningCertURL=url))

    assert sns.asked == []


@pytest.mark.parametrize(
    "values",
    [
        {"Message": "{}"},
        {"TopicArn": TOPIC + "x"},
        {"Subject": "added"},
        {"Signature": "AAAA"},
        {"Signature": "no base64 ä"},
        {"SignatureVersion": "3"},
        {"Timestamp": ["2026"]},
        {"Type": "Other"},
        {"Type": ["Notification"]},
    ],
)
def test_a_notification_that_was_changed_is_refused(read, values):
    with pytest.raises(Refused):
        read("ses", ses_call(**values))


def test_a_certificate_that_has_run_out_proves_nothing(read):
    with pytest.raises(Refused, match="certificate"):
        read("ses", ses_call(), now=NOW + timedelta(days=4000))


def test_a_subscription_is_confirmed_for_a_topic_that_is_named(read, sns):
    assert read("ses", ses_call(kind="SubscriptionConfirmation")) == ()

    assert sns.confirmed == [
        f"https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=t"
    ]


@pytest.mark.parametrize(
    ("topic", "url"),
    [
        ("arn:aws:sns:eu-west-1:999999999999:theirs", None),
        (TOPIC, "https://evil.example/?Action=ConfirmSubscription&Token=t"),
        (TOPIC, "https://sns.eu-west-1.amazonaws.com/?Action=DeleteTopic&Token=t"),
    ],
    ids=["another topic", "elsewhere", "another action"],
)
def test_nothing_else_is_confirmed(read, sns, topic, url):
    call = ses_call(kind="SubscriptionConfirmation", topic=topic, subscribe_url=url)

    if topic == TOPIC:
        read("ses", call)
    else:
        with pytest.raises(Refused):
            read("ses", call)
    assert sns.confirmed == []


def test_a_certificate_that_cannot_be_had_now_refuses_nothing_for_good(read, sns):
    sns.is_away = True

    with pytest.raises(SourceUnavailable):
        read("ses", ses_call())


@pytest.mark.parametrize("provider", ["other", "", "ses/../postmark"])
def test_a_provider_without_a_secret_is_not_there(read, provider):
    with pytest.raises(NotFound):
        read(provider, Call(body=b"{}"))
