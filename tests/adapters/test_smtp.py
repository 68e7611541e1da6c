"""Handing letters over: what each relay's behaviour comes to, and that nothing ever hangs."""

import os
import socket
import ssl
import threading
import time
from pathlib import Path

import pytest

from newsletter.adapters.smtp import (
    MemoryTransport,
    Patience,
    SmtpTransport,
    parse_smtp_url,
)
from newsletter.core.delivery import Outcome, Result
from newsletter.core.ports import Letter

TLS = Path(__file__).parent.parent / "fixtures" / "tls"
CONTENT = b"Subject: papers\r\n\r\nThree new papers.\r\n"
SHORT = Patience(connect=2, greeting=0.3, command=0.3, data=0.3, block=0.3, noop=0.3, dot=0.3)


def a_letter(number: int = 1, **changes) -> Letter:
    fields = {
        "delivery_id": number,
        "epoch": 1,
        "return_path": "b+1@news.example.org",
        "recipient": f"reader{number}@example.org",
        "content": CONTENT,
    }
    return Letter(**(fields | changes))


def letters(count: int) -> list[Letter]:
    return [a_letter(number) for number in range(count)]


@pytest.fixture
def transport_to():
    """Make transports that are closed after the test."""
    made = []

    def make(url: str, **options) -> SmtpTransport:
        options = {"connections": 1, "patience": SHORT} | options
        made.append(SmtpTransport(parse_smtp_url(url), **options))
        return made[-1]

    yield make
    for transport in made:
        transport.close()


def send(transport, batch: list[Letter]) -> dict[str, Outcome]:
    """Recipient → outcome; sees that each letter is reported once, and noted if it was sent."""
    noted: list[Letter] = []
    reported = []
    for letter, outcome in transport.send_many(batch, accepted=noted.extend):
        assert (letter in noted) == (outcome.result is Result.SENT), "noted before reported"
        reported.append((letter, outcome))
    assert sorted(letter.delivery_id for letter, _ in reported) == sorted(
        letter.delivery_id for letter in batch
    )
    return {letter.recipient: outcome for letter, outcome in reported}


def results(outcomes: dict[str, Outcome]) -> list[Result]:
    return [outcome.result for outcome in outcomes.values()]


def sent_alone(transport, **changes) -> Outcome:
    (outcome,) = send(transport, [a_letter(**changes)]).values()
    return outcome


# A relay that behaves, and its twin in memory


@pytest.mark.parametrize("pipelining", [True, False], ids=["pipelined", "step by step"])
def test_every_letter_arrives_once_with_its_envelope(make_smtp_sink, transport_to, pipelining):
    sink = make_smtp_sink(pipelining=pipelining)

    outcomes = send(transport_to(sink.url, connections=3), letters(50))

    assert set(results(outcomes)) == {Result.SENT}
    assert sorted(sink.recipients()) == sorted(one.recipient for one in letters(50))
    assert {one.return_path for one in sink.accepted} == {"b+1@news.example.org"}


def test_the_reply_of_the_relay_is_kept(smtp_sink, transport_to):
    outcome = sent_alone(transport_to(smtp_sink.url))

    assert outcome == Outcome(
        result=Result.SENT, code=250, status="2.0.0", text="2.0.0 queued as 1"
    )


def test_the_twin_in_memory_reports_and_notes_alike():
    full = Outcome(result=Result.DEFERRED, code=452, status="4.2.2", text="full")
    sent = Outcome(result=Result.SENT, code=250)
    transport = MemoryTransport(lambda letter: full if letter.delivery_id == 1 else sent)

    outcomes = send(transport, letters(3))

    assert results(outcomes) == [Result.SENT, Result.DEFERRED, Result.SENT]
    assert [letter.delivery_id for letter in transport.sent] == [0, 2]


def test_no_letters_need_no_connection(smtp_sink, transport_to):
    assert send(transport_to(smtp_sink.url), []) == {}
    assert smtp_sink.connections == 0


def test_one_connection_serves_many_letters_and_batches(smtp_sink, transport_to):
    transport = transport_to(smtp_sink.url)

    send(transport, letters(20))
    send(transport, letters(20))

    assert smtp_sink.connections == 1
    assert len(smtp_sink.accepted) == 40


def test_several_connections_share_a_batch(smtp_sink, transport_to):
    send(transport_to(smtp_sink.url, connections=4), letters(64))

    assert {one.connection for one in smtp_sink.accepted} == {1, 2, 3, 4}


