"""PostgreSQL, Redis and Celery workers as processes of their own give what SQLite alone gives."""

import json
import os
import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import pytest
from builders import settings_for

from newsletter.adapters.queue import Task
from newsletter.app import Newsletter
from newsletter.core.delivery import State
from newsletter.core.subscribers import TopicText, Wishes
from newsletter.settings import as_environment

ROOT = Path(__file__).parents[2]
DEMO_DAY = ROOT / "newsletter" / "demo_day"
EDITION = date(2026, 6, 16)


def opened(settings) -> Newsletter:
    newsletter = Newsletter(settings)
    newsletter.upgrade()
    for reader in json.loads((DEMO_DAY / "readers.json").read_text()):
        topics = tuple(TopicText(**topic) for topic in reader["topics"])
        newsletter.add_subscriber(
            reader["address"],
            Wishes(topics=topics, mutes=tuple(reader["mutes"]), cap=reader["cap"]),
            is_confirmed=True,
        )
    return newsletter


def rows(newsletter) -> list[tuple]:
    return sorted(
        (view.address, view.papers, view.state, view.message_id, view.resend_no, view.attempts)
        for view in newsletter.deliveries()
    )


def wait_until(is_done, *, seconds: float = 60) -> None:
    give_up = time.monotonic() + seconds
    while not is_done():
        assert time.monotonic() < give_up, "the workers did not finish in time"
        time.sleep(0.1)


@pytest.fixture
def start_worker(tmp_path):
    """Starts a real Celery worker; its log is shown when the test fails."""
    running = []

    def start(settings, name="w1"):
        log = tmp_path / f"{name}.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "celery", "-A", "workers", "worker", "-c", "2",
                 "-n", f"{name}@%h", "--without-mingle", "--without-gossip", "-l", "INFO"],
                cwd=ROOT,
                env={**os.environ, **as_environment(settings)},
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )  # fmt: skip
        running.append((process, log))
        return process

    yield start
    for process, log in running:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)
        print(log.read_text()[-3000:])


@pytest.mark.timeout(180)
def test_two_workers_on_postgresql_and_redis_do_what_one_process_does_on_sqlite(
    tmp_path, postgres_url, redis_url, smtp_sink, start_worker
):
    common = {"sources": f"folder:{DEMO_DAY}", "smtp_url": smtp_sink.url}
    cluster = settings_for(tmp_path, database_url=postgres_url, redis_url=redis_url, **common)
    with opened(settings_for(tmp_path, **common)) as alone:
        alone.run(EDITION, everyone=True)
        expected = rows(alone)
    handed_over = len(smtp_sink.accepted)

    with opened(cluster) as newsletter:
        newsletter.pull(EDITION)
        for name in ("w1", "w2"):
            start_worker(cluster, name)
        for _ in range(5):  # each doorbell five times
            newsletter.ring(Task.PLAN, range_no=0, edition=EDITION.isoformat(), everyone=1)
            newsletter.ring(Task.SEND)
        wait_until(lambda: newsletter.counts(EDITION) == {State.SENT: len(expected)})

        assert rows(newsletter) == expected
        assert len(expected) == 5
        assert len(smtp_sink.accepted) == 2 * handed_over
