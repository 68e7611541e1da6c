"""Whatever opens the links of a mail changes nothing; the one-click POST ends the subscription."""

import email
import re
from datetime import date
from email import policy

import pytest
from builders import a_newsletter, a_paper, add_reader, wishes
from fastapi.testclient import TestClient
from sqlalchemy import inspect, text

from newsletter.adapters.queue import MemoryQueue
from newsletter.core.subscribers import Status
from newsletter.web import create_app
from newsletter.web.shield import Timing

BUSY = Timing(answer_seconds=20.0)  # a test machine may be
TODAY = date(2026, 6, 15)
BASE = "https://papers.example.org"


@pytest.fixture
def service(tmp_path):
    with a_newsletter(tmp_path, papers=[a_paper(1)], queue=MemoryQueue()) as newsletter:
        add_reader(newsletter, "ada")
        newsletter.subscribe("bob@example.org", wishes())
        newsletter.recover("ada@example.org")
        newsletter.run(TODAY, everyone=True)
        yield newsletter


@pytest.fixture
def client(service):
    with TestClient(create_app(service, timing=BUSY), base_url=BASE) as client:
        yield client


def mails(service):
    return [
        email.message_from_bytes(letter.content, policy=policy.default)
        for letter in service.parts.transport.sent
    ]


def links_of(mail) -> set[str]:
    """Every address of ours in the headers and both parts."""
    parts = [part.get_content() for part in mail.walk() if part.get_content_maintype() == "text"]
    whole = " ".join([*map(str, mail.values()), *parts])
    return set(re.findall(rf"{BASE}[^\s<>\"')]*", whole))


def every_row(service) -> dict[str, list]:
    with service.store.read() as session:
        tables = inspect(session.connection()).get_table_names()
        return {
            table: session.execute(text(f"SELECT * FROM {table} ORDER BY 1")).all()
            for table in tables
        }


def test_opening_every_link_of_every_mail_changes_no_row(service, client):
    sent = mails(service)
    before = every_row(service)

    answers = [
        client.request(method, link.partition("#")[0])
        for mail in sent
        for link in links_of(mail)
        for method in ("GET", "HEAD")
    ]

    assert every_row(service) == before
    assert len(sent) == 3
    assert {answer.status_code for answer in answers} == {200}
    assert len(answers) >= 16


@pytest.mark.parametrize(
    "body",
    [
        {"data": {"List-Unsubscribe": "One-Click"}},
        {"files": {"List-Unsubscribe": (None, "One-Click")}},
    ],
    ids=["form", "multipart"],
)
def test_one_click_ends_the_subscription_without_cookie_or_redirect(service, client, body):
    [digest] = [mail for mail in mails(service) if mail["List-Unsubscribe-Post"]]
    link = re.search(r"<(https:[^>]+)>", digest["List-Unsubscribe"]).group(1)

    answer = client.post(link, follow_redirects=False, **body)

    assert answer.status_code == 200
    assert service.subscriber("ada@example.org").status is Status.ENDED
