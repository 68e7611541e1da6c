"""One address, in the dialects of its readers."""

import pytest
import redis
from kombu import Connection

from newsletter.adapters.redis_urls import broker_url, cache_url, open_cache
from newsletter.errors import SettingsError


@pytest.mark.parametrize(
    ("given", "broker", "cache"),
    [
        ("redis://h", "redis://h/0", "redis://h/1"),
        ("redis://[::1]:6379/4", "redis://[::1]:6379/4", "redis://[::1]:6379/5"),
        ("redis://u:p%40%2Fw@h:1/2", "redis://u:p%40%2Fw@h:1/2", "redis://u:p%40%2Fw@h:1/3"),
        ("rediss://:x@h/0", "rediss://:x@h/0?ssl_cert_reqs=required", "rediss://:x@h/1"),
        (
            "rediss://h/0?ssl_cert_reqs=none",
            "rediss://h/0?ssl_cert_reqs=none",
            "rediss://h/1?ssl_cert_reqs=none",
        ),
        ("unix:///a%20b/s", "redis+socket:///a%20b/s?virtual_host=0", "unix:///a%20b/s?db=1"),
        ("unix://:x@/s?db=3", "redis+socket://:x@/s?virtual_host=3", "unix://:x@/s?db=4"),
        ("redis://h?db=3", "redis://h/3", "redis://h/4"),
    ],
    ids=["short", "IPv6", "password", "TLS", "TLS unverified", "socket", "socket login", "query"],
)
def test_broker_and_cache_are_neighbours(given, broker, cache):
    assert (broker_url(given), cache_url(given)) == (broker, cache)


def test_celery_verifies_the_certificate_unless_told_otherwise():
    connection = Connection(broker_url("rediss://h/0"))

    assert connection.ssl == {"ssl_cert_reqs": 2}  # ssl.CERT_REQUIRED; kombu's own default is 0


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("", "begins with ''"),
        ("http://h", "begins with 'http'"),
        ("redis://", "no host"),
        ("unix://", "no host and no socket"),
        ("redis://h:seven/0", "wrong port"),
        ("redis://h/abc", "'abc'"),
    ],
)
def test_a_wrong_address_is_one_sentence_with_the_remedy(wrong, said):
    with pytest.raises(SettingsError, match=said) as problem:
        broker_url(wrong)

    assert "redis://HOST:6379/0" in str(problem.value)


def test_a_password_is_never_shown():
    with pytest.raises(SettingsError) as problem:
        broker_url("redis://u:hunter2@h:x/0")

    assert "hunter2" not in str(problem.value)


def test_the_cache_is_opened_on_its_own_database(redis_url, redis_client):
    with open_cache(redis_url) as cache:
        cache.set("a", 1)

    assert redis_client.get("a") == b"1"
    with redis.Redis.from_url(redis_url) as broker:
        assert broker.get("a") is None
