"""Calls of mail providers, from the request to the row: proved first, counted once, never lost."""

import base64
import json
import logging
import shutil

import pytest
from builders import MONDAY, Clock, a_newsletter, a_paper, settings_for, wishes
from callers import KEY, SENDGRID, TOPIC, MemorySns, mailgun_call, sendgrid_call, ses_call
from fastapi.testclient import TestClient
from pages_walk import BUSY
from sqlalchemy import text

from newsletter.core.addresses import return_path
from newsletter.core.subscribers import Status
from newsletter.core.webhooks.secrets import parse_hook_secrets
from newsletter.errors import StoreUnavailable
from newsletter.web import create_app
from newsletter.web.shield import MAX_CALL

DEAD = "550 5.1.1 <ada@kelp.example>: there is no Ada here, user unknown"
AUTHORIZATION = "Basic " + base64.b64encode(f"any:{KEY}".encode()).decode()


SECRETS = f"postmark={KEY},mailgun={KEY},ses={TOPIC},sendgrid={SENDGRID.public}"


def opened(folder):
    settings = settings_for(folder, hook_secrets=parse_hook_secrets(SECRETS))
    papers = [a_paper(1), a_paper(2)]
    return a_newsletter(folder, papers=papers, clock=Clock(), settings=settings, sns=MemorySns())


@pytest.fixture(scope="module")
def sent(tmp_path_factory):
    """A folder with the database after Monday's edition, which went to Ada."""
    folder = tmp_path_factory.mktemp("sent")
    with opened(folder) as made:
        made.add_subscriber("ada@kelp.example", wishes("agents"), is_confirmed=True)
        made.run(MONDAY.date(), everyone=True)
    return folder


@pytest.fixture
def newsletter(tmp_path, sent):
    shutil.copytree(sent, tmp_path, dirs_exist_ok=True)
    with opened(tmp_path) as made:
        yield made


@pytest.fixture
def client(newsletter):
    with TestClient(create_app(newsletter, timing=BUSY), raise_server_exceptions=False) as made:
        yield made


@pytest.fixture
def delivery(newsletter):
    """Ada's digest of Monday."""
    return newsletter.deliveries()[0]


def post(client, provider, call):
    return client.post(f"/reports/{provider}", content=call.body, headers=dict(call.headers))


def postmark(client, **values):
    given = {"RecordType": "Bounce", "Type": "HardBounce", "ID": 1, "Email": "ada@kelp.example",
             "From": "papers@example.org", "Details": DEAD}  # fmt: skip
    headers = {"Authorization": AUTHORIZATION}
    return client.post("/reports/postmark", json=given | values, headers=headers)


def sendgrid(client, message_id, **values):
    given = {"event": "bounce", "email": "ada@kelp.example", "reason": DEAD, "sg_event_id": "e1",
             "smtp-id": message_id}  # fmt: skip
    return post(client, "sendgrid", sendgrid_call([given | values], at=MONDAY))


def mailgun(client, message_id, *, token="token-1", **values):
    given = {"event": "failed", "severity": "permanent", "id": "e1",
             "recipient": "ada@kelp.example", "delivery-status": {"code": 550, "message": DEAD},
             "message": {"headers": {"message-id": message_id.strip("<>")}}}  # fmt: skip
    return post(client, "mailgun", mailgun_call(given | values, at=MONDAY, token=token))


def ses(client, path, **changes):
    told = {
        "notificationType": "Bounce",
        "bounce": {
            "feedbackId": "f1",
            "bouncedRecipients": [{"emailAddress": "ada@kelp.example", "diagnosticCode": DEAD}],
        },
        "mail": {"source": path},
    }
    return post(client, "ses", ses_call(told, **changes))


def count(newsletter, table):
    with newsletter.store.read() as session:
        return session.execute(text(f"SELECT count(*) FROM {table}")).scalar()


def path_of(newsletter, delivery):
    secret = newsletter.letterhead.keys.secrets[0]
    return return_path(delivery.id, secret=secret, domain="example.org")


