"""`newsletter bench pages`: it counts what came, from pages that are there or of its own."""

import json
import socket

import pytest
from builders import Clock, a_newsletter, a_paper

from newsletter.adapters.queue import MemoryQueue
from newsletter.cli.root import run
from newsletter.cli.site import Site
from newsletter.web import create_app
from newsletter.web.shield import Timing

BUSY = Timing(answer_seconds=20.0)  # a test machine may be
PROMISED = {"visitors", "answers", "errors", "landing_p95_ms", "preview_p95_ms", "server_cpu_ms"}


@pytest.fixture
def url(tmp_path):
    listening = socket.create_server(("127.0.0.1", 0))
    papers = [a_paper(number) for number in range(1, 4)]
    with (
        a_newsletter(tmp_path, papers=papers, clock=Clock(), queue=MemoryQueue()) as made,
        Site(create_app(made, timing=BUSY), listening),
    ):
        made.pull()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def test_visitors_wait_for_each_page_and_nothing_fails(url, capsys):
    code = run(["bench", "pages", "--visitors", "4", "--seconds", "1", "--pause", "0.1",
                "--url", url, "--json"])  # fmt: skip

    figures = json.loads(capsys.readouterr().out)
    assert code == 0
    assert set(figures) >= PROMISED
    assert (figures["visitors"], figures["errors"], figures["server_cpu_ms"]) == (4, 0, None)
    assert figures["answers"] > 0
    assert 0 < figures["landing_p50_ms"] <= figures["landing_p95_ms"] <= figures["landing_max_ms"]
    assert 0 < figures["preview_p50_ms"] <= figures["preview_p95_ms"] <= figures["preview_max_ms"]


def test_pages_that_fail_are_counted(capsys, url, monkeypatch):
    monkeypatch.setattr("newsletter.bench.pages.LANDING", "/nowhere")

    run(["bench", "pages", "--visitors", "2", "--seconds", "1", "--pause", "0.1", "--url", url,
         "--json"])  # fmt: skip

    assert json.loads(capsys.readouterr().out)["errors"] > 0


@pytest.mark.parametrize("url", ["https://papers.example.org", "http://192.0.2.1:80", "nowhere"])
def test_pages_of_another_machine_are_refused(url, capsys):
    assert run(["bench", "pages", "--url", url]) == 1
    assert "is not on this machine" in capsys.readouterr().err


@pytest.mark.faults
def test_it_brings_its_own_server(capsys):
    assert run(["bench", "pages", "--visitors", "5", "--seconds", "2", "--json"]) == 0

    figures = json.loads(capsys.readouterr().out)
    assert figures["errors"] == 0
    assert figures["answers"] > 5
    assert figures["server_cpu_ms"] > 0
