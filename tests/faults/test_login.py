"""A relay that is not whom we trust, or does not trust us: all waits, and nothing goes in clear."""

from pathlib import Path

import pytest

from newsletter.adapters.queue import Task
from newsletter.core.delivery.states import State

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]

READERS = 100
TLS = Path(__file__).parents[1] / "fixtures" / "tls"
CERTIFICATE = [str(TLS / "relay.pem"), str(TLS / "relay.key")]
TRUSTED = {"SSL_CERT_FILE": CERTIFICATE[0]}


def make_guarded(make_world, **values):
    usual = {"tls": "starttls", "certificate": CERTIFICATE, "login": "news:right"}
    return make_world(**(usual | values))


@pytest.mark.parametrize(
    ("values", "trusted", "words"),
    [
        ({}, {}, "its certificate is not trusted"),
        ({"tls": "implicit"}, {}, "its certificate is not trusted"),
        ({"wanted_login": "news:other"}, TRUSTED, "refused user and password"),
        ({"offers": "none"}, TRUSTED, "it does not offer STARTTLS"),
    ],
    ids=["a certificate", "a certificate at once", "a password", "no encryption"],
)
def test_a_relay_that_is_set_wrongly_holds_everything_and_gets_nothing_in_clear(
    make_world, values, trusted, words
):
    world = make_guarded(make_world, **values)
    world.plan(READERS)
    worker = world.start(**trusted)
    world.newsletter.ring(Task.SEND)
    world.wait(lambda: world.log(worker).count("sent=0") >= 2)
    world.wait(lambda: State.SENDING not in world.counts())

    assert world.counts() == {State.PENDING: READERS}
    assert world.relay.count("clear") == 0
    assert world.relay.count("taken") == 0
    with world.newsletter.store.read() as session:
        rows = session.connection().exec_driver_sql("SELECT attempts, last_text FROM deliveries")
        attempts, texts = zip(*rows.all(), strict=True)
    assert set(attempts) == {0}
    assert any(words in text for text in texts)
    assert all(len(text) < 300 and "\n" not in text for text in texts)


def test_once_the_password_is_right_everything_goes_out_once_and_encrypted(make_world):
    world = make_guarded(make_world, wanted_login="news:other")
    world.plan(READERS)
    worker = world.start(**TRUSTED)
    world.newsletter.ring(Task.SEND)
    world.wait(lambda: world.log(worker).count("sent=0") >= 1)

    world.relay.change(login=["news", "right"])
    world.settle()

    world.assert_holds(readers=READERS)
    assert {line.words[1] for line in world.relay.journal("taken")} == {"tls"}
