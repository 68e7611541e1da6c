"""Workers killed, beats doubled: the ledger and the relay agree, nobody is lost, nobody doubled."""

import os
import random
import signal
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes
from pathlib import Path

import pytest
from builders import MemorySource, a_paper, add_reader, settings_for, wait_until
from sqlalchemy import text

from newsletter.adapters.queue import Task
from newsletter.adapters.seen import MemorySeen
from newsletter.adapters.store import Store
from newsletter.app import Newsletter
from newsletter.core.delivery import LEASE, State
from newsletter.services.deliveries import BATCH

pytestmark = [pytest.mark.faults, pytest.mark.timeout(400)]

EDITION = date(2026, 6, 15)
READERS = 600
IN_HAND = 32  # two processes, eight connections, a message on its way and one behind it


@pytest.fixture(params=["sqlite", "postgres"])
def cluster(request, tmp_path, redis_url, smtp_sink):
    values = {"redis_url": redis_url, "smtp_url": smtp_sink.url, "sources": f"folder:{tmp_path}"}
    if request.param == "postgres":
        values["database_url"] = request.getfixturevalue("postgres_url")
    return settings_for(tmp_path, **values)


def later(settings) -> Newsletter:
    """The same service after every lease has run out."""

    def clock() -> datetime:
        return datetime.now(UTC) + LEASE + timedelta(seconds=1)

    return Newsletter(settings, store=Store(settings.database_url, clock=clock), clock=clock)


def give_back_what_was_claimed(settings) -> None:
    """What the sweepers do when the leases have run out, without waiting for it."""
    with later(settings) as afterwards:
        afterwards.sweep()
        with afterwards.store.write() as session:  # its clock runs ahead of the workers'
            session.execute(text("UPDATE deliveries SET next_at = planned_at"))


def copies(sink) -> Counter:
    return Counter(message_from_bytes(one.content)["Message-ID"] for one in sink.accepted)


def planned(settings, readers: int) -> Newsletter:
    source = MemorySource({EDITION: [a_paper(number) for number in range(1, 9)]})
    newsletter = Newsletter(settings, sources=(source,))
    newsletter.upgrade()
    for number in range(readers):
        add_reader(newsletter, f"reader{number}")
    newsletter.pull(EDITION)
    newsletter.plan_range(0, EDITION, everyone=True)
    return newsletter


def test_a_worker_group_killed_in_mid_hand_over_loses_nobody(cluster, smtp_sink, start_celery):
    seed = random.randrange(1_000_000)
    print(f"seed {seed}")
    dice = random.Random(seed)
    kills = 3
    with planned(cluster, READERS) as newsletter:
        for number in range(kills):
            worker = start_celery(cluster, f"w{number}")
            aim = len(smtp_sink.accepted) + dice.randint(20, 120)
            newsletter.ring(Task.SEND)
            newsletter.ring(Task.SEND)
            wait_until(lambda aim=aim: len(smtp_sink.accepted) >= aim)
            os.killpg(worker.pid, signal.SIGKILL)
            worker.wait(10)
            give_back_what_was_claimed(cluster)
        start_celery(cluster, "last")
        newsletter.ring(Task.SEND)
        wait_until(lambda: newsletter.counts(EDITION) == {State.SENT: READERS}, seconds=120)

        ledger = {view.message_id for view in newsletter.deliveries(limit=READERS)}

    arrived = copies(smtp_sink)
    assert set(arrived) == ledger
    assert sum(arrived.values()) - READERS <= kills * IN_HAND


def test_one_child_killed_loses_nobody(cluster, smtp_sink, start_celery):
    with planned(cluster, READERS) as newsletter:
        worker = start_celery(cluster, "w")
        newsletter.ring(Task.SEND)
        wait_until(lambda: len(smtp_sink.accepted) >= 50)
        children = _children(worker.pid)
        os.kill(random.choice(children), signal.SIGKILL)
        newsletter.ring(Task.SEND)
        # the other child does all but the batch that was in the hands of the dead one
        wait_until(lambda: newsletter.counts(EDITION).get(State.SENT, 0) >= READERS - BATCH)
        with later(cluster) as afterwards:
            afterwards.sweep()
            afterwards.send_waiting()

        assert newsletter.counts(EDITION) == {State.SENT: READERS}
    arrived = copies(smtp_sink)
    assert len(arrived) == READERS
    assert sum(arrived.values()) - READERS <= IN_HAND


def test_two_beats_and_three_runs_send_each_digest_once(cluster, smtp_sink, start_celery, tmp_path):
    with planned(cluster, 40) as newsletter:
        start_celery(cluster, "w")
        for name in ("beat1", "beat2"):
            schedule = ("--schedule", str(tmp_path / name), "--pidfile", "")
            start_celery(cluster, name, "beat", *schedule)
        for _ in range(3):
            newsletter.run(EDITION, everyone=True)
        # both beats have rung once more
        wait_until(lambda: _ticks(tmp_path) >= 2, seconds=90)
        wait_until(lambda: newsletter.counts(EDITION) == {State.SENT: 40})

    assert sorted(copies(smtp_sink).values()) == [1] * 40


def test_a_redis_that_was_emptied_in_between_doubles_nothing(
    cluster, smtp_sink, start_celery, redis_client
):
    with planned(cluster, 40) as newsletter:
        start_celery(cluster, "w")
        newsletter.ring(Task.SEND)
        redis_client.flushall()  # the doorbell is gone, and all that was known of who saw what
        newsletter.parts.__dict__["seen"] = MemorySeen()
        newsletter.run(EDITION + timedelta(days=1), everyone=True)
        newsletter.ring(Task.SEND)
        wait_until(lambda: newsletter.counts(EDITION) == {State.SENT: 40})

        assert newsletter.counts(EDITION + timedelta(days=1)) == {}
    assert sorted(copies(smtp_sink).values()) == [1] * 40


def _children(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in listed.split()]


def _ticks(folder) -> int:
    return sum(
        "Sending due task tick" in (folder / f"{name}.log").read_text()
        for name in ("beat1", "beat2")
    )