def test_after_close_it_can_be_used_again(smtp_sink, transport_to):
    transport = transport_to(smtp_sink.url)
    send(transport, letters(1))
    transport.close()

    assert results(send(transport, letters(1))) == [Result.SENT]
    assert smtp_sink.connections == 2


@pytest.mark.parametrize("pipelining", [True, False], ids=["pipelined", "step by step"])
@pytest.mark.parametrize(
    "content",
    [
        b"Subject: a\r\n\r\n.\r\n..\r\n.hidden\r\n\r\n.\r\n",
        b".starts with a dot\r\n",
        b"Subject: 8 bit\r\n\r\n\xc3\xa9\r\n",
        b"Subject: long\r\n\r\n" + b"x" * 900 + b"\r\n" + b"line\r\n" * 100_000,
    ],
    ids=["dots", "first", "eight bits", "600 KB"],
)
def test_the_content_arrives_byte_for_byte(make_smtp_sink, transport_to, content, pipelining):
    sink = make_smtp_sink(pipelining=pipelining)

    send(transport_to(sink.url), [a_letter(1, content=content), a_letter(2)])

    assert [one.content for one in sink.accepted] == [content, CONTENT]


@pytest.mark.parametrize(
    ("content", "arrives"),
    [
        (b"a\n.\nMAIL FROM:<x@y.z>\r\n", b"a\r\n.\r\nMAIL FROM:<x@y.z>\r\n"),
        (b"a\r.\rb\r\n", b"a\r\n.\r\nb\r\n"),
        (b"a\n.\r\nb\r\n", b"a\r\n.\r\nb\r\n"),
        (b"no end", b"no end\r\n"),
        (b"", b""),
    ],
    ids=["bare LF", "bare CR", "mixed", "no line end", "empty"],
)
def test_no_content_can_end_itself_early(smtp_sink, transport_to, content, arrives):
    send(transport_to(smtp_sink.url), [a_letter(content=content)])

    assert [one.content for one in smtp_sink.accepted] == [arrives]


@pytest.mark.parametrize(
    "recipient", ["a@b.c>\r\nRCPT TO:<x@y.z", "a@b.c\n", "<a@b.c>", "nobody", "a@b.c\0"]
)
def test_no_address_can_smuggle_a_command(smtp_sink, transport_to, recipient):
    outcomes = send(transport_to(smtp_sink.url), [a_letter(1, recipient=recipient), a_letter(2)])

    assert outcomes[recipient].result is Result.FAILED
    assert outcomes[recipient].status == "5.1.3"
    assert smtp_sink.recipients() == ["reader2@example.org"]


def test_a_broken_return_path_is_our_fault(smtp_sink, transport_to):
    assert sent_alone(transport_to(smtp_sink.url), return_path="a>b@c").result is Result.HELD


def test_a_message_without_return_path_is_sent_from_nobody(smtp_sink, transport_to):
    sent_alone(transport_to(smtp_sink.url), return_path="")

    assert smtp_sink.accepted[0].return_path in ("", None, "<>")


# Single recipients


@pytest.mark.parametrize("pipelining", [True, False], ids=["pipelined", "step by step"])
@pytest.mark.parametrize(
    ("reply", "at", "result", "status"),
    [
        ("450 4.2.0 greylisted", "rcpt", Result.DEFERRED, "4.2.0"),
        ("550 5.1.1 no such user", "rcpt", Result.FAILED, "5.1.1"),
        ("552 5.2.2 mailbox full", "dot", Result.FAILED, "5.2.2"),
        ("451 4.3.0 try again", "dot", Result.DEFERRED, "4.3.0"),
        ("554 5.7.1 we think it is spam", "dot", Result.FAILED, "5.7.1"),
    ],
)
def test_one_refused_recipient_stops_nobody_else(
    make_smtp_sink, transport_to, reply, at, result, status, pipelining
):
    sink = make_smtp_sink(pipelining=pipelining)
    sink.answer("reader3@example.org", reply, at=at)

    outcomes = send(transport_to(sink.url), letters(10))

    refused = outcomes.pop("reader3@example.org")
    assert (refused.result, refused.code, refused.status) == (result, int(reply[:3]), status)
    assert set(results(outcomes)) == {Result.SENT}
    assert sink.connections == 1


