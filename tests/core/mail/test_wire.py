"""Text for the wire: pieces that need only be joined, lines that no server has to change."""

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from newsletter.core.mail.pieces import Piece
from newsletter.core.mail.wire import arrived, inset, plate, quoted_printable, read_back, size_of

# Whatever the encoding treats in a way of its own, in all orders.
TEXTS = st.lists(
    st.sampled_from(
        ["a", "x" * 30, "x" * 74, " ", "\t", ".", "." * 40, "=", "=2E", "_", "\n", "é", "🤖", "--"]
    ),
    max_size=12,
).map("".join)


def assert_fit_for_the_wire(encoded):
    assert encoded.isascii()
    assert encoded == b"" or encoded.endswith(b"\r\n")
    assert b"=_" not in encoded
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n", encoded)
    for line in encoded.split(b"\r\n"):
        assert len(line) <= 76
        assert not line.startswith(b".")
        assert line == line.rstrip(b" \t")


@given(TEXTS)
@example("x" * 76 + "\t")
@example("x" * 75 + "=" + ".")
@example(" " * 5_000)
@settings(max_examples=500)
def test_any_text_is_read_back_and_leaves_no_line_to_a_server(text):
    encoded = inset(text)

    assert_fit_for_the_wire(encoded)
    assert read_back(encoded) == text
    assert arrived(encoded) == size_of(text)


@given(st.lists(TEXTS, max_size=6))
@settings(max_examples=200)
def test_texts_that_were_encoded_apart_are_joined_as_they_are(texts):
    assert read_back(b"".join(map(inset, texts))) == "".join(texts)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=200))
def test_every_line_end_becomes_one_and_a_whole_text_ends_with_one(text):
    wanted = text.replace("\r\n", "\n").replace("\r", "\n")

    assert read_back(quoted_printable(text)) == wanted.removesuffix("\n") + "\n"


@pytest.mark.parametrize(
    ("text", "encoded"),
    [
        ("", b""),
        ("token234", b"token234=\r\n"),
        ("-- \n", b"--=20\r\n"),
        (".hidden\n", b"=2Ehidden\r\n"),
        ("a=b\n", b"a=3Db\r\n"),
        ("ü", b"=C3=BC=\r\n"),
    ],
    ids=["nothing", "a token", "a signature's mark", "a dot", "an equals sign", "not ASCII"],
)
def test_what_needs_no_encoding_is_left_alone(text, encoded):
    assert inset(text) == encoded


def test_a_plate_is_filled_like_its_piece():
    piece = Piece(('<a href="https://x.org/', '">', "</a>\n"), ("token", "name"))

    made = plate(piece, "html")
    filled = made.fill({"html.token": inset("abc"), "html.name": inset("é = ü")})

    assert_fit_for_the_wire(filled)
    assert read_back(filled) == piece.fill({"token": "abc", "name": "é = ü"})
    assert made.size == len('<a href="https://x.org/"></a>\r\n')
