"""The dedup cache, on a real server and in memory."""

import os
import signal
import time

import pytest

from newsletter.adapters.redis_urls import open_cache
from newsletter.adapters.seen import MemorySeen, RedisSeen
from newsletter.core.ports import RANGE_SIZE
from newsletter.errors import QueueUnavailable


def bitmap(*places: int) -> bytes:
    return sum(1 << place for place in places).to_bytes(RANGE_SIZE // 8, "little")


@pytest.fixture(params=["redis", "memory"])
def seen(request):
    if request.param == "memory":
        return MemorySeen()
    return RedisSeen(request.getfixturevalue("redis_client"))


def test_an_empty_cache_knows_nothing(seen):
    assert seen.version(0) is None
    assert seen.seen(0, ["2601.00001"]) == {"2601.00001": bitmap()}


def test_what_was_remembered_is_known(seen):
    seen.remember(0, {"a": bitmap(0, 1023), "b": bitmap(7)}, version=4)

    assert seen.version(0) == 4
    assert seen.seen(0, ["b", "a"]) == {"a": bitmap(0, 1023), "b": bitmap(7)}


def test_ranges_do_not_touch_each_other(seen):
    seen.remember(3, {"a": bitmap(0)}, version=1)
    seen.remember(1, {"a": bitmap(1023)}, version=2)

    assert seen.seen(2, ["a"]) == {"a": bitmap()}
    assert seen.seen(3, ["a"]) == {"a": bitmap(0)}
    assert seen.version(2) is None


def test_remembering_replaces_the_range_and_its_version(seen):
    seen.remember(0, {"a": bitmap(1, 2)}, version=1)
    seen.remember(0, {"a": bitmap(2)}, version=2)

    assert seen.seen(0, ["a"]) == {"a": bitmap(2)}
    assert seen.version(0) == 2


def test_a_range_without_papers_still_gets_its_version(seen):
    seen.remember(5, {}, version=9)

    assert seen.version(5) == 9
    assert seen.seen(5, []) == {}


def test_a_bitmap_of_the_wrong_length_is_refused(seen):
    with pytest.raises(ValueError, match="127 bytes, not 128"):
        seen.remember(0, {"a": bytes(127)}, version=1)


def test_acceptance_is_known_by_delivery_and_epoch(seen):
    seen.note_accepted([(1, 1), (255, 1), (256, 3), (10**12, 70_000)])

    asked = [(1, 1), (1, 2), (2, 1), (255, 1), (256, 1), (256, 3), (10**12, 70_000)]
    assert seen.accepted(asked) == {(1, 1), (255, 1), (256, 3), (10**12, 70_000)}


def test_nothing_noted_and_nothing_asked_is_no_error(seen):
    seen.note_accepted([])

    assert seen.accepted([]) == set()


def test_a_million_notes_take_a_few_bytes_each(redis_client):
    seen = RedisSeen(redis_client)

    for start in range(0, 20_000, 500):
        seen.note_accepted((number, 1) for number in range(start, start + 500))

    # Of the keys alone: what the server takes in all holds its buffers for clients too.
    keys = redis_client.keys("accepted:*")
    assert sum(redis_client.memory_usage(key) for key in keys) < 20_000 * 10


def test_papers_and_notes_leave_the_server_by_themselves(redis_client):
    seen = RedisSeen(redis_client)
    seen.remember(0, {"a": bitmap(1)}, version=1)
    seen.note_accepted([(1, 1)])

    assert 79 * 86_400 < redis_client.ttl("seen:paper:a") <= 80 * 86_400
    assert 86_400 < redis_client.ttl("accepted:0") <= 2 * 86_400
    assert redis_client.ttl("seen:versions") == -1


def test_after_flushall_the_version_is_gone_too(redis_client):
    seen = RedisSeen(redis_client)
    seen.remember(0, {"a": bitmap(1)}, version=1)

    redis_client.flushall()

    assert seen.version(0) is None


@pytest.mark.parametrize(
    "call",
    [
        lambda seen: seen.version(0),
        lambda seen: seen.seen(0, ["a"]),
        lambda seen: seen.remember(0, {"a": bitmap(1)}, version=1),
        lambda seen: seen.note_accepted([(1, 1)]),
        lambda seen: seen.accepted([(1, 1)]),
    ],
    ids=["version", "seen", "remember", "note_accepted", "accepted"],
)
def test_a_server_that_is_away_is_said_so(call, tmp_path):
    with (
        open_cache(f"unix://{tmp_path}/none.sock") as client,
        pytest.raises(QueueUnavailable, match="NEWSLETTER_REDIS_URL"),
    ):
        call(RedisSeen(client))


def test_a_server_without_memory_is_said_so(redis_client):
    redis_client.config_set("maxmemory", "1")
    try:
        with pytest.raises(QueueUnavailable):
            RedisSeen(redis_client).note_accepted([(1, 1)])
    finally:
        redis_client.config_set("maxmemory", "0")


def test_a_server_that_hangs_is_given_up_after_two_seconds(redis_server, redis_url):
    with open_cache(redis_url) as cache:
        os.kill(redis_server.pid, signal.SIGSTOP)
        started = time.monotonic()
        try:
            with pytest.raises(QueueUnavailable):
                RedisSeen(cache).version(0)
            waited = time.monotonic() - started
        finally:
            os.kill(redis_server.pid, signal.SIGCONT)

    assert waited < 6  # a busy machine adds its own