def test_a_greylisted_reader_gets_the_letter_the_next_time(smtp_sink, transport_to):
    smtp_sink.greylist("reader1@example.org")
    transport = transport_to(smtp_sink.url)

    assert sent_alone(transport).result is Result.DEFERRED
    assert sent_alone(transport).result is Result.SENT


def test_refusals_one_after_the_other_leave_no_half_transaction(smtp_sink, transport_to):
    for number in range(9):
        smtp_sink.answer(f"reader{number}@example.org", "550 5.1.1 gone")

    outcomes = send(transport_to(smtp_sink.url), letters(10))

    assert results(outcomes).count(Result.FAILED) == 9
    assert smtp_sink.recipients() == ["reader9@example.org"]


def test_content_that_is_wanted_without_a_recipient_is_not_given(scripted_relay, transport_to):
    heard = []

    def relay(peer):
        peer.greet("PIPELINING")
        for _ in range(3):
            heard.append(peer.hear())
        peer.say("250 ok", "550 5.1.1 no such user", "354 go on all the same")
        heard.append(peer.hear_letter())
        peer.say("554 5.5.1 no valid recipients")
        peer.take_envelope()
        heard.append(peer.hear_letter())
        peer.say("250 ok")
        peer.wait_for_close()

    outcomes = send(transport_to(scripted_relay(relay).url), letters(2))

    assert results(outcomes) == [Result.FAILED, Result.SENT]
    assert heard[3:] == [b"", CONTENT]


# What a relay offers


def test_a_letter_that_is_too_large_is_not_even_begun(make_smtp_sink, transport_to):
    sink = make_smtp_sink(size_limit=1000)

    outcomes = send(transport_to(sink.url), [a_letter(1, content=b"x" * 1001), a_letter(2)])

    assert outcomes["reader1@example.org"].status == "5.3.4"
    assert sink.recipients() == ["reader2@example.org"]


def test_an_address_beyond_ascii_needs_smtputf8(make_smtp_sink, transport_to):
    able, unable = make_smtp_sink(), make_smtp_sink(smtputf8=False)

    sent = sent_alone(transport_to(able.url), recipient="jürgen@example.org")
    failed = sent_alone(transport_to(unable.url), recipient="jürgen@example.org")

    assert sent.result is Result.SENT
    assert "SMTPUTF8" in able.accepted[0].mail_options
    assert able.recipients() == ["jürgen@example.org"]
    assert (failed.result, failed.status) == (Result.FAILED, "5.6.7")


def test_eight_bits_are_announced_and_only_sent_where_they_are_taken(
    smtp_sink, scripted_relay, transport_to
):
    content = b"Subject: a\r\n\r\n\xc3\xa9\r\n"
    plain = scripted_relay(lambda peer: (peer.greet(), peer.wait_for_close()))

    sent_alone(transport_to(smtp_sink.url), content=content)
    failed = sent_alone(transport_to(plain.url), content=content)

    assert "BODY=8BITMIME" in smtp_sink.accepted[0].mail_options
    assert "SMTPUTF8" not in smtp_sink.accepted[0].mail_options
    assert (failed.result, failed.status) == (Result.FAILED, "5.6.3")


def test_a_relay_that_only_knows_helo_is_spoken_to_step_by_step(scripted_relay, transport_to):
    heard = []

    def relay(peer):
        peer.say("220 an old one")
        heard.append(peer.hear()[:4])
        peer.say("502 what?")
        heard.append(peer.hear()[:4])
        peer.say("250 hello")
        peer.take_envelope()
        peer.hear_letter()
        peer.say("250 ok")
        peer.wait_for_close()

    assert sent_alone(transport_to(scripted_relay(relay).url)).result is Result.SENT
    assert heard == ["EHLO", "HELO"]


# Connections that end


@pytest.mark.parametrize("pipelining", [True, False], ids=["pipelined", "step by step"])
def test_a_drop_after_the_dot_is_uncertain_and_the_rest_goes_on(
    make_smtp_sink, transport_to, pipelining
):
    sink = make_smtp_sink(pipelining=pipelining)
    sink.drop("reader4@example.org", when="after dot")

    outcomes = send(transport_to(sink.url), letters(10))

    assert outcomes.pop("reader4@example.org").result is Result.UNCERTAIN
    assert set(results(outcomes)) == {Result.SENT}
    assert len(sink.accepted) == 10


