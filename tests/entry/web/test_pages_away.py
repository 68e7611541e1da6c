"""What pages do while something they need is away, locked or hangs: answer soon, and politely."""

import logging
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from builders import MONDAY, Clock, MemorySource, a_paper, settings_for
from fastapi.testclient import TestClient
from pages_walk import BASE, fill, forms_of, is_page, is_private, starts, walk
from sqlalchemy import create_engine, text

from newsletter.adapters.queue import MemoryQueue
from newsletter.adapters.smtp import MemoryTransport
from newsletter.adapters.store import Store
from newsletter.app import Newsletter
from newsletter.cli.site import PATIENCE_SECONDS
from newsletter.web import create_app
from newsletter.web.shield import Timing

# Twelve ask at once here, and a machine that tests is busy: thrice what readers are promised.
TIMING = Timing(answer_seconds=3 * Timing().answer_seconds)
POLITE_SECONDS = 3 * 2.0


def patient(folder, url: str) -> Newsletter:
    """A service as pages have it."""
    settings, clock = settings_for(folder, database_url=url), Clock()
    Store(url).upgrade()
    papers = {MONDAY.date(): [a_paper(number) for number in range(1, 4)]}
    return Newsletter(
        settings,
        store=Store(url, clock=clock, patience_seconds=PATIENCE_SECONDS),
        clock=clock,
        queue=MemoryQueue(),
        transport=MemoryTransport(),
        sources=(MemorySource(papers),),
    )


@pytest.fixture
def serve():
    """Makes (the service, its pages, their forms, a client) over this database, all read once."""
    opened = []

    def made(folder, url: str):
        newsletter = patient(folder, url)
        newsletter.pull(MONDAY.date())
        app = create_app(newsletter, timing=TIMING)
        client = TestClient(app, base_url=BASE, raise_server_exceptions=False)
        client.__enter__()
        opened.extend((lambda: client.__exit__(None, None, None), newsletter.close))
        fill(newsletter, client)
        pages = walk(client, starts(newsletter, app))
        return newsletter, pages, forms_of(pages), client

    yield made
    for close in opened:
        close()


def ask_all(client, asked: list[tuple[str, str, dict]]) -> dict[tuple[str, str], tuple]:
    """(status, seconds, answer) of each, asked at the same time: as many as there are threads."""

    def ask(one):
        method, address, fields = one
        began = time.monotonic()
        answer = client.request(method, address, data=fields or None)
        return (method, address), (answer.status_code, time.monotonic() - began, answer)

    with ThreadPoolExecutor(12) as threads:
        return dict(threads.map(ask, asked))


def is_polite(answer) -> bool:
    return int(answer.headers["retry-after"]) > 0 and "Traceback" not in answer.text


def test_while_the_database_is_locked_readers_see_their_pages_and_writers_are_asked_to_wait(
    serve, tmp_path
):
    path = tmp_path / "newsletter.db"
    _, pages, forms, client = serve(tmp_path, f"sqlite:///{path}")
    posts = [("POST", one.action, one.filled(address="new@example.org")) for one in forms
             if one.method == "post" and (one.mails or is_private(one.action))]  # fmt: skip
    gets = [("GET", address, {}) for address in pages]
    lock = sqlite3.connect(path, isolation_level=None)
    lock.execute("BEGIN EXCLUSIVE")

    answers = ask_all(client, gets + posts)

    lock.close()
    for (method, address), (status, seconds, answer) in answers.items():
        assert seconds < POLITE_SECONDS, address
        assert status < 500 or (method == "POST" and status == 503 and is_polite(answer)), address
    assert 503 in {status for status, _, _ in answers.values()}
    again = ask_all(client, posts)
    assert all(status < 500 for status, _, _ in again.values())


@pytest.mark.faults
def test_while_tables_are_locked_on_postgresql_pages_say_so_in_time(serve, tmp_path, postgres_url):
    _, pages, forms, client = serve(tmp_path, postgres_url)
    asked = [("GET", address, {}) for address, one in pages.items() if is_page(one)]
    asked += [
        ("POST", one.action, one.filled(address="new@example.org"))
        for one in forms
        if one.method == "post" and (one.mails or is_private(one.action))
    ]
    engine = create_engine(postgres_url)
    with engine.connect() as other:
        other.execute(text("LOCK TABLE subscribers, papers, deliveries IN ACCESS EXCLUSIVE MODE"))
        answers = ask_all(client, asked)
        healthy, ready = client.get("/healthz"), client.get("/readyz")
    engine.dispose()

    for (_, address), (status, seconds, answer) in answers.items():
        assert seconds < POLITE_SECONDS, address
        assert status < 500 or (status == 503 and is_polite(answer)), address
    assert 503 in {status for status, _, _ in answers.values()}
    assert (healthy.status_code, ready.status_code) == (200, 200)
    assert client.get("/recover").status_code == 200


@pytest.fixture
def slow(tmp_path):
    """(a client, a gate): pages with a route that hangs until the gate is opened."""
    newsletter, gate = (
        patient(tmp_path, f"sqlite:///{tmp_path / 'newsletter.db'}"),
        threading.Event(),
    )
    app = create_app(newsletter, timing=Timing(answer_seconds=0.4))

    @app.get("/hangs/{token}")
    @app.get("/api/{token}")
    def hangs(token: str) -> str:
        gate.wait(20)
        return token

    with TestClient(app, base_url=BASE) as client:
        yield client, gate
        gate.set()
    newsletter.close()


def test_a_page_that_hangs_is_answered_for_and_no_other_waits(slow, caplog):
    client, gate = slow

    with caplog.at_level(logging.INFO):
        began = time.monotonic()
        late = client.get("/hangs/a-token")
        took = time.monotonic() - began

    assert (late.status_code, is_polite(late)) == (503, True)
    assert took < 10  # the gate opens after twenty
    assert "page_late route=/hangs/{token}" in caplog.text
    assert "a-token" not in "".join(
        one.getMessage() for one in caplog.records if "httpx" not in one.name
    )
    assert client.get("/healthz").text == "ok\n"
    gate.set()
    assert client.get("/hangs/a-token").text == '"a-token"'


def test_a_program_is_told_in_json_that_an_answer_is_late(slow):
    client, _ = slow

    late = client.get("/api/hangs")

    assert (late.status_code, is_polite(late)) == (503, True)
    assert late.json() == {"problem": "Something it needs does not answer now.", "column": None}


def test_when_every_thread_hangs_the_site_still_says_so(slow):
    client, gate = slow
    with ThreadPoolExecutor(60) as threads:
        answers = list(threads.map(lambda n: client.get(f"/hangs/{n}").status_code, range(60)))
        assert client.get("/healthz").status_code == 200
        assert client.get("/recover").status_code == 503
        gate.set()

    assert set(answers) == {503}


def test_readiness_tells_of_the_database_redis_and_the_papers_age(serve, tmp_path):
    newsletter, _, _, client = serve(tmp_path, f"sqlite:///{tmp_path / 'newsletter.db'}")

    ready = client.get("/readyz")
    assert (ready.status_code, ready.text) == (
        200,
        "database: ok\nredis: ok\npapers: fresh, of 2026-06-15\n",
    )
    newsletter._clock.move(days=20)
    assert client.get("/readyz").text.endswith("papers: stale, of 2026-06-15\n")
    with newsletter.store.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = 'older'"))
    broken = client.get("/readyz")
    assert (broken.status_code, broken.text.splitlines()[0]) == (
        503,
        "database: does not answer",
    )
