"""The dedup cache: who has seen which paper, and what the relay accepted.

One bitmap a paper over all subscribers, of which a range is 128 bytes: 0.125 MB a paper for a
million readers. Everything in here can be told again from the store, but for
the notes of acceptance, which shorten the doubt after a crash.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import redis

from newsletter.core.ports import RANGE_SIZE
from newsletter.errors import QueueUnavailable

RANGE_BYTES = RANGE_SIZE // 8
PAPER_KEPT = timedelta(days=80)  # after the last write; no digest's window reaches back as far
NOTE_KEPT = timedelta(days=2)
_NOTE_SECONDS = int(NOTE_KEPT.total_seconds())
VERSIONS = "seen:versions"
# Redis packs a set of at most 512 whole numbers into four or eight bytes each.
NOTES_A_KEY = 256


class RedisSeen:
    """The port `Seen` on a Redis-protocol server; every call is one round trip.

    client: of the cache database, with short time-outs and bytes as answers. All methods raise
    QueueUnavailable when the server is away, hangs, or refuses.
    """

    def __init__(self, client: redis.Redis) -> None:
        self._client = client

    def version(self, range_no: int) -> int | None:
        with _as_unavailable():
            found = self._client.hget(VERSIONS, str(range_no))
        return None if found is None else int(found)

    def seen(self, range_no: int, paper_ids: Sequence[str]) -> dict[str, bytes]:
        start = range_no * RANGE_BYTES
        with _as_unavailable():
            pipeline = self._client.pipeline(transaction=False)
            for paper_id in paper_ids:
                pipeline.getrange(_paper_key(paper_id), start, start + RANGE_BYTES - 1)
            found = pipeline.execute() if paper_ids else []
        # A bitmap ends at its last reader: what lies behind it is nobody.
        return {
            paper_id: bits.ljust(RANGE_BYTES, b"\0")
            for paper_id, bits in zip(paper_ids, found, strict=True)
        }

    def remember(self, range_no: int, bitmaps: Mapping[str, bytes], *, version: int) -> None:
        _check_lengths(bitmaps)
        with _as_unavailable():
            # All or nothing: a version above bitmaps that were lost would bring papers twice.
            pipeline = self._client.pipeline(transaction=True)
            for paper_id, bits in bitmaps.items():
                pipeline.setrange(_paper_key(paper_id), range_no * RANGE_BYTES, bits)
                pipeline.expire(_paper_key(paper_id), PAPER_KEPT)
            pipeline.hset(VERSIONS, str(range_no), str(version))
            pipeline.execute()

    def note_accepted(self, pairs: Iterable[tuple[int, int]]) -> None:
        notes = _by_key(pairs)
        if not notes:
            return
        commands = [
            command
            for key, members in notes.items()
            for command in (("SADD", key, *members), ("EXPIRE", key, _NOTE_SECONDS))
        ]
        with _as_unavailable():
            self._say(_packed(commands), len(commands))

    def _say(self, packed: bytes, count: int) -> None:
        """So many commands in one piece: a pipeline of the library takes five times as long,
        which is felt where it is done for every thirty-two mails.
        """
        pool = self._client.connection_pool
        connection: Any = pool.get_connection()

        def say() -> None:
            connection.send_packed_command([packed], check_health=False)
            for _ in range(count):
                connection.read_response()

        try:
            connection.retry.call_with_retry(say, lambda _: connection.disconnect())
        except BaseException:
            connection.disconnect()  # an answer that nobody read would be taken for a later one's
            raise
        finally:
            pool.release(connection)

    def accepted(self, pairs: Sequence[tuple[int, int]]) -> set[tuple[int, int]]:
        if not pairs:
            return set()
        asked: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for pair in pairs:
            asked[_note_key(pair)].append(pair)
        with _as_unavailable():
            pipeline = self._client.pipeline(transaction=False)
            for key, its_pairs in asked.items():
                pipeline.smismember(key, [_note(pair) for pair in its_pairs])
            found = pipeline.execute()
        return {
            pair
            for its_pairs, answers in zip(asked.values(), found, strict=True)
            for pair, was_noted in zip(its_pairs, answers, strict=True)
            if was_noted
        }


class MemorySeen:
    """The same in this process, for tests and runs without a server."""

    def __init__(self) -> None:
        self._versions: dict[int, int] = {}
        self._bitmaps: dict[tuple[str, int], bytes] = {}
        self._accepted: set[tuple[int, int]] = set()

    def version(self, range_no: int) -> int | None:
        return self._versions.get(range_no)

    def seen(self, range_no: int, paper_ids: Sequence[str]) -> dict[str, bytes]:
        nobody = bytes(RANGE_BYTES)
        return {one: self._bitmaps.get((one, range_no), nobody) for one in paper_ids}

    def remember(self, range_no: int, bitmaps: Mapping[str, bytes], *, version: int) -> None:
        _check_lengths(bitmaps)
        for paper_id, bits in bitmaps.items():
            self._bitmaps[paper_id, range_no] = bits
        self._versions[range_no] = version

    def note_accepted(self, pairs: Iterable[tuple[int, int]]) -> None:
        self._accepted.update(pairs)

    def accepted(self, pairs: Sequence[tuple[int, int]]) -> set[tuple[int, int]]:
        return self._accepted.intersection(pairs)

    def forget(self) -> None:
        """Lose everything, as a server does that is restarted without its file."""
        self._versions.clear()
        self._bitmaps.clear()
        self._accepted.clear()


@contextmanager
def _as_unavailable() -> Iterator[None]:
    try:
        yield
    except redis.RedisError as error:
        raise QueueUnavailable(
            f"the dedup cache does not answer: {str(error).rstrip('. ')}. See that the server of"
            " NEWSLETTER_REDIS_URL runs and has memory left; nothing is lost meanwhile."
        ) from error


def _check_lengths(bitmaps: Mapping[str, bytes]) -> None:
    for paper_id, bits in bitmaps.items():
        if len(bits) != RANGE_BYTES:  # a longer one would overwrite the next range
            raise ValueError(f"the bitmap of {paper_id} has {len(bits)} bytes, not {RANGE_BYTES}")


def _paper_key(paper_id: str) -> str:
    return f"seen:paper:{paper_id}"


def _by_key(pairs: Iterable[tuple[int, int]]) -> dict[str, list[int]]:
    notes: dict[str, list[int]] = defaultdict(list)
    for pair in pairs:
        notes[_note_key(pair)].append(_note(pair))
    return notes


def _packed(commands: Iterable[Sequence[object]]) -> bytes:
    """Commands as they go over the wire: arrays of bulk strings, of ASCII only."""
    spoken = []
    for words in commands:
        spoken.append(f"*{len(words)}\r\n")
        spoken += [f"${len(word)}\r\n{word}\r\n" for word in map(str, words)]
    return "".join(spoken).encode("ascii")


def _note_key(pair: tuple[int, int]) -> str:
    return f"accepted:{pair[0] // NOTES_A_KEY}"


def _note(pair: tuple[int, int]) -> int:
    return pair[1] * NOTES_A_KEY + pair[0] % NOTES_A_KEY