def test_a_drop_before_the_content_is_deferred(scripted_relay, transport_to):
    def relay(peer):
        peer.greet()
        peer.hear()
        peer.say("250 ok")
        peer.hear()

    outcome = sent_alone(transport_to(scripted_relay(relay).url))

    assert outcome.result is Result.DEFERRED
    assert "closed" in outcome.text


def test_a_drop_amid_the_content_is_deferred(scripted_relay, transport_to):
    def relay(peer):
        peer.greet()
        peer.take_envelope()
        peer.lines.read(1000)

    content = b"x" * 70 + b"\r\n"
    outcome = sent_alone(
        transport_to(scripted_relay(relay).url), content=content * 500_000
    )  # 36 MB: more than any socket buffer holds

    assert outcome.result is Result.DEFERRED


def test_a_relay_that_stops_reading_is_given_up(scripted_relay, transport_to):
    def relay(peer):
        peer.greet()
        peer.take_envelope()
        time.sleep(5)

    content = (b"x" * 70 + b"\r\n") * 500_000
    outcome = sent_alone(transport_to(scripted_relay(relay).url), content=content)

    assert (outcome.result, outcome.text) == (Result.DEFERRED, "the relay stopped reading")


def test_a_relay_that_closes_after_each_letter_costs_nobody_a_try(scripted_relay, transport_to):
    taken = []

    def relay(peer):
        peer.greet("PIPELINING")
        taken.append(peer.take_envelope())
        peer.hear_letter()
        peer.say("250 ok")

    outcomes = send(transport_to(scripted_relay(relay).url), letters(5))

    assert set(results(outcomes)) == {Result.SENT}
    assert sorted(taken) == sorted(outcomes)


def test_421_after_some_letters_only_means_a_new_connection(scripted_relay, transport_to):
    def relay(peer):
        peer.greet()
        for _ in range(2):
            peer.take_envelope()
            peer.hear_letter()
            peer.say("250 ok")
        peer.hear()
        peer.say("421 4.7.0 enough for one connection")

    outcomes = send(transport_to(scripted_relay(relay).url), letters(6))

    assert set(results(outcomes)) == {Result.SENT}


def test_an_idle_connection_that_was_closed_is_replaced(scripted_relay, transport_to):
    closed = threading.Event()

    def relay(peer):
        peer.greet()
        peer.take_envelope()
        peer.hear_letter()
        peer.say("250 ok")
        if not closed.is_set():
            peer.say("421 4.4.2 idle too long")
            peer.sock.shutdown(socket.SHUT_RDWR)
            closed.set()

    transport = transport_to(scripted_relay(relay).url)
    sent_alone(transport)
    assert closed.wait(5)

    assert sent_alone(transport).result is Result.SENT


def test_a_connection_idle_for_long_is_asked_before_it_is_used(scripted_relay, transport_to):
    seconds = [0.0]
    heard = []

    def relay(peer):
        peer.greet()
        peer.take_envelope()
        peer.hear_letter()
        peer.say("250 ok")
        heard.append(peer.hear())
        if heard == ["NOOP"]:
            time.sleep(2)  # as a firewall does that forgot the connection

    relay = scripted_relay(relay)
    transport = transport_to(relay.url, clock=lambda: seconds[0] + time.monotonic())
    sent_alone(transport)
    seconds[0] += 30

    assert sent_alone(transport).result is Result.SENT
    assert (heard[0], relay.connections) == ("NOOP", 2)


def test_a_forked_process_does_not_talk_on_its_parents_connection(smtp_sink, transport_to):
    transport = transport_to(smtp_sink.url)
    sent_alone(transport)

    child = os.fork()
    if child == 0:
        outcome = sent_alone(transport)
        os._exit(0 if outcome.result is Result.SENT else 1)

    assert os.waitpid(child, 0)[1] == 0
    assert sent_alone(transport).result is Result.SENT
    assert [one.connection for one in smtp_sink.accepted] == [1, 2, 1]


# A relay that cannot be used


def test_a_relay_that_is_down_holds_everything_and_is_left_alone(transport_to):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    seconds = [1000.0]
    transport = transport_to(f"smtp://127.0.0.1:{port}?tls=none", clock=lambda: seconds[0])

    first = send(transport, letters(30))
    with socket.create_server(("127.0.0.1", port)) as server:
        server.settimeout(0.2)
        second = send(transport, letters(30))
        with pytest.raises(TimeoutError):
            server.accept()

    assert set(results(first)) == set(results(second)) == {Result.HELD}
    assert f"127.0.0.1:{port} cannot be used: connection refused" in next(iter(first.values())).text


