"""Connections that end, and relays that cannot be used: nobody is lost, few tries are burned."""

import os
import socket
import threading
import time

import pytest
from letters import letters, results, send, sent_alone

from newsletter.adapters.smtp import Patience
from newsletter.core.delivery.states import Result


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
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    seconds = [1000.0]
    transport = transport_to(f"smtp://127.0.0.1:{port}?tls=none", clock=lambda: seconds[0])
    assert sent_alone(transport).result is Result.HELD

    make_smtp_sink(port=port)
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


def test_421_on_a_new_connection_holds_everything(scripted_relay, transport_to):
    def relay(peer):
        peer.greet()
        peer.hear()
        peer.say("421 4.7.0 closing")

    outcomes = send(transport_to(scripted_relay(relay).url), letters(20))

    assert set(results(outcomes)) == {Result.HELD}
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

    assert time.monotonic() - started < 10
    assert results(outcomes).count(Result.UNCERTAIN) == 1
    assert results(outcomes).count(Result.HELD) == 19


def test_a_caller_that_stops_listening_leaves_nothing_behind(smtp_sink, transport_to):
    transport = transport_to(smtp_sink.url)
    sending = transport.send_many(letters(100), accepted=lambda _: None)
    next(sending)
    sending.close()

    assert set(results(send(transport, letters(3)))) == {Result.SENT}