each_provider = pytest.mark.parametrize(
    "call",
    [
        lambda newsletter, client, one: ses(client, path_of(newsletter, one)),
        lambda newsletter, client, one: mailgun(client, one.message_id),
        lambda newsletter, client, one: sendgrid(client, one.message_id),
        lambda newsletter, client, one: postmark(client),
    ],
    ids=["ses", "mailgun", "sendgrid", "postmark"],
)


@each_provider
def test_a_dead_address_that_a_provider_tells_of_is_suppressed(newsletter, client, delivery, call):
    answer = call(newsletter, client, delivery)

    assert (answer.status_code, answer.text) == (200, "1 taken in\n")
    assert count(newsletter, "suppressions") == 1


@each_provider
def test_what_is_told_twice_counts_once(newsletter, client, delivery, call):
    call(newsletter, client, delivery)
    before = count(newsletter, "reports")

    answer = call(newsletter, client, delivery)

    assert answer.status_code == 200
    assert count(newsletter, "reports") == before


@pytest.mark.parametrize(
    "call",
    [
        lambda client, one: ses(client, "b+x@example.org", Message='{"notificationType": 1}'),
        lambda client, one: post(client, "mailgun", mailgun_call({}, at=MONDAY, key=KEY + "x")),
        lambda client, one: client.post("/reports/sendgrid", json=[]),
        lambda client, one: client.post("/reports/postmark", json={"RecordType": "Bounce"}),
        lambda client, one: client.post("/reports/postmark?key=guess", json={}),
    ],
    ids=["ses", "mailgun", "sendgrid", "postmark", "postmark's key"],
)
def test_a_call_without_proof_is_refused_and_leaves_nothing(newsletter, client, delivery, call):
    answer = call(client, delivery)

    assert (answer.status_code, answer.text) == (403, "refused\n")
    assert count(newsletter, "reports") == count(newsletter, "suppressions") == 0


def test_a_token_of_mailgun_serves_one_call(newsletter, client, delivery):
    mailgun(client, delivery.message_id, id="e1")

    answer = mailgun(client, delivery.message_id, id="e2", event="complained")

    assert answer.status_code == 403
    assert count(newsletter, "suppressions") == 1
    assert mailgun(client, delivery.message_id, id="e3", token="token-2").status_code == 200


@pytest.mark.parametrize("path", ["", "b+aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@example.org"])
def test_a_bounce_of_another_mail_of_the_account_acts_on_nobody(newsletter, client, path):
    answers = [
        ses(client, path or "shop@example.org"),
        sendgrid(client, "<00000000000000000000000000000000@example.org>"),
        postmark(client, From="shop@example.org"),
    ]

    assert {answer.status_code for answer in answers} == {200}
    assert count(newsletter, "suppressions") == 0


def test_while_the_database_is_away_the_provider_is_asked_to_call_again(
    newsletter, client, delivery, monkeypatch
):
    def away():
        raise StoreUnavailable("The database does not answer.")

    monkeypatch.setattr(newsletter.store, "write", away)
    answer = sendgrid(client, delivery.message_id)
    monkeypatch.undo()

    assert answer.status_code == 503
    assert answer.headers["Retry-After"].isdigit()
    assert sendgrid(client, delivery.message_id).status_code == 200
    assert count(newsletter, "suppressions") == 1


def test_without_amazons_certificate_now_it_is_asked_to_call_again(newsletter, client, delivery):
    newsletter.parts.sns.is_away = True

    assert ses(client, path_of(newsletter, delivery)).status_code == 503


def test_who_leaves_at_the_provider_is_mailed_no_more(newsletter, client):
    answer = postmark(
        client,
        RecordType="SubscriptionChange",
        Recipient="ada@kelp.example",
        Origin="Recipient",
        SuppressSending=True,
        SuppressionReason="ManualSuppression",
        ChangedAt="2026-06-15T12:00:00Z",
    )

    reader = newsletter.subscriber("ada@kelp.example")
    assert answer.status_code == 200
    assert (reader.status, reader.ended_because) == (Status.ENDED, "at the mail provider")


def test_who_leaves_another_mail_of_the_account_is_still_mailed(newsletter, client):
    another = "<00000000000000000000000000000000@shop.example>"

    answer = sendgrid(client, another, event="unsubscribe")

    assert answer.status_code == 200
    assert newsletter.subscriber("ada@kelp.example").status is Status.ACTIVE


