"""The relay's address."""

import pytest

from newsletter.adapters.smtp import Relay, Tls, parse_smtp_url
from newsletter.core.delivery.flow import Limits
from newsletter.errors import SettingsError


@pytest.mark.parametrize(
    ("url", "host", "port", "tls"),
    [
        ("smtp://mail.example.org", "mail.example.org", 25, Tls.STARTTLS),
        ("smtp://u:p@mail.example.org", "mail.example.org", 587, Tls.STARTTLS),
        ("smtp://mail.example.org:465", "mail.example.org", 465, Tls.IMPLICIT),
        ("smtp://mail.example.org?tls=implicit", "mail.example.org", 465, Tls.IMPLICIT),
        ("smtp://mail.example.org:2525?tls=none", "mail.example.org", 2525, Tls.NONE),
        ("smtp://localhost", "localhost", 25, Tls.NONE),
        ("smtp://127.0.0.1:1025/", "127.0.0.1", 1025, Tls.NONE),
        ("smtp://[::1]:1025", "::1", 1025, Tls.NONE),
        ("smtp://localhost:587?tls=starttls", "localhost", 587, Tls.STARTTLS),
        ("smtp://[2001:db8::1]:25", "2001:db8::1", 25, Tls.STARTTLS),
    ],
)
def test_the_address_says_where_and_how(url, host, port, tls):
    relay = parse_smtp_url(url)

    assert (relay.host, relay.port, relay.tls) == (host, port, tls)


def test_what_a_relay_allows_us_stands_behind_its_address():
    relay = parse_smtp_url(
        "smtp://h:25?tls=none&weight=3&connections=20&per_second=50&per_day=50000"
    )

    assert (relay.tls, relay.weight, relay.connections) == (Tls.NONE, 3, 20)
    assert relay.limits == Limits(per_second=50, per_day=50_000)


def test_without_a_word_a_relay_has_no_limits():
    relay = parse_smtp_url("smtp://h")

    assert (relay.weight, relay.connections, relay.limits) == (1, None, Limits())


def test_user_and_password_are_percent_decoded():
    relay = parse_smtp_url("smtp://ada%40example.org:p%3A%2F%40ss@h:587")

    assert (relay.user, relay.password) == ("ada@example.org", "p:/@ss")


def test_the_password_is_not_in_the_repr():
    assert "hunter2" not in repr(parse_smtp_url("smtp://ada:hunter2@h"))


def test_a_relay_is_named_without_its_login():
    assert Relay(host="::1", port=25, tls=Tls.NONE, user="ada").name == "[::1]:25"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "is not a relay's address"),
        ("smtp://", "is not a relay's address"),
        ("http://hunter2@h", "is not a relay's address"),
        ("mail.example.org:25", "is not a relay's address"),
        ("smtp://h:smtp", "wrong host or port"),
        ("smtp://h:70000", "wrong host or port"),
        ("smtp://h:0", "port 0"),
        ("smtp://[::1", "wrong host or port"),
        ("smtp://ada@h", "user without a password"),
        ("smtp://:hunter2@h", "user without a password"),
        ("smtp://ada:hunter2%0D%0A@h", "control characters"),
        ("smtp://h?tls=maybe", "tls=maybe"),
        ("smtp://h?tls=", "tls="),
        ("smtp://h?ssl=yes", "'ssl'"),
        ("smtp://h?weight=0", "weight=0; it must be a whole number from 1 to 1000"),
        ("smtp://h?per_second=fast", "per_second=fast"),
        ("smtp://h?per_day=1e6", "per_day=1e6"),
        ("smtp://h?connections=5&connections=6", "connections twice"),
        ("smtp://h/inbox", "goes on after host and port"),
        ("smtp://ada:hunter2#1@h", "wrong host or port|goes on|user without"),
    ],
)
def test_a_wrong_address_is_one_sentence_that_says_what_to_write(url, said):
    with pytest.raises(SettingsError, match=said) as problem:
        parse_smtp_url(url)

    assert "smtp://USER:PASSWORD@HOST:587?tls=starttls" in str(problem.value)
    assert "hunter2" not in str(problem.value)
