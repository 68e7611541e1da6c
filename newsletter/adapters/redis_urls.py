"""NEWSLETTER_REDIS_URL in the dialects of its readers: Celery's broker, and the cache beside it.

The broker has the database that the URL names, the cache the next one: clearing one leaves the
other.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry

from newsletter.errors import QueueUnavailable, Refused, SettingsError

ANSWER_SECONDS = 2.0  # a cache that is slower than this is treated as away
HINT = "write redis://HOST:6379/0, rediss://USER:PASSWORD@HOST:6379/0 or unix:///PATH?db=0"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    scheme: str
    login: str  # "user:password@" as written, or ""
    place: str  # host and port, or the socket's path still percent-encoded
    database: int
    query: tuple[tuple[str, str], ...]  # without db


def broker_url(redis_url: str) -> str:
    """The address as Celery reads it. Raises SettingsError."""
    parts = _parse(redis_url)
    if parts.scheme == "unix":
        return f"redis+socket://{parts.login}{parts.place}?virtual_host={parts.database}"
    query = {key: value for key, value in parts.query if key.startswith("ssl_")}
    if parts.scheme == "rediss":
        query.setdefault("ssl_cert_reqs", "required")  # kombu checks nothing unless told to
    return _url(parts, parts.database, query)


def cache_url(redis_url: str) -> str:
    """The address of the cache, as redis-py reads it. Raises SettingsError."""
    return _for_redis_py(redis_url, above=1)


def open_cache(redis_url: str, *, answer_seconds: float = ANSWER_SECONDS) -> redis.Redis:
    """A client of the cache database that gives up after that time. Raises SettingsError.

    It connects at its first use, and once more where an idle connection was closed meanwhile.
    """
    return redis.Redis.from_url(
        cache_url(redis_url),
        socket_timeout=answer_seconds,
        socket_connect_timeout=answer_seconds,
        # Only a lost connection is tried again: a time-out has used up the caller's patience.
        retry=Retry(
            ConstantBackoff(0.1), retries=1, supported_errors=(redis.exceptions.ConnectionError,)
        ),
        protocol=2,  # what every Redis-protocol server speaks
    )


@contextmanager
def borrowed_redis(redis_url: str) -> Iterator[str]:
    """The same address, whose two databases are emptied when the block ends.

    Raises Refused where one of them holds anything now, QueueUnavailable when none answers.
    """
    clients = [open_cache(redis_url), redis.Redis.from_url(_for_redis_py(redis_url, above=0))]
    try:
        for client in clients:
            if keys := client.dbsize():
                number = client.get_connection_kwargs().get("db", 0)
                raise Refused(
                    f"Redis database {number} holds {keys} keys: a measurement needs two empty "
                    "ones, the one that is named and the next."
                )
        yield redis_url
        for client in clients:
            client.flushdb()
    except redis.RedisError as problem:
        raise QueueUnavailable(f"Redis does not answer: {problem}.") from problem
    finally:
        for client in clients:
            client.close()


def _for_redis_py(redis_url: str, *, above: int) -> str:
    """As redis-py reads it: the database so many above the one that is named."""
    parts = _parse(redis_url)
    database = parts.database + above
    if parts.scheme == "unix":
        query = dict(parts.query) | {"db": str(database)}
        return f"unix://{parts.login}{parts.place}?{urlencode(query)}"
    return _url(parts, database, dict(parts.query))


def _parse(redis_url: str) -> _Parts:
    try:
        split = urlsplit(redis_url)
        split.port  # noqa: B018 - it raises where the port is no number
    except ValueError as problem:
        raise SettingsError(f"NEWSLETTER_REDIS_URL has a wrong port or host: {HINT}.") from problem
    query = dict(parse_qsl(split.query))
    number = query.pop("db", "") if split.scheme == "unix" else split.path.strip("/")
    number = number or query.pop("db", "") or "0"
    if split.scheme not in ("redis", "rediss", "unix"):
        raise SettingsError(f"NEWSLETTER_REDIS_URL begins with {split.scheme!r}: {HINT}.")
    if not number.isdecimal():
        raise SettingsError(
            f"NEWSLETTER_REDIS_URL names the database {number!r}, which must be a number: {HINT}."
        )
    login, at, host = split.netloc.rpartition("@")
    place = quote(split.path, safe="/%") if split.scheme == "unix" else host
    if not place.strip("/"):
        raise SettingsError(f"NEWSLETTER_REDIS_URL names no host and no socket: {HINT}.")
    return _Parts(
        scheme=split.scheme,
        login=login + at,
        place=place,
        database=int(number),
        query=tuple((key, value) for key, value in query.items() if key != "db"),
    )


def _url(parts: _Parts, database: int, query: dict[str, str]) -> str:
    words = f"?{urlencode(query)}" if query else ""
    return f"{parts.scheme}://{parts.login}{parts.place}/{database}{words}"
