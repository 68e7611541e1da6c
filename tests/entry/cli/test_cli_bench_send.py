"""`newsletter bench send`: the transport alone, against a relay on this machine."""

import json

import pytest

from newsletter.cli.root import run


def test_it_tells_what_handing_over_took(smtp_sink, capsys):
    code = run(["bench", "send", "--messages", "30", "--size", "5000", "--connections", "2",
                "--smtp", smtp_sink.url, "--json"])  # fmt: skip

    figures = json.loads(capsys.readouterr().out)
    assert code == 0
    assert figures["messages"] == 30
    assert {"messages", "seconds", "per_second", "cpu_us_per_message"} <= set(figures)
    assert len(smtp_sink.accepted) == 30


def test_mails_are_personal_and_of_the_size_that_was_asked(smtp_sink):
    run(["bench", "send", "--messages", "3", "--size", "5000", "--smtp", smtp_sink.url])

    assert {len(one.content) for one in smtp_sink.accepted} == {5000}
    assert len({one.content[:200] for one in smtp_sink.accepted}) == 3
    assert len(set(smtp_sink.recipients())) == 3


def test_a_relay_elsewhere_is_refused(capsys):
    code = run(["bench", "send", "--messages", "10", "--smtp", "smtp://relay.invalid:25"])

    assert code == 1
    assert "relay.invalid:25 is not on this machine" in capsys.readouterr().err


def test_a_relay_elsewhere_is_tried_when_it_is_really_meant(capsys):
    code = run(["bench", "send", "--smtp", "smtp://relay.invalid:25", "--really"])

    assert code == 1
    assert "name is not known" in capsys.readouterr().err


def test_a_relay_that_refuses_a_mail_is_named(make_smtp_sink, capsys):
    sink = make_smtp_sink(size_limit=2000)

    code = run(["bench", "send", "--messages", "5", "--size", "5000", "--smtp", sink.url])

    assert code == 1
    assert "up to 2000 bytes" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--messages", "0"], ["--size", "10"]])
def test_figures_that_make_no_sense_are_asked_wrongly(words):
    assert run(["bench", "send", *words]) == 2