def test_a_relay_that_comes_back_is_used_again(make_smtp_sink, transport_to):
    sink = make_smtp_sink()
    sink.stop()
    seconds = [1000.0]
    transport = transport_to(sink.url, clock=lambda: seconds[0])
    assert sent_alone(transport).result is Result.HELD

    transport.relay = transport.relay.__class__(
        host="127.0.0.1", port=make_smtp_sink().port, tls="none"
    )
    seconds[0] += 6

    assert sent_alone(transport).result is Result.SENT


def test_an_unknown_host_holds(transport_to):
    outcome = sent_alone(transport_to("smtp://relay.invalid:25?tls=none"))

    assert outcome.result is Result.HELD
    assert "name is not known" in outcome.text


@pytest.mark.parametrize(
    "greeting", ["421 4.3.2 too busy", "554 5.7.1 go away", "HTTP/1.1 400 Bad Request", "220"]
)
def test_a_bad_greeting_holds(scripted_relay, transport_to, greeting):
    relay = scripted_relay(lambda peer: peer.say(greeting))

    assert set(results(send(transport_to(relay.url), letters(20)))) == {Result.HELD}
    assert relay.connections == 1


def test_421_on_a_new_connection_defers_one_and_holds_the_rest(scripted_relay, transport_to):
    def relay(peer):
        peer.greet()
        peer.hear()
        peer.say("421 4.7.0 closing")

    outcomes = send(transport_to(scripted_relay(relay).url), letters(20))

    assert results(outcomes).count(Result.DEFERRED) == 1
    assert results(outcomes).count(Result.HELD) == 19
    assert {outcome.code for outcome in outcomes.values()} == {421}


def test_a_relay_that_breaks_every_connection_burns_few_tries(scripted_relay, transport_to):
    def relay(peer):
        peer.greet()
        peer.hear()

    outcomes = send(transport_to(scripted_relay(relay).url), letters(50))

    assert results(outcomes).count(Result.DEFERRED) == 3
    assert results(outcomes).count(Result.HELD) == 47


def test_a_relay_that_wants_fewer_connections_gets_fewer(scripted_relay, transport_to):
    slots = threading.Semaphore(2)

    def relay(peer):
        if not slots.acquire(blocking=False):
            peer.say("421 4.7.0 too many connections")
            return
        peer.greet()
        try:
            while True:
                peer.take_envelope()
                peer.hear_letter()
                time.sleep(0.01)
                peer.say("250 ok")
        finally:
            slots.release()

    outcomes = send(transport_to(scripted_relay(relay).url, connections=6), letters(60))

    assert set(results(outcomes)) == {Result.SENT}


def test_a_batch_ends_in_time_and_keeps_what_was_not_begun(scripted_relay, transport_to):
    def relay(peer):
        peer.greet()
        while True:
            peer.take_envelope()
            peer.hear_letter()
            time.sleep(0.1)
            peer.say("250 ok")

    transport = transport_to(scripted_relay(relay).url, start_seconds=0.25)
    outcomes = send(transport, letters(20))

    assert 2 <= results(outcomes).count(Result.SENT) <= 4
    assert results(outcomes).count(Result.HELD) == 20 - results(outcomes).count(Result.SENT)
    assert results(send(transport, letters(1))) == [Result.SENT]  # slow is not down


def test_a_batch_never_outlasts_its_end(scripted_relay, transport_to):
    def relay(peer):
        peer.greet()
        peer.take_envelope()
        peer.hear_letter()
        peer.wait_for_close()

    url = scripted_relay(relay).url
    transport = transport_to(url, patience=Patience(), start_seconds=0.2, end_seconds=0.4)
    started = time.monotonic()
    outcomes = send(transport, letters(20))

    assert time.monotonic() - started < 2
    assert results(outcomes).count(Result.UNCERTAIN) == 1
    assert results(outcomes).count(Result.HELD) == 19


def test_a_caller_that_stops_listening_leaves_nothing_behind(smtp_sink, transport_to):
    transport = transport_to(smtp_sink.url)
    sending = transport.send_many(letters(100), accepted=lambda _: None)
    next(sending)
    sending.close()

    assert set(results(send(transport, letters(3)))) == {Result.SENT}


