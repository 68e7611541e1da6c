"""Ringing by name, and what becomes of it when the server is away."""

import base64
import json
import os
import signal
import socket
import time

import pytest
import redis

from newsletter.adapters.queue import KEY_PREFIX, QUEUE, CeleryQueue, MemoryQueue, Task
from newsletter.errors import QueueUnavailable


@pytest.fixture
def queue(redis_url):
    queue = CeleryQueue(redis_url)
    yield queue
    queue.close()


def messages(redis_url: str) -> list[dict]:
    with redis.Redis.from_url(redis_url) as client:
        return [json.loads(one) for one in client.lrange(KEY_PREFIX + QUEUE, 0, -1)]


def test_a_ring_is_a_message_with_the_name_and_the_arguments(queue, redis_url):
    queue.ring(Task.SEND, first=0, kind="digest")

    (message,) = messages(redis_url)
    assert message["headers"]["task"] == "newsletter.send"
    assert json.loads(base64.b64decode(message["body"]))[:2] == [[], {"first": 0, "kind": "digest"}]


def test_the_broker_keeps_out_of_the_cache_database(queue, redis_client):
    queue.ring(Task.TICK)

    assert redis_client.dbsize() == 0


def test_a_server_that_is_away_is_said_within_two_seconds(tmp_path):
    queue = CeleryQueue(f"unix://{tmp_path}/none.sock")
    started = time.monotonic()

    with pytest.raises(QueueUnavailable, match=r"newsletter\.tick"):
        queue.ring(Task.TICK)

    assert time.monotonic() - started < 6  # a busy machine adds its own


def test_a_server_that_hangs_is_given_up_within_two_seconds():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        queue = CeleryQueue(f"redis://127.0.0.1:{silent.getsockname()[1]}/0")
        started = time.monotonic()

        with pytest.raises(QueueUnavailable):
            queue.ring(Task.TICK)

        assert time.monotonic() - started < 6


def test_a_known_server_that_hangs_is_given_up_within_two_seconds(queue, redis_server):
    queue.ring(Task.TICK)
    os.kill(redis_server.pid, signal.SIGSTOP)
    started = time.monotonic()
    try:
        with pytest.raises(QueueUnavailable):
            queue.ring(Task.TICK)
        waited = time.monotonic() - started
    finally:
        os.kill(redis_server.pid, signal.SIGCONT)

    assert waited < 6
    queue.ring(Task.TICK)  # and it goes on afterwards


def test_the_memory_queue_remembers_and_answers():
    answers = []
    queue = MemoryQueue(lambda task, arguments: answers.append((task, arguments)))

    queue.ring(Task.PLAN, range_no=3)

    assert queue.rings == answers == [("newsletter.plan", {"range_no": 3})]
