"""PostgreSQL, Redis and Celery workers as processes of their own give what SQLite alone gives."""

import json
from datetime import date
from pathlib import Path

import pytest
from builders import settings_for, wait_until

from newsletter.adapters.queue import Task
from newsletter.app import Newsletter
from newsletter.core.delivery.states import State
from newsletter.core.subscribers import TopicText, Wishes

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


@pytest.mark.timeout(180)
def test_two_workers_on_postgresql_and_redis_do_what_one_process_does_on_sqlite(
    tmp_path, postgres_url, redis_url, smtp_sink, start_celery
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
            start_celery(cluster, name)
        for _ in range(5):  # each doorbell five times
            newsletter.ring(Task.PLAN, range_no=0, edition=EDITION.isoformat(), everyone=1)
            newsletter.ring(Task.SEND)
        wait_until(lambda: newsletter.counts(EDITION) == {State.SENT: len(expected)})

        assert rows(newsletter) == expected
        assert len(expected) == 5
        assert len(smtp_sink.accepted) == 2 * handed_over
