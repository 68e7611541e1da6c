"""The one HTTP client: spacing, retries, limits, and answers that are kept."""

import gzip
import os
import socket
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from newsletter.adapters.http import Http, Manners
from newsletter.errors import QueueUnavailable, SourceUnavailable

ASKING = Manners(source="somewhere", accept="application/json")
QUICK = {"read": timedelta(milliseconds=150), "total": timedelta(milliseconds=400)}


def refusal(http: Http, url: str, manners: Manners = ASKING, **more) -> SourceUnavailable:
    with pytest.raises(SourceUnavailable) as caught:
        http.get(url, manners, **more)
    return caught.value


def test_an_answer_is_its_body_and_what_the_next_request_sends_back(web, http):
    headers = {"ETag": 'W/"1"', "Last-Modified": "Tue, 16 Jun 2026 08:00:00 GMT"}
    url = web.on("/papers", web.reply("[1]", headers=headers))

    answer = http.get(url, ASKING)

    assert answer.body == b"[1]"
    assert answer.validators == {"etag": 'W/"1"', "last_modified": headers["Last-Modified"]}


def test_a_source_is_told_who_asks_and_what_for(web, http):
    http.get(web.on("/", web.reply()), ASKING)

    _, headers = web.asked[0]
    assert headers["user-agent"] == "newsletter/0.1 (+https://papers.example)"
    assert headers["accept"] == "application/json"


def test_an_unchanged_answer_is_known_by_its_validators(web, http):
    url = web.on("/", web.reply(b"", status=304))

    answer = http.get(url, ASKING, validators={"etag": '"1"', "last_modified": "Tue"})

    assert answer.is_unchanged
    assert web.asked[0][1]["if-none-match"] == '"1"'
    assert web.asked[0][1]["if-modified-since"] == "Tue"


def test_a_validator_that_would_break_the_request_is_not_sent(web, http):
    http.get(web.on("/", web.reply()), ASKING, validators={"etag": '"1"\r\nX-Evil: 1', "odd": "x"})

    assert not {"if-none-match", "x-evil", "odd"} & set(web.asked[0][1])


def test_unchanged_without_being_asked_is_no_answer(web, http):
    assert "answered 304" in str(refusal(http, web.on("/", web.reply(b"", status=304))))


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_passing_refusal_is_tried_again(web, http, slept, status):
    url = web.on("/", web.reply("oops", status=status), web.reply("[1]"))

    assert http.get(url, ASKING).body == b"[1]"
    assert len(slept) == 1
    assert 0.2 < slept[0] < 1


def test_waits_between_tries_grow(web, new_http, slept):
    url = web.on("/", web.reply("oops", status=500))

    problem = refusal(new_http(tries=4), url)

    assert problem.reason == f"{url} answered 500 Word (tried 4 times)"
    assert [0.25 * 2**n <= wait <= 0.75 * 2**n for n, wait in enumerate(slept)] == [True] * 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 501])
def test_a_lasting_refusal_is_not_tried_again(web, http, status):
    problem = refusal(http, web.on("/", web.reply("no", status=status)))

    assert f"answered {status}" in problem.reason
    assert len(web.asked) == 1


def test_a_short_retry_after_is_waited_for(web, http, slept):
    url = web.on("/", web.reply(status=429, headers={"Retry-After": "7"}), web.reply("[1]"))

    assert http.get(url, ASKING).body == b"[1]"
    assert slept == [7]


def test_a_retry_after_as_a_date_is_held_against_the_servers_clock(web, http, slept):
    headers = {
        "Date": "Tue, 16 Jun 2026 08:00:00 GMT",
        "Retry-After": "Tue, 16 Jun 2026 08:00:09 GMT",
    }
    url = web.on("/", web.reply(status=503, headers=headers), web.reply("[1]"))

    http.get(url, ASKING)

    assert slept == [9]


