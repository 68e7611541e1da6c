"""Turns that are kept apart, among threads and among processes."""

import subprocess
import sys
import threading
import time
from datetime import timedelta

import pytest

from newsletter.adapters.redis_urls import open_cache
from newsletter.adapters.spacing import MemorySpacing, RedisSpacing
from newsletter.errors import QueueUnavailable

INTERVAL = timedelta(milliseconds=60)
LATE_NOTE = 0.04


@pytest.fixture(params=["redis", "memory"])
def spacing(request):
    if request.param == "memory":
        return MemorySpacing()
    return RedisSpacing(request.getfixturevalue("redis_client"))


def assert_apart(instants: list[float]) -> None:
    """The whole span is compared: a busy machine may note a single turn too late."""
    span = max(instants) - min(instants)
    assert span >= (len(instants) - 1) * INTERVAL.total_seconds() - LATE_NOTE


def test_the_first_turn_comes_at_once(spacing):
    started = time.monotonic()

    spacing.wait("arxiv", timedelta(seconds=30))

    assert time.monotonic() - started < 5


def test_later_turns_are_an_interval_apart(spacing):
    instants = []
    for _ in range(4):
        spacing.wait("arxiv", INTERVAL)
        instants.append(time.monotonic())

    assert_apart(instants)


def test_another_name_does_not_wait(spacing):
    spacing.wait("arxiv", timedelta(seconds=30))
    started = time.monotonic()

    spacing.wait("huggingface", timedelta(seconds=30))

    assert time.monotonic() - started < 5


def test_threads_share_the_turns(spacing):
    instants = []

    def take():
        for _ in range(3):
            spacing.wait("arxiv", INTERVAL)
            instants.append(time.monotonic())

    threads = [threading.Thread(target=take) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(instants) == 9
    assert_apart(instants)


PROCESS = """
import sys, time
from datetime import timedelta
from newsletter.adapters.redis_urls import open_cache
from newsletter.adapters.spacing import RedisSpacing
spacing = RedisSpacing(open_cache(sys.argv[1]))
sys.stdin.readline()
for _ in range(4):
    spacing.wait("arxiv", timedelta(milliseconds=60))
    print(time.clock_gettime(time.CLOCK_MONOTONIC), flush=True)
"""


def test_processes_share_the_turns(redis_url):
    command = [sys.executable, "-c", PROCESS, redis_url]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    processes = [subprocess.Popen(command, **pipes) for _ in range(3)]

    outputs = [process.stdin.write("go\n") and process for process in processes]
    instants = [float(line) for one in outputs for line in one.communicate()[0].split()]

    assert len(instants) == 12
    assert_apart(instants)


def test_no_more_is_waited_than_needed(spacing):
    started = time.monotonic()
    for _ in range(5):
        spacing.wait("arxiv", INTERVAL)

    assert time.monotonic() - started < 4 * INTERVAL.total_seconds() + 5


def test_a_clock_that_was_set_back_keeps_nobody_waiting(redis_client):
    ahead = int((time.time() + 86_400) * 1e6)
    redis_client.hset("spacing:arxiv", mapping={"last": ahead, "next": ahead})
    started = time.monotonic()

    RedisSpacing(redis_client).wait("arxiv", INTERVAL)

    assert time.monotonic() - started < 5


def test_the_last_turn_leaves_the_server_by_itself(redis_client):
    RedisSpacing(redis_client).wait("arxiv", INTERVAL)

    assert 0 < redis_client.pttl("spacing:arxiv") < 5_000


def test_a_server_that_is_away_is_said_so(tmp_path):
    with (
        open_cache(f"unix://{tmp_path}/none.sock") as client,
        pytest.raises(QueueUnavailable, match="arxiv"),
    ):
        RedisSpacing(client).wait("arxiv", INTERVAL)
