"""What each provider tells by a call, read by the rule for mails; nothing that comes breaks it."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.core.reports import Kind
from newsletter.core.webhooks.amazon import parse_sns, read_amazon
from newsletter.core.webhooks.fields import parse_json
from newsletter.core.webhooks.mailgun import mailgun_seal, read_mailgun
from newsletter.core.webhooks.postmark import read_postmark
from newsletter.core.webhooks.sendgrid import read_sendgrid

DEAD = "550 5.1.1 <ada@kelp.example>: there is no Ada here, user unknown"
POLICY = "550 5.7.1 Our policy refuses mail from your network"
FULL = "552 5.2.2 The mailbox of Ada is full"
MESSAGE_ID = "<0123456789abcdef0123456789abcdef@example.org>"
PATH = "b+abcdefghij234567abcdefghij@example.org"


def postmark(**values):
    given = {
        "RecordType": "Bounce",
        "ID": 4203,
        "Type": "HardBounce",
        "TypeCode": 1,
        "MessageID": "11111111-2222-3333-4444-555555555555",
        "Description": "The server was unable to deliver (ex: unknown user, mailbox not found).",
        "Details": f"smtp;{DEAD}",
        "Email": "ada@kelp.example",
        "From": "papers@example.org",
        "BouncedAt": "2026-06-16T07:00:01.1234567Z",
        "Inactive": True,
    }
    return read_postmark(given | values)


def change(**values):
    given = {
        "RecordType": "SubscriptionChange",
        "MessageID": "11111111-2222-3333-4444-555555555555",
        "ChangedAt": "2026-06-16T08:00:00Z",
        "Recipient": "ada@kelp.example",
        "Origin": "Recipient",
        "SuppressSending": True,
        "SuppressionReason": "ManualSuppression",
    }
    return read_postmark(given | values)


def sendgrid(**values):
    given = {
        "event": "bounce",
        "email": "ada@kelp.example",
        "timestamp": 1781593200,
        "smtp-id": MESSAGE_ID,
        "sg_event_id": "ZXZlbnQtMQ",
        "sg_message_id": "kelp.recvd-1-1",
        "type": "bounce",
        "status": "5.1.1",
        "reason": DEAD,
    }
    return read_sendgrid([given | values])


def mailgun(status=None, **values):
    given = {
        "event": "failed",
        "id": "mg-event-1",
        "timestamp": 1781593200.5,
        "severity": "permanent",
        "reason": "bounce",
        "recipient": "ada@kelp.example",
        "envelope": {"sender": PATH, "targets": "ada@kelp.example", "transport": "smtp"},
        "message": {"headers": {"message-id": MESSAGE_ID.strip("<>"), "to": "ada@kelp.example"}},
        "delivery-status": {"code": 550, "message": DEAD[4:], "description": ""} | (status or {}),
    }
    return read_mailgun({"event-data": given | values}, token="token-1")


def ses(bounce=None, recipient=None, **values):
    given = {
        "notificationType": "Bounce",
        "bounce": {
            "bounceType": "Permanent",
            "bounceSubType": "General",
            "feedbackId": "feedback-1",
            "timestamp": "2026-06-16T07:00:00.000Z",
            "bouncedRecipients": [
                {
                    "emailAddress": "ada@kelp.example",
                    "action": "failed",
                    "status": "5.1.1",
                    "diagnosticCode": f"smtp; {DEAD}",
                }
                | (recipient or {})
            ],
        }
        | (bounce or {}),
        "mail": {
            "timestamp": "2026-06-16T06:59:00.000Z",
            "source": PATH,
            "messageId": "ses-1",
            "destination": ["ada@kelp.example"],
            "headers": [{"name": "Message-Id", "value": MESSAGE_ID}],
        },
    }
    return read_amazon(json.dumps(given | values))


def told(events):
    (event,) = events
    return event.record.kind.value, event.record.cause, event.record.status


@pytest.mark.parametrize("read", [postmark, sendgrid, mailgun, ses])
def test_a_dead_address_is_hard_and_named(read):
    (event,) = read()

    assert told([event]) == ("hard", "no such mailbox", "5.1.1")
    assert (event.recipient, event.record.recipient) == ("ada@kelp.example", "ada@kelp.example")
    assert event.id
    assert event.at.tzinfo is UTC
    assert "there is no Ada here" in event.record.reply


@pytest.mark.parametrize(
    "events",
    [
        postmark(Details=f"smtp;{POLICY}"),
        sendgrid(reason=POLICY, status="5.7.1"),
        mailgun({"message": POLICY}),
        ses(recipient={"status": "5.7.1", "diagnosticCode": f"smtp; {POLICY}"}),
    ],
    ids=["postmark", "sendgrid", "mailgun", "ses"],
)
def test_a_provider_that_calls_a_policy_a_hard_bounce_is_not_believed(events):
    assert told(events)[::2] == ("soft", "5.7.1")


@pytest.mark.parametrize(
    "events",
    [
        postmark(Type="SoftBounce", Details=""),
        postmark(Details=f"smtp;{FULL}"),
        sendgrid(reason=FULL, status="5.2.2"),
        mailgun({"message": FULL[4:], "code": 552}),
        ses(
            {"bounceType": "Transient", "bounceSubType": "MailboxFull"},
            {"status": None, "diagnosticCode": None},
        ),
    ],
)
def test_a_full_mailbox_is_soft(events):
    assert told(events)[:2] == ("soft", "mailbox full")


@pytest.mark.parametrize(
    ("events", "kind"),
    [
        (postmark(Details=""), Kind.HARD),
        (postmark(Details="Something that nobody has ever said"), Kind.SOFT),
        (postmark(Type="BadEmailAddress", Details=""), Kind.HARD),
        (sendgrid(reason="", status="", bounce_classification="Invalid Address"), Kind.HARD),
        (
            sendgrid(reason="It was odd", status="", bounce_classification="Invalid Address"),
            Kind.SOFT,
        ),
        (mailgun({"message": "", "code": ""}, reason="hardfail"), Kind.HARD),
        (ses(recipient={"status": None, "diagnosticCode": None}), Kind.HARD),
    ],
)
def test_a_label_says_dead_only_where_the_server_said_nothing(events, kind):
    assert events[0].record.kind is kind


@pytest.mark.parametrize(
    "events",
    [
        sendgrid(event="dropped", reason="Bounced Address", status=""),
        mailgun(
            {"message": "Not delivering to previously bounced address", "code": 605},
            reason="suppress-bounce",
        ),
        ses(
            {"bounceSubType": "Suppressed"},
            {"status": "", "diagnosticCode": "Amazon SES has suppressed sending to this address"},
        ),
    ],
    ids=["sendgrid", "mailgun", "ses"],
)
def test_an_address_on_a_providers_own_list_counts_and_is_not_called_dead(events):
    assert told(events) == ("soft", "mailbox disabled", "5.2.1")


@pytest.mark.parametrize(
    "events",
    [
        postmark(RecordType="SpamComplaint", Type="SpamComplaint"),
        change(SuppressionReason="SpamComplaint"),
        sendgrid(event="spamreport"),
        mailgun(event="complained"),
        ses(
            notificationType="Complaint",
            complaint={
                "feedbackId": "feedback-2",
                "complaintFeedbackType": "abuse",
                "complainedRecipients": [{"emailAddress": "ada@kelp.example"}],
            },
        ),
    ],
    ids=["postmark", "postmark's change", "sendgrid", "mailgun", "ses"],
)
def test_a_complaint_is_one(events):
    assert told(events) == ("complaint", "abuse", "")
    assert events[0].recipient == "ada@kelp.example"


def test_one_complaint_that_postmark_tells_by_two_hooks_has_one_number():
    by_hook = postmark(RecordType="SpamComplaint", Type="SpamComplaint")
    by_change = change(SuppressionReason="SpamComplaint")

    assert by_hook[0].id == by_change[0].id


@pytest.mark.parametrize(
    "events",
    [
        postmark(Type="Unsubscribe"),
        change(),
        sendgrid(event="group_unsubscribe"),
        sendgrid(event="dropped", reason="Unsubscribed Address"),
        mailgun(event="unsubscribed"),
        mailgun(reason="suppress-unsubscribe"),
    ],
)
def test_who_leaves_at_the_provider_leaves(events):
    assert [(event.recipient, event.record) for event in events] == [("ada@kelp.example", None)]


@pytest.mark.parametrize(
    "events",
    [
        postmark(Type="Transient"),
        sendgrid(event="deferred", reason="", response="450 4.2.0 later"),
        mailgun(severity="temporary"),
        ses(
            notificationType=None,
            eventType="DeliveryDelay",
            deliveryDelay={
                "delayType": "MailboxFull",
                "delayedRecipients": [{"emailAddress": "ada@kelp.example", "status": "4.2.2"}],
            },
        ),
    ],
    ids=["postmark", "sendgrid", "mailgun", "ses"],
)
def test_what_is_still_tried_tells_of_nobody(events):
    assert events == ()


@pytest.mark.parametrize(
    "events",
    [
        postmark(RecordType="Open"),
        postmark(Type="AutoResponder"),
        change(Origin="Customer"),
        change(SuppressSending=False, SuppressionReason=None),
        change(SuppressionReason="HardBounce"),
        sendgrid(event="delivered"),
        sendgrid(event="open"),
        mailgun(event="opened"),
        ses(notificationType="Delivery", delivery={"recipients": ["ada@kelp.example"]}),
        read_amazon("Successfully validated SNS topic for Amazon SES event publishing."),
    ],
)
def test_the_rest_tells_of_nobody(events):
    assert events == ()


@pytest.mark.parametrize(
    ("events", "path", "message_id"),
    [
        (ses(), PATH, MESSAGE_ID),
        (mailgun(), PATH, MESSAGE_ID),
        (sendgrid(), "", MESSAGE_ID),
        (postmark(), "", ""),
    ],
    ids=["ses", "mailgun", "sendgrid", "postmark"],
)
def test_what_is_ours_in_an_event_is_passed_on(events, path, message_id):
    assert (events[0].return_path, events[0].message_id) == (path, message_id)


def test_the_form_of_before_tells_the_same():
    form = {
        "event": "bounced",
        "recipient": "ada@kelp.example",
        "code": "550",
        "error": DEAD[4:],
        "Message-Id": MESSAGE_ID,
        "timestamp": "1781593200",
        "token": "token-1",
        "signature": "00",
    }

    (event,) = read_mailgun(form, token="token-1")

    assert told([event]) == ("hard", "no such mailbox", "5.1.1")
    assert (event.message_id, event.id) == (MESSAGE_ID, "token-1")
    assert event.at == datetime(2026, 6, 16, 7, tzinfo=UTC)
    assert mailgun_seal(form).token == "token-1"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
WORDS_OF_THEIRS = """
    RecordType Type ID MessageID Details Email From BouncedAt Origin Recipient SuppressSending
    SuppressionReason ChangedAt event email timestamp smtp-id sg_event_id status reason response
    event-data signature token recipient envelope message delivery-status severity code reject
    notificationType eventType bounce complaint deliveryDelay mail bouncedRecipients feedbackId
    complainedRecipients delayedRecipients emailAddress diagnosticCode headers commonHeaders
    bounceType bounceSubType name value sender Message Signature SigningCertURL