def test_without_the_servers_clock_ours_is_used(web, slept):
    now = datetime(2026, 6, 16, 8, tzinfo=UTC)
    http = Http(sleep=slept.append, now=lambda: now)
    until = {"Retry-After": "Tue, 16 Jun 2026 08:00:03 GMT"}

    http.get(web.on("/", web.reply(status=503, headers=until), web.reply("[1]")), ASKING)

    http.close()
    assert slept == [3]


def test_a_long_retry_after_is_left_to_the_caller(web, http, slept):
    problem = refusal(http, web.on("/", web.reply(status=429, headers={"Retry-After": "600"})))

    assert problem.retry_after == timedelta(minutes=10)
    assert len(web.asked) == 1
    assert not slept


@pytest.mark.parametrize("wish", ["9" * 400, "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_no_server_keeps_us_away_for_longer_than_a_day(web, http, wish):
    problem = refusal(http, web.on("/", web.reply(status=429, headers={"Retry-After": wish})))

    assert problem.retry_after == timedelta(days=1)


@pytest.mark.parametrize("wish", ["soon", "-5", "1.5", "²", "", "Tue, 99 Foo"])
def test_a_retry_after_that_says_nothing_is_ignored(web, http, slept, wish):
    headers = {"Retry-After": wish.encode().decode("latin-1")}

    http.get(web.on("/", web.reply(status=429, headers=headers), web.reply("[1]")), ASKING)

    assert slept[0] < 1


def test_a_body_that_breaks_off_is_asked_for_again(web, http):
    url = web.on("/", web.reply("[1, 2", length=400), web.reply("[1, 2]"))

    assert http.get(url, ASKING).body == b"[1, 2]"


def test_a_body_that_always_breaks_off_is_named(web, http):
    problem = refusal(http, web.on("/", web.reply("[1, 2", length=400)))

    assert "broke off" in problem.reason
    assert "tried 3 times" in problem.reason


def test_a_body_without_a_length_is_whole_only_when_the_source_says_so(web, http):
    manners = Manners(source="somewhere", is_whole=lambda body: body.endswith(b"]"))
    url = web.on("/", web.reply("[1, 2", length=-1), web.reply("[1, 2]", length=-1))

    assert http.get(url, manners).body == b"[1, 2]"


def test_a_packed_body_is_unpacked(web, http):
    packed = gzip.compress(b"[1,") + gzip.compress(b" 2]")  # RFC 1952 allows several members

    url = web.on("/", web.reply(packed, headers={"Content-Encoding": "gzip"}))

    assert http.get(url, ASKING).body == b"[1, 2]"


def test_a_packed_body_that_ends_early_is_not_whole(web, http):
    packed = gzip.compress(os.urandom(2000))[:1000]

    problem = refusal(http, web.on("/", web.reply(packed, headers={"Content-Encoding": "gzip"})))

    assert "ends too early" in problem.reason


def test_an_encoding_that_was_not_asked_for_is_refused(web, http):
    problem = refusal(http, web.on("/", web.reply("x", headers={"Content-Encoding": "gzip, br"})))

    assert "'gzip, br'" in problem.reason


def test_more_than_the_cap_is_not_read(web, new_http):
    problem = refusal(new_http(max_bytes=1000), web.on("/", web.reply(b"x" * 1001)))

    assert "more than 1,000 bytes" in problem.reason


def test_a_small_packed_answer_cannot_fill_the_memory(web, new_http):
    bomb = gzip.compress(bytes(50_000_000))

    url = web.on("/", web.reply(bomb, headers={"Content-Encoding": "gzip"}))

    assert "more than 100,000 bytes" in refusal(new_http(max_bytes=100_000), url).reason


def test_a_server_that_says_nothing_is_left(web, new_http):
    url = web.on("/", web.reply("[1]", drip=5))

    problem = refusal(new_http(tries=1, **QUICK), url)

    assert problem.reason == f"{url} sent nothing for 0.15 s"


@pytest.mark.parametrize("drips_head", [False, True], ids=["body", "head"])
def test_a_server_that_sends_a_byte_now_and_then_is_cut(web, new_http, drips_head):
    url = web.on("/", web.reply(b"x" * 5000, drip=0.03, drips_head=drips_head))
    start, patient = time.monotonic(), QUICK | {"read": timedelta(seconds=20)}

    problem = refusal(new_http(tries=1, **patient), url)

    assert problem.reason == f"{url} was not done within 0.4 s"
    assert time.monotonic() - start < 10


def test_a_dead_host_is_one_sentence(new_http):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/papers"

    problem = refusal(new_http(), url)

    assert problem.source == "somewhere"
    assert problem.reason.startswith(f"{url} cannot be reached: ")
    assert "refused" in problem.reason
    assert problem.reason.endswith("(tried 3 times)")


def test_what_is_not_http_is_one_sentence(new_http):
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        http = new_http(tries=1)

        def babble() -> None:
            peer, _ = server.accept()
            peer.recv(1000)
            peer.sendall(b"220 mail.test ESMTP\r\n\r\n")
            peer.close()

        thread = threading.Thread(target=babble)
        thread.start()
        problem = refusal(http, url)
        thread.join()

    assert "broke off" in problem.reason


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/hostname",
        "ftp://127.0.0.1/x",
        "http://",
        "/papers",
        "",
        "http://h/\x00",
        "http://127.0.0.1:99999999/",
        f"http://{'a' * 80}.test/",
    ],
)
def test_only_web_addresses_are_asked(http, url):
    assert refusal(http, url).source == "somewhere"


