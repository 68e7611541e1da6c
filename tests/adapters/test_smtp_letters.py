"""What arrives, and what one refused reader comes to."""

import pytest
from letters import CONTENT, a_letter, letters, results, send, sent_alone

from newsletter.adapters.smtp import MemoryTransport, Patience
from newsletter.core.delivery.states import Outcome, Result


@pytest.mark.parametrize("pipelining", [True, False], ids=["pipelined", "step by step"])
def test_every_letter_arrives_once_with_its_envelope(make_smtp_sink, transport_to, pipelining):
    sink = make_smtp_sink(pipelining=pipelining)

    outcomes = send(transport_to(sink.url, connections=3), letters(50))

    assert set(results(outcomes)) == {Result.SENT}
    assert sorted(sink.recipients()) == sorted(one.recipient for one in letters(50))
    assert {one.return_path for one in sink.accepted} == {"b+1@news.example.org"}


def test_the_reply_of_the_relay_is_kept(smtp_sink, transport_to):
    outcome = sent_alone(transport_to(smtp_sink.url))

    assert outcome == Outcome(
        result=Result.SENT, code=250, status="2.0.0", text="2.0.0 queued as 1"
    )


def test_the_twin_in_memory_reports_and_notes_alike():
    full = Outcome(result=Result.DEFERRED, code=452, status="4.2.2", text="full")
    sent = Outcome(result=Result.SENT, code=250)
    transport = MemoryTransport(lambda letter: full if letter.delivery_id == 1 else sent)

    outcomes = send(transport, letters(3))

    assert results(outcomes) == [Result.SENT, Result.DEFERRED, Result.SENT]
    assert [letter.delivery_id for letter in transport.sent] == [0, 2]


def test_no_letters_need_no_connection(smtp_sink, transport_to):
    assert send(transport_to(smtp_sink.url), []) == {}
    assert smtp_sink.connections == 0


def test_one_connection_serves_many_letters_and_batches(smtp_sink, transport_to):
    transport = transport_to(smtp_sink.url)

    send(transport, letters(20))
    send(transport, letters(20))

    assert smtp_sink.connections == 1
    assert len(smtp_sink.accepted) == 40


def test_several_connections_share_a_batch(smtp_sink, transport_to):
    send(transport_to(smtp_sink.url, connections=4), letters(64))

    assert {one.connection for one in smtp_sink.accepted} == {1, 2, 3, 4}


def test_after_close_it_can_be_used_again(smtp_sink, transport_to):
    transport = transport_to(smtp_sink.url)
    send(transport, letters(1))
    transport.close()

    assert results(send(transport, letters(1))) == [Result.SENT]
    assert smtp_sink.connections == 2


@pytest.mark.parametrize("pipelining", [True, False], ids=["pipelined", "step by step"])
@pytest.mark.parametrize(
    "content",
    [
        b"Subject: a\r\n\r\n.\r\n..\r\n.hidden\r\n\r\n.\r\n",
        b".starts with a dot\r\n",
        b"Subject: 8 bit\r\n\r\n\xc3\xa9\r\n",
        b"Subject: long\r\n\r\n" + b"x" * 900 + b"\r\n" + b"line\r\n" * 100_000,
    ],
    ids=["dots", "first", "eight bits", "600 KB"],
)
def test_the_content_arrives_byte_for_byte(make_smtp_sink, transport_to, content, pipelining):
    sink = make_smtp_sink(pipelining=pipelining)

    transport = transport_to(sink.url, patience=Patience())
    send(transport, [a_letter(1, content=content), a_letter(2)])

    assert [one.content for one in sink.accepted] == [content, CONTENT]


@pytest.mark.parametrize(
    ("content", "arrives"),
    [
        (b"a\n.\nMAIL FROM:<x@y.z>\r\n", b"a\r\n.\r\nMAIL FROM:<x@y.z>\r\n"),
        (b"a\r.\rb\r\n", b"a\r\n.\r\nb\r\n"),
        (b"a\n.\r\nb\r\n", b"a\r\n.\r\nb\r\n"),
        (b"no end", b"no end\r\n"),
        (b"", b""),
    ],
    ids=["bare LF", "bare CR", "mixed", "no line end", "empty"],
)
def test_no_content_can_end_itself_early(smtp_sink, transport_to, content, arrives):
    send(transport_to(smtp_sink.url), [a_letter(content=content)])

    assert [one.content for one in smtp_sink.accepted] == [arrives]


@pytest.mark.parametrize(
    "recipient", ["a@b.c>\r\nRCPT TO:<x@y.z", "a@b.c\n", "<a@b.c>", "nobody", "a@b.c\0"]
)
def test_no_address_can_smuggle_a_command(smtp_sink, transport_to, recipient):
    outcomes = send(transport_to(smtp_sink.url), [a_letter(1, recipient=recipient), a_letter(2)])

    assert outcomes[recipient].result is Result.FAILED
    assert outcomes[recipient].status == "5.1.3"
    assert smtp_sink.recipients() == ["reader2@example.org"]


def test_a_broken_return_path_is_our_fault(smtp_sink, transport_to):
    assert sent_alone(transport_to(smtp_sink.url), return_path="a>b@c").result is Result.HELD


def test_a_message_without_return_path_is_sent_from_nobody(smtp_sink, transport_to):
    sent_alone(transport_to(smtp_sink.url), return_path="")

    assert smtp_sink.accepted[0].return_path in ("", None, "<>")


