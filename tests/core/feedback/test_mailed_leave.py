"""Mail to the way out: whose address it was sent to says who leaves, and nothing else in it."""

import pytest

from newsletter.core.feedback.mailed_leave import leave_tokens

TOKEN = "abcdefghijklmnopqrstuvwxyz234567abc"
WAY_OUT = f"unsubscribe+{TOKEN}@example.org"


@pytest.mark.parametrize(
    "field",
    [
        f"To: {WAY_OUT}",
        f"TO: Daily Papers <{WAY_OUT.upper()}>",
        f"To: ada@example.org,\r\n\t<{WAY_OUT}>",
        f"Delivered-To: {WAY_OUT}",
        f"X-Original-To: {WAY_OUT}",
        f"Cc: {WAY_OUT}",
    ],
)
def test_the_address_it_was_sent_to_holds_the_token(field):
    assert leave_tokens(f"From: x@y.org\r\n{field}\r\n\r\nbye".encode()) == (TOKEN,)


def test_the_mail_systems_own_word_comes_first():
    raw = f"To: unsubscribe+{'b' * 35}@example.org\n\n".encode()

    assert leave_tokens(raw, envelope_to=WAY_OUT) == (TOKEN, "b" * 35)


@pytest.mark.parametrize(
    "raw",
    [
        f"To: b+x@example.org\n\nTo: {WAY_OUT}\n",
        f"To: b+x@example.org\nSubject: {WAY_OUT}\n\n",
        f"To: b+x@example.org\nList-Unsubscribe: <mailto:{WAY_OUT}>\n\n",
        f"From: {WAY_OUT}\nReply-To: {WAY_OUT}\n\n",
        "To: unsubscribe+@example.org\n\n",
        "To: unsubscribe@example.org\n\n",
        f"To: xunsubscribe+{TOKEN}@example.org\n\n",
        "",
        "\0" * 1000,
        ":" * 1000 + "\n" * 1000,
    ],
)
def test_nothing_else_in_a_mail_is_a_request(raw):
    assert leave_tokens(raw.encode()) == ()


def test_a_mail_to_a_thousand_ways_out_is_read_in_part():
    many = ",\n ".join(f"unsubscribe+{number:05d}".replace("0", "a").replace("1", "b")
                       .replace("8", "c").replace("9", "d") + "a" * 20 + "@example.org"
                       for number in range(1000))  # fmt: skip

    assert len(leave_tokens(f"To: {many}\n\n".encode())) <= 10