def test_who_left_at_the_provider_and_came_back_is_not_ended_by_an_old_call(
    newsletter, client, delivery
):
    sendgrid(client, delivery.message_id, event="unsubscribe")
    newsletter.remove_subscriber("ada@kelp.example", actor="grace")
    newsletter.add_subscriber("ada@kelp.example", wishes("agents"), is_confirmed=True)

    sendgrid(client, delivery.message_id, event="unsubscribe")

    assert newsletter.subscriber("ada@kelp.example").status is Status.ACTIVE


@pytest.mark.parametrize("provider", ["unknown", "ses%2F..", "😀"])
def test_a_provider_that_is_not_set_is_not_there(client, provider):
    assert client.post(f"/reports/{provider}", content=b"{}").status_code == 404


def test_looking_at_a_hook_does_nothing(client):
    assert client.get("/reports/ses").status_code == 405


HOSTILE = {
    "empty": (b"", "application/json"),
    "deep lists": (b"[" * 200_000, "application/json"),
    "deep objects": (b'{"Type":' * 50_000, "application/json"),
    "no text": (b"\xff\xfe\x00\xd8", "application/json"),
    "wrong types": (b'{"Type": {"Notification": []}, "signature": [1]}', "application/json"),
    "a list of nulls": (b"[null, 1, [], {}]", "application/json"),
    "unended": (b'"' + b"a" * 1_000_000, "application/json"),
    "many fields": (b"a=1&" * 5000, "application/x-www-form-urlencoded"),
    "broken part": (b"--x\r\nbroken", "multipart/form-data; boundary=x"),
    "no boundary": (b"--x\r\nbroken", "multipart/form-data"),
}


@pytest.mark.parametrize("provider", ["ses", "postmark", "sendgrid", "mailgun"])
def test_nothing_that_is_posted_breaks_a_hook(client, caplog, provider):
    answers = {}
    for name, (body, kind) in HOSTILE.items():
        headers = {"Content-Type": kind, "Authorization": AUTHORIZATION}
        with caplog.at_level(logging.ERROR):
            answer = client.post(f"/reports/{provider}", content=body, headers=headers)
        answers[name] = (answer.status_code, answer.text)

    assert {status for status, _ in answers.values()} <= {200, 403}
    assert {text for _, text in answers.values()} <= {"refused\n", "0 taken in\n"}
    assert not caplog.records


def test_a_call_of_ten_megabytes_is_not_read(newsletter, client):
    answers = [
        client.post("/reports/ses", content=b"x" * (MAX_CALL + 1)),
        client.post("/reports/ses", content=(b"x" * 65536 for _ in range(160))),
    ]

    assert [answer.status_code for answer in answers] == [413, 413]
    assert count(newsletter, "reports") == 0


def test_a_batch_of_many_events_is_taken_in_whole(newsletter, client, delivery):
    events = [{"event": "bounce", "email": f"r{number}@kelp.example", "reason": DEAD,
               "sg_event_id": f"e{number}"} for number in range(60)]  # fmt: skip

    answer = post(client, "sendgrid", sendgrid_call(events, at=MONDAY))

    assert answer.text == "60 taken in\n"
    assert count(newsletter, "reports") == 60
    assert count(newsletter, "suppressions") == 0


def test_the_log_names_no_address_and_no_secret(client, delivery, caplog):
    with caplog.at_level(logging.INFO):
        postmark(client)
        client.post("/reports/postmark?key=a-secret-that-is-wrong", json={"Email": "ada@kelp.x"})

    assert "ada@" not in caplog.text.replace("ada@kelp.example>: there", "")
    assert KEY not in caplog.text
    assert "newsletter" in {record.name.partition(".")[0] for record in caplog.records}
    ours = [one.getMessage() for one in caplog.records if one.name.startswith("newsletter")]
    assert not [line for line in ours if "wrong" in line or "ada" in line]


def test_json_of_a_call_that_nobody_could_use_is_kept_for_a_person(newsletter, client):
    sendgrid(client, "<00000000000000000000000000000000@example.org>")

    with newsletter.store.read() as session:
        (raw,) = session.execute(text("SELECT raw FROM reports")).one()
    assert json.loads(raw)["recipient"] == "ada@kelp.example"