"""
NAMES = st.sampled_from(WORDS_OF_THEIRS.split())
WORDS = st.sampled_from(
    ["Bounce", "SpamComplaint", "SubscriptionChange", "HardBounce", "failed", "bounced", "dropped",
     "bounce", "spamreport", "complained", "Complaint", "Notification", "ada@kelp.example", DEAD]
)  # fmt: skip
SHAPES = st.recursive(
    WORDS | JSON,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=6),
    max_leaves=25,
)


@settings(max_examples=60, deadline=None)
@given(SHAPES)
def test_whatever_stands_where_a_word_should_nothing_is_raised(document):
    text = json.dumps(document)

    events = [
        *read_postmark(document),
        *read_sendgrid(document),
        *read_mailgun(document, token="t"),
        *read_amazon(text),
    ]
    parse_sns(text.encode())
    mailgun_seal(document)

    for event in events:
        for shown in (event.id, event.recipient, event.return_path, event.message_id):
            assert "\0" not in shown
            shown.encode()


@pytest.mark.parametrize(
    "body",
    [b"", b"\xff\xfe\x00", b"[" * 100_000, b'{"a":' * 100_000, b"9" * 10_000, b'"\\ud800"', b"NaN"],
    ids=["empty", "half utf-16", "deep lists", "deep objects", "long number", "surrogate", "nan"],
)
def test_a_body_that_is_no_json_of_ours_is_nothing(body):
    document = parse_json(body)

    assert read_postmark(document) + read_sendgrid(document) == ()
    assert read_amazon(body.decode("latin-1")) == ()
    assert parse_sns(body) is None
    assert mailgun_seal(document) is None
