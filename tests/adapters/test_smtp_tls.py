"""TLS and login: verified, and nothing in clear."""

import ssl
from pathlib import Path

import pytest
from letters import a_letter, letters, results, send, sent_alone

from newsletter.adapters.smtp import Patience
from newsletter.core.delivery.states import Result

TLS = Path(__file__).parent.parent / "fixtures" / "tls"


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
    assert "hunter2" not in outcome.text


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
