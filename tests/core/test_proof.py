"""The proof of work, in the format of ALTCHA's first version."""

import base64
import hashlib
import json
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.core.proof import LIFETIME_SECONDS, make_challenge, read_proof

NOW = 1_780_000_000.0
OLD, KEY = b"an-old-key-of-16-bytes", b"a-new-key-of-16-bytes"


def challenge(**values):
    given = {"secret": KEY, "salt": "0f" * 12, "number": 1234, "now": NOW} | values
    return asdict(make_challenge(given.pop("secret"), **given))


def solved(told: dict) -> int:
    """What a browser does."""
    return next(
        number
        for number in range(told["maxnumber"] + 1)
        if hashlib.sha256(f"{told['salt']}{number}".encode()).hexdigest() == told["challenge"]
    )


def payload(told: dict, **values) -> str:
    answer = {name: told[name] for name in ("algorithm", "challenge", "salt", "signature")}
    return base64.b64encode(json.dumps(answer | {"number": 1234} | values).encode()).decode()


def test_the_challenge_has_the_names_of_altcha_and_hides_its_answer():
    told = challenge()

    assert set(told) == {"algorithm", "challenge", "maxnumber", "salt", "signature"}
    assert told["algorithm"] == "SHA-256"
    assert solved(told) == 1234


def test_the_answer_is_a_proof_for_an_hour():
    answer = payload(challenge())

    assert read_proof(answer, [KEY], now=NOW)
    assert read_proof(answer, [KEY], now=NOW + LIFETIME_SECONDS)
    assert not read_proof(answer, [KEY], now=NOW + LIFETIME_SECONDS + 1)


def test_a_challenge_of_an_older_key_still_counts():
    answer = payload(challenge(secret=OLD))

    assert read_proof(answer, [KEY, OLD], now=NOW)
    assert not read_proof(answer, [KEY], now=NOW)


def test_a_longer_life_cannot_be_made_from_the_number():
    """Of "…expires=17800036001234" the salt could end anywhere, if nothing ended it."""
    told = challenge()
    longer = told["salt"].removesuffix("&") + "1"

    assert not read_proof(payload(told, salt=longer, number=234), [KEY], now=NOW)
    assert not read_proof(payload(told, salt=told["salt"] + "1", number=234), [KEY], now=NOW)


@pytest.mark.parametrize(
    "values",
    [
        {"number": 1235},
        {"number": "1234"},
        {"number": None},
        {"number": 1234.0},
        {"salt": "ff?expires=99999999999&"},
        {"salt": None},
        {"challenge": "0" * 64},
        {"signature": "0" * 64},
        {"signature": "é"},
        {"algorithm": "SHA-1"},
    ],
)
def test_anything_else_is_no_proof(values):
    assert not read_proof(payload(challenge(), **values), [KEY], now=NOW)


@given(st.one_of(st.text(), st.binary().map(lambda raw: base64.b64encode(raw).decode())))
def test_no_text_whatever_is_a_failure(text):
    assert not read_proof(text, [KEY], now=NOW)


@pytest.mark.parametrize("text", ["[]", "1", '"x"', "{}", "[" * 1000])
def test_other_json_is_no_proof(text):
    assert not read_proof(base64.b64encode(text.encode()).decode(), [KEY], now=NOW)
