"""Signatures and their spelling: the same as the standard library's, whatever is signed."""

import base64
import hmac

from hypothesis import given
from hypothesis import strategies as st

from newsletter.core.signing import base32, base32_of_each, mac, mac_with


@given(st.binary(min_size=1, max_size=200), st.binary(max_size=100))
def test_a_signature_is_that_of_hmac_with_sha_256(key, content):
    assert mac(key)(content) == hmac.digest(key, content, "sha256")


def test_a_secret_signs_otherwise_for_every_use():
    secret = b"a secret of some length"

    assert mac_with(secret, b"one")(b"x") != mac_with(secret, b"two")(b"x")
    assert mac_with(secret, b"one")(b"x") != mac(secret)(b"x")


@given(st.binary(max_size=60))
def test_base32_is_that_of_the_rfc_in_lower_case_without_padding(raw):
    assert base32(raw).upper() == base64.b32encode(raw).decode().rstrip("=")


@given(st.lists(st.binary(max_size=60), max_size=40))
def test_many_at_once_are_spelled_as_each_by_itself(raws):
    assert base32_of_each(raws) == [base32(raw).encode() for raw in raws]