def test_a_redirect_is_followed(web, http):
    web.on("/new", web.reply("[1]"))

    url = web.on("/old", web.reply(status=301, headers={"Location": "/new"}))

    assert http.get(url, ASKING).body == b"[1]"


def test_a_circle_of_redirects_ends(web, http):
    problem = refusal(http, web.on("/a", web.reply(status=302, headers={"Location": "/a"})))

    assert "sends on more than 5 times" in problem.reason
    assert len(web.asked) == 6


@pytest.mark.parametrize("place", ["file:///etc/passwd", "javascript:1"])
def test_a_redirect_leaves_the_web_for_nothing(web, http, place):
    problem = refusal(http, web.on("/", web.reply(status=302, headers={"Location": place})))

    assert len(web.asked) == 1
    assert problem.source == "somewhere"


def test_every_request_waits_for_its_turn(web, http, turns):
    web.on("/new", web.reply("oops", status=500), web.reply("[1]"))
    url = web.on("/old", web.reply(status=301, headers={"Location": "/new"}))
    three_seconds = timedelta(seconds=3)

    http.get(url, Manners(source="arxiv", interval=three_seconds))

    assert web.paths() == ["/old", "/new", "/old", "/new"]  # the try after the 500 starts anew
    assert turns.taken == [("arxiv", three_seconds)] * 4


def test_a_source_without_an_interval_needs_no_turn(web, http, turns):
    http.get(web.on("/", web.reply()), ASKING)

    assert not turns.taken


def test_nothing_is_asked_while_turns_cannot_be_known(web, new_http):
    class Away:
        def wait(self, name, interval):
            raise QueueUnavailable("no answer from the Redis server")

    manners = Manners(source="arxiv", interval=timedelta(seconds=3))

    problem = refusal(new_http(spacing=Away()), web.on("/", web.reply()), manners)

    assert "no answer from the Redis server" in problem.reason
    assert not web.asked


def test_the_reason_of_a_refusal_is_told_and_clean(web, http):
    manners = Manners(source="somewhere", explain=lambda body: body.decode() + "\x1b[2J")

    problem = refusal(http, web.on("/", web.reply("the date is odd", status=400)), manners)

    assert problem.reason.endswith("answered 400 Word: the date is odd[2J")


def test_no_password_is_shown(http):
    problem = refusal(http, "http://ada:secret@127.0.0.1:1/x")

    assert "secret" not in str(problem)
    assert "http://127.0.0.1:1/x" in str(problem)
