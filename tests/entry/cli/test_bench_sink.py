"""The discarding mail server of the measurements counts right, however its bytes are cut."""

import pytest

from newsletter.bench.sink import Conversation, Taken

ENVELOPE = b"MAIL FROM:<a@x.example>\r\nRCPT TO:<b@x.example>\r\nDATA\r\n"
MAILS = b"".join(
    ENVELOPE
    + b"To: b@x.example\r\nMessage-ID: <%d@x.example>\r\n\r\n..\r\n.dots.\r\n.\r\n" % number
    for number in (1, 2, 2)
)
CODES = [b"250", b"250", b"354", b"250"]


def fed(taken: Taken, pieces: list[bytes]) -> list[bytes]:
    """The codes of all answers to these pieces, each read into the same block."""
    client, block, answers = Conversation(taken), bytearray(1 << 12), b""
    for piece in pieces:
        block[: len(piece)] = piece
        answers += client.feed(block, len(piece))
    return [line[:3] for line in answers.splitlines()]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 64, 100])
def test_mails_are_counted_wherever_their_bytes_are_cut(size):
    taken = Taken()
    # A client waits for the answer to its DATA, so no piece holds more than one end of a mail.
    pieces = [MAILS[at : at + size] for at in range(0, len(MAILS), size)]

    assert fed(taken, pieces) == 3 * CODES
    assert (taken.messages, len(taken.seen)) == (3, 2)


def test_the_next_envelope_may_follow_the_final_dot():
    taken = Taken()
    one, size = len(MAILS) // 3, len(ENVELOPE)

    answers = fed(taken, [MAILS[:size], MAILS[size : one + size], MAILS[one + size : 2 * one]])

    assert answers == 2 * CODES
    assert taken.messages == 2


def test_a_word_that_is_no_command_is_refused():
    assert fed(Taken(), [b"BOGUS\r\nnoop\r\n"]) == [b"502", b"250"]
