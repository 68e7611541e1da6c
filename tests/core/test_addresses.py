"""Addresses: which are good, which are one, and the return path that names a delivery."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newsletter.core import addresses
from newsletter.core.addresses import (
    hash_address,
    parse_address,
    read_return_path,
    return_path,
)
from newsletter.errors import AddressError

SECRET, OLD = b"a secret of some length", b"an older one of some length"
DELIVERIES = st.integers(0, 2**63 - 1)


def path(delivery_id=4812, secret=SECRET):
    return return_path(delivery_id, secret=secret, domain="papers.example.org")


@pytest.mark.parametrize(
    ("typed", "text", "key"),
    [
        (" ada@example.org ", "ada@example.org", "ada@example.org"),
        ("Ada.L@Example.ORG", "Ada.L@example.org", "ada.l@example.org"),
        ("ada+papers@example.org", "ada+papers@example.org", "ada+papers@example.org"),
        ("ada@bücher.example", "ada@xn--bcher-kva.example", "ada@xn--bcher-kva.example"),
        ("ada@xn--bcher-kva.example", "ada@xn--bcher-kva.example", "ada@xn--bcher-kva.example"),
        ("дина@пример.example", "дина@пример.example", "дина@xn--e1afmkfd.example"),
        ("Straße@example.org", "Straße@example.org", "strasse@example.org"),
    ],
    ids=["blanks", "capitals", "plus", "foreign domain", "as ASCII", "foreign name", "sharp s"],
)
def test_an_address_has_a_text_for_the_envelope_and_a_key_for_comparing(typed, text, key):
    address = parse_address(typed)

    assert (address.text, address.key) == (text, key)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "   ",
        "ada",
        "ada@",
        "@example.org",
        "a b@example.org",
        "ada@example",
        "ada@localhost",
        "ada@@example.org",
        "ada@exa mple.org",
        "Ada <ada@example.org>",
        "ada@example.org, ben@example.org",
        "ada@example.org\r\nBcc: ben@example.org",
        "ada\x00@example.org",
        '"ada l"@example.org',
        "ada@[127.0.0.1]",
        "a" * 65 + "@example.org",
        "ada@" + "a" * 300 + ".org",
        "ada@-example.org",
        ".ada@example.org",
    ],
)
def test_what_is_no_address_is_refused_in_words(typed):
    with pytest.raises(AddressError) as caught:
        parse_address(typed)

    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)
    assert "\r" not in str(caught.value)


@given(st.text())
def test_any_text_is_an_address_or_is_refused(text):
    try:
        address = parse_address(text)
    except AddressError:
        return
    assert address.text.count("@") == 1
    assert not any(letter.isspace() or letter in "<>,;\r\n" for letter in address.text)


@given(
    st.from_regex(r"[a-zB0-9._'+-]{1,66}@([a-zB0-9-]{1,12}\.){0,2}[a-z0-9-]{0,4}", fullmatch=True)
)
@example("postmaster@Example.ORG")
@example("a" * 64 + "@example.org")
@example("a" * 65 + "@example.org")
@example("ada@xn--bcher-kva.example")
@example("ada@xn--.example")
@example("ada@" + "a." * 124 + "org")
def test_a_plain_address_is_read_as_the_long_way_reads_it(typed):
    try:
        found = addresses._any_address(typed)
    except AddressError:
        found = None

    assert addresses._plain_address(typed) in (found, None)


def test_parsing_an_address_again_changes_nothing():
    once = parse_address("Straße@Bücher.example")

    assert parse_address(once.text) == once


def test_an_address_hash_says_nothing_without_the_secret():
    key = parse_address("Ada@Example.org").key

    assert hash_address(key, SECRET) == hash_address("ada@example.org", SECRET)
    assert hash_address(key, SECRET) != hash_address(key, OLD)
    assert "ada" not in hash_address(key, SECRET)


@given(DELIVERIES)
def test_a_return_path_names_its_delivery(delivery_id):
    assert read_return_path(path(delivery_id), secrets=[SECRET]) == delivery_id


@given(DELIVERIES)
def test_a_return_path_survives_folded_case_and_angle_brackets(delivery_id):
    assert read_return_path(f"<{path(delivery_id).upper()}>", secrets=[SECRET]) == delivery_id


@given(DELIVERIES)
def test_a_return_path_fits_a_mailbox_name(delivery_id):
    local, _, domain = path(delivery_id).partition("@")

    assert domain == "papers.example.org"
    assert len(local) <= 40
    assert local.startswith("b+")
    assert local.removeprefix("b+").isalnum()


def test_a_return_path_of_an_older_secret_is_still_read():
    assert read_return_path(path(7, OLD), secrets=[SECRET, OLD]) == 7


def test_a_return_path_of_somebody_else_is_not_read():
    assert read_return_path(path(7, OLD), secrets=[SECRET]) is None


def test_a_return_path_can_not_be_changed_to_another_delivery():
    good = path(7)

    for place in range(2, good.index("@")):
        for letter in "bq5":
            changed = good[:place] + letter + good[place + 1 :]
            assert changed == good or read_return_path(changed, secrets=[SECRET]) in (None, 7)


@given(st.text() | st.from_regex(r"b\+[a-z2-7]{0,40}@x\.org", fullmatch=True))
def test_any_other_address_names_no_delivery(text):
    assert read_return_path(text, secrets=[SECRET]) is None
