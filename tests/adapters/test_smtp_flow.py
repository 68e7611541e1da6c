"""Several relays, their limits, and domains that ask for fewer messages."""

import socket
import threading
import time
from collections import Counter

import pytest
from letters import a_letter, letters, results, send

from newsletter.adapters.flow import MemoryFlow
from newsletter.core.delivery.states import Result


def down() -> str:
    """The address of a relay that is not there."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"smtp://127.0.0.1:{server.getsockname()[1]}?tls=none"


def to(domain: str, count: int, *, first: int = 0):
    return [a_letter(first + n, recipient=f"reader{first + n}@{domain}") for n in range(count)]


def test_relays_get_letters_by_their_weight(make_smtp_sink, transport_to):
    light, heavy = make_smtp_sink(), make_smtp_sink()

    outcomes = send(transport_to(light.url, heavy.url + "&weight=3"), letters(40))

    assert set(results(outcomes)) == {Result.SENT}
    assert (len(light.accepted), len(heavy.accepted)) == (10, 30)


def test_another_relay_takes_over_for_one_that_is_down(smtp_sink, transport_to):
    flow = MemoryFlow()
    gone = down()

    outcomes = send(transport_to(gone, smtp_sink.url, flow=flow), letters(40))

    assert set(results(outcomes)) == {Result.SENT}
    assert len(smtp_sink.accepted) == 40
    assert gone.partition("//")[2].partition("?")[0] in flow.look([]).troubled


def test_another_relay_takes_over_for_one_that_closes(scripted_relay, smtp_sink, transport_to):
    def busy(peer):
        peer.greet()
        peer.hear()
        peer.say("421 4.3.2 shutting down")

    outcomes = send(transport_to(scripted_relay(busy).url, smtp_sink.url), letters(40))

    assert set(results(outcomes)) == {Result.SENT}


def test_when_every_relay_is_down_letters_wait_and_no_try_is_used(transport_to):
    transport = transport_to(down(), down())

    first, again = send(transport, letters(20)), send(transport, letters(20))

    assert set(results(first)) == set(results(again)) == {Result.HELD}
    assert "connection refused" in first["reader0@example.org"].text


def test_a_relay_that_one_worker_found_closed_is_not_tried_by_another(transport_to):
    url, flow = down(), MemoryFlow()
    send(transport_to(url, flow=flow), letters(1))
    port = int(url.partition("1:")[2].partition("?")[0])
    with socket.create_server(("127.0.0.1", port)) as server:
        server.settimeout(0.1)
        send(transport_to(url, flow=flow), letters(1))

        with pytest.raises(TimeoutError):
            server.accept()


def test_a_relay_that_works_again_is_forgiven(make_smtp_sink, transport_to):
    seconds, url = [1000.0], down()
    flow = MemoryFlow(clock=lambda: seconds[0])
    transport = transport_to(url, flow=flow)
    send(transport, letters(1))
    make_smtp_sink(port=int(url.partition("1:")[2].partition("?")[0]))
    seconds[0] += 6

    send(transport, letters(1))

    assert not flow.look([]).troubled


def test_a_relay_gets_no_more_a_second_than_it_allows(smtp_sink, transport_to):
    started = time.monotonic()

    outcomes = send(transport_to(smtp_sink.url + "&per_second=40"), letters(30))

    assert set(results(outcomes)) == {Result.SENT}
    assert time.monotonic() - started >= (30 - 4) / 37


def test_beyond_a_days_limit_letters_are_delayed_until_there_is_room(smtp_sink, transport_to):
    outcomes = send(transport_to(smtp_sink.url + "&per_day=7"), letters(20))

    assert Counter(results(outcomes)) == {Result.SENT: 7, Result.DELAYED: 13}
    assert len(smtp_sink.accepted) == 7
    assert {outcome.wait.total_seconds() > 80_000 for outcome in outcomes.values()
            if outcome.result is Result.DELAYED} == {True}  # fmt: skip


def test_what_a_limit_kept_from_being_begun_in_time_is_only_delayed(smtp_sink, transport_to):
    transport = transport_to(smtp_sink.url + "&per_second=5", start_seconds=0.5)

    outcomes = send(transport, letters(20))

    assert set(results(outcomes)) == {Result.SENT, Result.DELAYED}
    assert results(outcomes).count(Result.SENT) <= 5


def test_what_one_relay_may_not_take_another_does(make_smtp_sink, transport_to):
    small, large = make_smtp_sink(), make_smtp_sink()

    outcomes = send(transport_to(small.url + "&per_day=5", large.url), letters(40))

    assert set(results(outcomes)) == {Result.SENT}
    assert (len(small.accepted), len(large.accepted)) == (5, 35)


def test_letters_that_were_not_sent_use_up_no_limit(make_smtp_sink, transport_to):
    flow, url = MemoryFlow(), down() + "&per_day=10"
    send(transport_to(url, flow=flow), letters(10))
    flow.open_relay(url.partition("//")[2].partition("?")[0])
    make_smtp_sink(port=int(url.partition("1:")[2].partition("?")[0]))

    outcomes = send(transport_to(url, flow=flow), letters(10))

    assert set(results(outcomes)) == {Result.SENT}


def test_a_relay_has_no_more_connections_than_it_allows(smtp_sink, transport_to):
    send(transport_to(smtp_sink.url + "&connections=2", connections=None), letters(100))

    assert smtp_sink.connections == 2


def test_a_relay_that_is_far_away_gets_more_connections(scripted_relay, transport_to):
    def far(peer):
        peer.greet("PIPELINING")
        while True:
            peer.take_envelope()
            peer.hear_letter()
            time.sleep(0.02)
            peer.say("250 ok")

    relay = scripted_relay(far)
    outcomes = send(transport_to(relay.url, connections=None), letters(600))

    assert set(results(outcomes)) == {Result.SENT}
    assert relay.connections >= 16


def test_letters_to_a_slowed_domain_are_delayed_and_the_others_go(smtp_sink, transport_to):
    flow = MemoryFlow(clock=lambda: 0.0)
    flow.note({"angry.example": (10, 10)}, seconds=1.0)
    mixed = to("angry.example", 30) + to("kind.example", 30, first=30)

    outcomes = send(transport_to(smtp_sink.url, flow=flow), mixed)

    by_domain = Counter((one.partition("@")[2], got.result) for one, got in outcomes.items())
    assert by_domain == {("angry.example", Result.DELAYED): 30, ("kind.example", Result.SENT): 30}
    waits = [got.wait.total_seconds() for one, got in outcomes.items() if "angry" in one]
    assert 0 < min(waits) < max(waits) < 10


def test_a_refusal_for_now_slows_its_domain_and_no_other(smtp_sink, transport_to):
    flow = MemoryFlow()
    for number in range(10):
        smtp_sink.answer(f"reader{number}@angry.example", "451 4.7.1 too many messages")
    mixed = to("angry.example", 10) + to("kind.example", 10, first=10)

    outcomes = send(transport_to(smtp_sink.url, flow=flow), mixed)

    assert results(outcomes).count(Result.DEFERRED) == 10
    assert flow.look([]).slowed == {"angry.example"}


def test_a_full_mailbox_slows_nobody(smtp_sink, transport_to):
    flow = MemoryFlow()
    smtp_sink.answer("reader1@example.org", "452 4.2.2 mailbox full")

    send(transport_to(smtp_sink.url, flow=flow), letters(10))

    assert not flow.look([]).slowed


def test_the_rest_of_a_batch_learns_of_a_domain_that_became_angry(scripted_relay, transport_to):
    def relay(peer):
        peer.greet()
        while peer.hear():
            peer.say("250 ok")
            recipient = peer.hear()
            time.sleep(0.01)
            if "angry" in recipient:
                peer.say("451 4.7.1 too many messages")
                peer.hear()
                peer.say("250 reset")
                continue
            peer.say("250 ok")
            peer.hear()
            peer.say("354 go on")
            peer.hear_letter()
            peer.say("250 ok")

    outcomes = send(transport_to(scripted_relay(relay).url), to("angry.example", 200))

    assert results(outcomes).count(Result.DEFERRED) < 40
    assert results(outcomes).count(Result.DELAYED) > 160


def test_a_421_for_one_domain_does_not_close_the_relay(scripted_relay, transport_to):
    def relay(peer):
        peer.greet()
        while peer.hear():
            peer.say("250 ok")
            if "angry" in peer.hear():
                peer.say("421 4.7.0 that provider is busy")
                return
            peer.say("250 ok")
            peer.hear()
            peer.say("354 go on")
            peer.hear_letter()
            peer.say("250 ok")

    mixed = (
        to("kind.example", 10) + to("angry.example", 1, first=10) + to("kind.example", 10, first=11)
    )
    outcomes = send(transport_to(scripted_relay(relay).url), mixed)

    assert Counter(results(outcomes)) == {Result.SENT: 20, Result.DEFERRED: 1}


def test_threads_share_a_transport(smtp_sink, transport_to):
    transport = transport_to(smtp_sink.url)
    threads = [threading.Thread(target=send, args=(transport, letters(50))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(smtp_sink.accepted) == 200