@pytest.mark.parametrize("pipelining", [True, False], ids=["pipelined", "step by step"])
@pytest.mark.parametrize(
    ("reply", "at", "result", "status"),
    [
        ("450 4.2.0 greylisted", "rcpt", Result.DEFERRED, "4.2.0"),
        ("550 5.1.1 no such user", "rcpt", Result.FAILED, "5.1.1"),
        ("552 5.2.2 mailbox full", "dot", Result.FAILED, "5.2.2"),
        ("451 4.3.0 try again", "dot", Result.DEFERRED, "4.3.0"),
        ("554 5.7.1 we think it is spam", "dot", Result.FAILED, "5.7.1"),
    ],
)
def test_one_refused_recipient_stops_nobody_else(
    make_smtp_sink, transport_to, reply, at, result, status, pipelining
):
    sink = make_smtp_sink(pipelining=pipelining)
    sink.answer("reader3@example.org", reply, at=at)

    outcomes = send(transport_to(sink.url), letters(10))

    refused = outcomes.pop("reader3@example.org")
    assert (refused.result, refused.code, refused.status) == (result, int(reply[:3]), status)
    assert set(results(outcomes)) == {Result.SENT}
    assert sink.connections == 1


def test_a_greylisted_reader_gets_the_letter_the_next_time(smtp_sink, transport_to):
    smtp_sink.greylist("reader1@example.org")
    transport = transport_to(smtp_sink.url)

    assert sent_alone(transport).result is Result.DEFERRED
    assert sent_alone(transport).result is Result.SENT


def test_refusals_one_after_the_other_leave_no_half_transaction(smtp_sink, transport_to):
    for number in range(9):
        smtp_sink.answer(f"reader{number}@example.org", "550 5.1.1 gone")

    outcomes = send(transport_to(smtp_sink.url), letters(10))

    assert results(outcomes).count(Result.FAILED) == 9
    assert smtp_sink.recipients() == ["reader9@example.org"]


def test_content_that_is_wanted_without_a_recipient_is_not_given(scripted_relay, transport_to):
    heard = []

    def relay(peer):
        peer.greet("PIPELINING")
        for _ in range(3):
            heard.append(peer.hear())
        peer.say("250 ok", "550 5.1.1 no such user", "354 go on all the same")
        heard.append(peer.hear_letter())
        peer.say("554 5.5.1 no valid recipients")
        peer.take_envelope()
        heard.append(peer.hear_letter())
        peer.say("250 ok")
        peer.wait_for_close()

    outcomes = send(transport_to(scripted_relay(relay).url), letters(2))

    assert results(outcomes) == [Result.FAILED, Result.SENT]
    assert heard[3:] == [b"", CONTENT]


def test_a_letter_that_is_too_large_is_not_even_begun(make_smtp_sink, transport_to):
    sink = make_smtp_sink(size_limit=1000)

    outcomes = send(transport_to(sink.url), [a_letter(1, content=b"x" * 1001), a_letter(2)])

    assert outcomes["reader1@example.org"].status == "5.3.4"
    assert sink.recipients() == ["reader2@example.org"]


def test_a_batch_that_no_relay_takes_is_refused_on_a_kept_connection(make_smtp_sink, transport_to):
    transport = transport_to(make_smtp_sink(size_limit=1000).url)
    send(transport, letters(1))

    outcomes = send(transport, letters(9, content=b"x" * 1001))

    assert {outcome.status for outcome in outcomes.values()} == {"5.3.4"}


def test_an_address_beyond_ascii_needs_smtputf8(make_smtp_sink, transport_to):
    able, unable = make_smtp_sink(), make_smtp_sink(smtputf8=False)

    sent = sent_alone(transport_to(able.url), recipient="jürgen@example.org")
    failed = sent_alone(transport_to(unable.url), recipient="jürgen@example.org")

    assert sent.result is Result.SENT
    assert "SMTPUTF8" in able.accepted[0].mail_options
    assert able.recipients() == ["jürgen@example.org"]
    assert (failed.result, failed.status) == (Result.FAILED, "5.6.7")


def test_eight_bits_are_announced_and_only_sent_where_they_are_taken(
    smtp_sink, scripted_relay, transport_to
):
    content = b"Subject: a\r\n\r\n\xc3\xa9\r\n"
    plain = scripted_relay(lambda peer: (peer.greet(), peer.wait_for_close()))

    sent_alone(transport_to(smtp_sink.url), content=content)
    failed = sent_alone(transport_to(plain.url), content=content)

    assert "BODY=8BITMIME" in smtp_sink.accepted[0].mail_options
    assert "SMTPUTF8" not in smtp_sink.accepted[0].mail_options
    assert (failed.result, failed.status) == (Result.FAILED, "5.6.3")


def test_a_relay_that_only_knows_helo_is_spoken_to_step_by_step(scripted_relay, transport_to):
    heard = []

    def relay(peer):
        peer.say("220 an old one")
        heard.append(peer.hear()[:4])
        peer.say("502 what?")
        heard.append(peer.hear()[:4])
        peer.say("250 hello")
        peer.take_envelope()
        peer.hear_letter()
        peer.say("250 ok")
        peer.wait_for_close()

    assert sent_alone(transport_to(scripted_relay(relay).url)).result is Result.SENT
    assert heard == ["EHLO", "HELO"]
