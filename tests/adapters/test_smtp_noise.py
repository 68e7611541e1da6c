"""Replies that are none: each is an outcome in time, and never an acceptance."""

import socket
import time

import pytest
from letters import sent_alone

from newsletter.adapters.smtp import Patience
from newsletter.core.delivery.states import Result


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
    assert time.monotonic() - started < 10  # not the two minutes of a silent relay


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