# Replies that are none


@pytest.mark.parametrize(
    "noise",
    [
        "nonsense",
        "999 no such code",
        "25",
        "250-one\r\n550 other",
        "250-" + "x" * 10_000,
        "250-more\r\n" * 5_000,
        "\0\0\0",
    ],
    ids=["words", "code", "short", "mixed codes", "long line", "many lines", "zeros"],
)
@pytest.mark.parametrize("after_dot", [False, True], ids=["in the envelope", "after the dot"])
def test_noise_is_an_outcome_and_never_a_hang(scripted_relay, transport_to, noise, after_dot):
    def relay(peer):
        peer.greet()
        if after_dot:
            peer.take_envelope()
            peer.hear_letter()
        else:
            peer.hear()
        peer.say(noise)
        peer.wait_for_close()

    outcome = sent_alone(transport_to(scripted_relay(relay).url))

    assert outcome.result is (Result.UNCERTAIN if after_dot else Result.DEFERRED)


@pytest.mark.parametrize(
    "place", ["greeting", "ehlo", "mail", "rcpt", "data", "dot"], ids=lambda place: place
)
def test_silence_anywhere_is_an_outcome_in_time(scripted_relay, transport_to, place):
    def relay(peer):
        replies = {"greeting": "220 hi", "ehlo": "250 hi", "mail": "250", "rcpt": "250",
                   "data": "354", "dot": "250"}  # fmt: skip
        for name, reply in replies.items():
            if name == "dot":
                peer.hear_letter()
            elif name != "greeting":
                peer.hear()
            if name == place:
                peer.wait_for_close()
                return
            peer.say(reply)

    started = time.monotonic()
    outcome = sent_alone(transport_to(scripted_relay(relay).url))

    expected = {"greeting": Result.HELD, "ehlo": Result.HELD, "dot": Result.UNCERTAIN}
    assert outcome.result is expected.get(place, Result.DEFERRED)
    assert time.monotonic() - started < 2


def test_a_half_closed_connection_is_an_outcome(scripted_relay, transport_to):
    def relay(peer):
        peer.greet()
        peer.take_envelope()
        peer.sock.shutdown(socket.SHUT_WR)
        peer.wait_for_close()

    outcome = sent_alone(transport_to(scripted_relay(relay).url))

    assert outcome.result in (Result.UNCERTAIN, Result.DEFERRED)


def test_an_acceptance_before_the_whole_letter_is_not_believed(scripted_relay, transport_to):
    def relay(peer):
        peer.greet()
        peer.take_envelope()
        peer.say("250 taken, thank you")
        time.sleep(0.2)
        peer.wait_for_close()

    content = (b"x" * 70 + b"\r\n") * 500_000
    outcome = sent_alone(
        transport_to(scripted_relay(relay).url, patience=Patience()), content=content
    )

    assert outcome.result is not Result.SENT


def test_replies_out_of_step_never_pass_for_an_acceptance(scripted_relay, transport_to):
    def relay(peer):
        peer.greet("PIPELINING")
        for _ in range(3):
            peer.hear()
        peer.say("250 ok", "250 ok", "354 go on", "250 an answer too many")
        peer.wait_for_close()

    outcome = sent_alone(transport_to(scripted_relay(relay).url))

    assert outcome.result is Result.DEFERRED


def test_a_reply_may_have_many_lines_and_come_in_pieces(scripted_relay, transport_to):
    def relay(peer):
        peer.greet()
        peer.take_envelope()
        peer.hear_letter()
        for piece in (b"250-2.0.0 first\r", b"\n250-2.0.0 sec", b"ond\r\n250", b" 2.0.0 end\r\n"):
            peer.sock.sendall(piece)
            time.sleep(0.02)
        peer.wait_for_close()

    outcome = sent_alone(transport_to(scripted_relay(relay).url))

    assert outcome.result is Result.SENT
    assert outcome.text == "2.0.0 first 2.0.0 second 2.0.0 end"


# TLS and login


@pytest.fixture
def server_tls() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / "relay.pem", TLS / "relay.key")
    return context


@pytest.fixture
def tls_sink(make_smtp_sink, server_tls):
    return make_smtp_sink(tls=server_tls, users={"news": "p@ss:w/rd"})


