"""Answers that are alike for everybody: kept for a moment, made once, packed and tagged."""

import asyncio
import threading
from datetime import UTC, datetime

import pytest
from fastapi import Request

from newsletter.errors import StoreUnavailable
from newsletter.web.answers import Answer, Kept

TEXT = "text/plain; charset=utf-8"


def a_request(path: str = "/", **headers: str) -> Request:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request(
        {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": raw,
         "server": ("x", 80), "scheme": "http"}
    )  # fmt: skip


def an_answer(words: str = "Hello") -> Answer:
    return Answer.of(words.encode(), TEXT)


class Maker:
    """Makes "1", "2", "3" …; waits for `go` where it was cleared."""

    def __init__(self) -> None:
        self.made, self.go = 0, threading.Event()
        self.go.set()

    def __call__(self) -> Answer:
        self.go.wait(10)
        self.made += 1
        return an_answer(str(self.made))


def away() -> Answer:
    raise StoreUnavailable("The database does not answer.")


def bodies(responses) -> list[bytes]:
    return [response.body for response in responses]


def test_what_many_ask_for_at_once_is_made_once():
    async def crowd():
        kept, maker = Kept(), Maker()
        maker.go.clear()
        asking = [asyncio.ensure_future(kept.answer(a_request(), maker)) for _ in range(50)]
        await asyncio.sleep(0)
        maker.go.set()
        return maker.made, bodies(await asyncio.gather(*asking)), maker

    before, found, maker = asyncio.run(crowd())

    assert (before, maker.made) == (0, 1)
    assert found == [b"1"] * 50


def test_an_answer_is_kept_for_its_address_only():
    async def ask():
        kept, maker = Kept(seconds=60), Maker()
        return bodies([await kept.answer(a_request(path), maker) for path in ("/a", "/b", "/a")])

    assert asyncio.run(ask()) == [b"1", b"2", b"1"]


def test_an_answer_that_is_old_is_made_anew():
    async def ask():
        kept, maker = Kept(seconds=0), Maker()
        return bodies([await kept.answer(a_request(), maker) for _ in range(3)])

    assert asyncio.run(ask()) == [b"1", b"2", b"3"]


def test_the_last_answer_stands_in_while_the_store_is_away():
    async def ask():
        kept = Kept(seconds=0)
        first = await kept.answer(a_request(), an_answer)
        return bodies([first, await kept.answer(a_request(), away)])

    assert asyncio.run(ask()) == [b"Hello", b"Hello"]


def test_an_address_that_was_never_answered_is_away_with_the_store():
    with pytest.raises(StoreUnavailable):
        asyncio.run(Kept().answer(a_request(), away))


def test_one_who_leaves_does_not_stop_what_others_wait_for():
    async def ask():
        kept, maker = Kept(), Maker()
        maker.go.clear()
        leaving, staying = (
            asyncio.ensure_future(kept.answer(a_request(), maker)) for _ in range(2)
        )
        await asyncio.sleep(0)
        leaving.cancel()
        maker.go.set()
        return (await staying).body

    assert asyncio.run(ask()) == b"1"


@pytest.mark.parametrize(
    ("accepted", "is_packed"),
    [("gzip", True), ("br, GZIP;q=0.5", True), ("*", True), ("gzip;q=0", False), ("br", False)],
)
def test_an_answer_is_packed_where_that_can_be_read(accepted, is_packed):
    answer = an_answer("word " * 1000)

    packed = answer.to(a_request(accept_encoding=accepted))

    assert ("content-encoding" in packed.headers) is is_packed


def test_a_date_counts_only_where_no_tag_is_asked_for():
    changed_at = datetime(2026, 6, 15, 12, 0, 0, 999, tzinfo=UTC)
    answer = Answer.of(b"Hello", TEXT, modified_at=changed_at)
    since = {"if_modified_since": "Mon, 15 Jun 2026 12:00:00 GMT"}

    assert answer.to(a_request(**since)).status_code == 304
    assert answer.to(a_request(**since, if_none_match='"other"')).status_code == 200
    assert answer.to(a_request(if_none_match="*")).status_code == 304
    assert (
        answer.to(a_request(if_modified_since="Sun, 14 Jun 2026 12:00:00 GMT")).status_code == 200
    )


def test_an_error_is_told_again_to_those_who_know_it():
    wrong = Answer.of(b"no such filter", TEXT, status=400)

    assert wrong.to(a_request(if_none_match=wrong.etag)).status_code == 400
