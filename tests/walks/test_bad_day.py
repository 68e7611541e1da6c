"""A day on which much goes wrong: what can be mailed is mailed, and the log says the rest."""

import json
import logging
import threading
from contextlib import closing
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from builders import a_newsletter, add_reader

from newsletter.adapters.http import Http
from newsletter.adapters.queue import MemoryQueue
from newsletter.adapters.sources import build_sources

TODAY = date(2026, 6, 15)


def entry(number: int, **paper) -> dict:
    given = {
        "id": f"2606.{number:05d}",
        "title": f"Paper {number} about agents",
        "summary": "Agents that plan. " * 20,
        "authors": [{"name": "Ada Lovelace", "hidden": False}],
        "publishedAt": "2026-06-14T00:00:00.000Z",
        "submittedOnDailyAt": "2026-06-15T00:00:00.000Z",
        "upvotes": number,
    }
    return {"paper": given | paper, "numComments": 0}


@pytest.fixture
def feed():
    """A Daily Papers API that answers in turn what `answers` holds, the last one for ever."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            answers = self.server.answers
            status, body, length = answers.pop(0) if len(answers) > 1 else answers[0]
            self.send_response(status)
            self.send_header("Content-Length", str(length or len(body)))
            if status == 429:
                self.send_header("Retry-After", "3600")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def service(tmp_path, feed):
    """A service that reads the feed, and a folder with one good paper of another source."""
    folder = tmp_path / "days"
    folder.mkdir()
    (folder / f"{TODAY}.json").write_text(json.dumps([entry(500)]))
    with closing(Http(sleep=lambda seconds: None)) as http:
        sources = build_sources(f"huggingface,folder:{folder}", http=http, huggingface_url=feed.url)
        with a_newsletter(tmp_path, sources=sources, queue=MemoryQueue()) as newsletter:
            add_reader(newsletter, "ada")
            yield newsletter


def as_answer(entries, status=200, length=None):
    return status, json.dumps(entries).encode(), length


def mailed(newsletter) -> set[str]:
    return {paper for view in newsletter.deliveries() for paper in view.papers}


def test_a_broken_record_is_named_and_the_others_are_mailed(service, feed, caplog):
    feed.answers = [as_answer([entry(1), {"paper": {"id": "2606.00002"}}, entry(3)])]

    with caplog.at_level(logging.WARNING):
        ran = service.run(TODAY, everyone=True)

    assert mailed(service) == {"2606.00001", "2606.00003", "2606.00500"}
    assert [len(pulled.skipped) for pulled in ran.pulled] == [1, 0]
    assert "2606.00002" in caplog.text


@pytest.mark.parametrize(
    ("answer", "because"),
    [
        ((429, b"slow down", None), "429"),
        ((500, b"oops", None), "500"),
        ((200, b'[{"paper": {"id": "26', 9_999), "127.0.0.1"),
        ((200, b"<html>maintenance</html>", None), "maintenance"),
    ],
    ids=["429", "500", "cut off", "not JSON"],
)
def test_a_source_that_fails_is_named_and_the_other_one_is_mailed(
    service, feed, caplog, answer, because
):
    feed.answers = [answer]

    with caplog.at_level(logging.WARNING):
        ran = service.run(TODAY, everyone=True)

    assert mailed(service) == {"2606.00500"}
    assert because in ran.pulled[0].problem
    assert "pull_failed source=huggingface" in caplog.text
    assert service.status().sources[0].problem == ran.pulled[0].problem


def test_a_host_that_is_gone_is_named_and_the_other_one_is_mailed(service, feed, caplog):
    feed.shutdown()
    feed.server_close()

    ran = service.run(TODAY, everyone=True)

    assert mailed(service) == {"2606.00500"}
    assert "127.0.0.1" in ran.pulled[0].problem


def test_a_source_that_asks_for_an_hour_is_left_alone_for_an_hour(service, feed):
    feed.answers = [(429, b"slow down", None)]
    service.pull()
    feed.answers = [as_answer([entry(1)])]

    pulled = service.pull()

    assert [one for one in pulled if one.source == "huggingface"] == []


def test_what_a_failed_source_missed_is_mailed_when_it_is_back(service, feed):
    feed.answers = [(500, b"oops", None)]
    service.run(TODAY, everyone=True)
    feed.answers = [as_answer([entry(1)])]

    service.run(date(2026, 6, 16), everyone=True)

    assert mailed(service) == {"2606.00001", "2606.00500"}