def tls_url(sink, login="news:p%40ss%3Aw%2Frd@", host="localhost", tls="starttls") -> str:
    return f"smtp://{login}{host}:{sink.port}?tls={tls}"


def test_starttls_with_a_trusted_certificate_and_a_login(tls_sink, transport_to):
    transport = transport_to(tls_url(tls_sink), ca_file=TLS / "relay.pem", patience=Patience())

    big = a_letter(2, content=(b"x" * 70 + b"\r\n") * 50_000)
    assert results(send(transport, [a_letter(1), big, a_letter(3)])) == [Result.SENT] * 3
    assert tls_sink.accepted[1].content == big.content
    assert tls_sink.connections == 1


def test_an_untrusted_certificate_is_refused_in_one_sentence(tls_sink, transport_to):
    transport = transport_to(tls_url(tls_sink))

    outcome = sent_alone(transport)

    assert outcome.result is Result.HELD
    assert "certificate is not trusted (self-signed certificate)" in outcome.text
    assert "SSL_CERT_FILE" in outcome.text
    assert transport.look() == outcome.text
    assert not tls_sink.accepted


def test_a_certificate_for_another_name_is_refused(tls_sink, transport_to):
    url = tls_url(tls_sink, host="0.0.0.0")  # this machine too, but not by a name it has

    outcome = sent_alone(transport_to(url, ca_file=TLS / "relay.pem"))

    assert outcome.result is Result.HELD
    assert "certificate is not trusted (IP address mismatch" in outcome.text


def test_a_wrong_password_holds_and_is_never_shown(tls_sink, transport_to):
    transport = transport_to(tls_url(tls_sink, "news:hunter2@"), ca_file=TLS / "relay.pem")

    outcomes = send(transport, letters(5))

    assert set(results(outcomes)) == {Result.HELD}
    outcome = outcomes["reader1@example.org"]
    assert outcome.code == 535
    assert "refused user and password" in outcome.text
    assert "hunter2" not in outcome.text + repr(transport.relay)


def test_a_relay_without_starttls_gets_nothing_in_clear(smtp_sink, transport_to):
    outcome = sent_alone(transport_to(tls_url(smtp_sink)))

    assert outcome.result is Result.HELD
    assert "does not offer STARTTLS" in outcome.text
    assert not smtp_sink.accepted


def test_what_was_said_before_tls_is_forgotten(scripted_relay, transport_to, server_tls):
    def relay(peer):
        peer.greet("STARTTLS")
        peer.hear()
        peer.say("220 go on", "250-forged", "250 SIZE 1")
        peer.start_tls(server_tls)
        peer.hear()
        peer.say("250 relay.test")
        peer.take_envelope()
        peer.hear_letter()
        peer.say("250 ok")
        peer.wait_for_close()

    url = scripted_relay(relay).url.replace("127.0.0.1", "localhost").replace("none", "starttls")

    outcome = sent_alone(transport_to(url, ca_file=TLS / "relay.pem", patience=Patience()))

    assert outcome.result is Result.SENT


def test_implicit_tls(scripted_relay, transport_to, server_tls):
    def relay(peer):
        peer.start_tls(server_tls)
        peer.greet()
        peer.take_envelope()
        peer.hear_letter()
        peer.say("250 ok")
        peer.wait_for_close()

    url = scripted_relay(relay).url.replace("127.0.0.1", "localhost").replace("none", "implicit")

    outcome = sent_alone(transport_to(url, ca_file=TLS / "relay.pem", patience=Patience()))

    assert outcome.result is Result.SENT


def test_a_relay_that_only_knows_auth_login(scripted_relay, transport_to):
    heard = []

    def relay(peer):
        peer.greet("AUTH=LOGIN")
        for reply in ("334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6", "235 welcome"):
            heard.append(peer.hear())
            peer.say(reply)
        peer.wait_for_close()

    url = scripted_relay(relay).url.replace("//", "//ada:secret@")

    assert transport_to(url).look() == ""
    assert heard == ["AUTH LOGIN", "YWRh", "c2VjcmV0"]


def test_a_relay_without_a_login_is_said_so(smtp_sink, transport_to):
    url = smtp_sink.url.replace("//", "//ada:secret@")

    assert "offers no login" in transport_to(url).look()


def test_a_relay_in_order_has_no_problem(smtp_sink, transport_to):
    assert transport_to(smtp_sink.url).look() == ""
