"""Which reply leads where, and how long to wait."""

from datetime import timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from newsletter.core.delivery.states import (
    LONGEST_WAIT,
    MAX_ATTEMPTS,
    Result,
    Stage,
    outcome_of,
    parse_status,
    retry_delay,
)

CONVERSATION = [Stage.MAIL, Stage.RCPT, Stage.DATA, Stage.DOT]


@pytest.mark.parametrize(
    ("stage", "code", "text", "result"),
    [
        (Stage.DOT, 250, "2.0.0 queued", Result.SENT),
        (Stage.DOT, 200, "fine", Result.SENT),
        (Stage.DOT, 451, "4.3.0 try later", Result.DEFERRED),
        (Stage.DOT, 421, "4.3.2 shutting down", Result.DEFERRED),
        (Stage.DOT, 554, "5.6.0 spam", Result.FAILED),
        (Stage.DOT, 0, "connection lost", Result.UNCERTAIN),
        (Stage.DOT, 354, "go ahead", Result.UNCERTAIN),
        (Stage.DOT, 999, "?", Result.UNCERTAIN),
        (Stage.RCPT, 450, "4.2.0 greylisted", Result.DEFERRED),
        (Stage.RCPT, 550, "5.1.1 no such user", Result.FAILED),
        (Stage.RCPT, 550, "5.7.1 blocked by policy", Result.FAILED),
        (Stage.RCPT, 552, "5.2.2 mailbox full", Result.FAILED),
        (Stage.RCPT, 530, "5.7.0 authentication required", Result.HELD),
        (Stage.RCPT, 554, "5.7.1 <a@b.c>: Relay access denied", Result.HELD),
        (Stage.RCPT, 550, "5.7.54 SMTP; Unable to relay recipient", Result.HELD),
        (Stage.RCPT, 550, "5.1.8 sender address rejected", Result.HELD),
        (Stage.RCPT, 0, "connection lost", Result.DEFERRED),
        (Stage.RCPT, 250, "out of place", Result.DEFERRED),
        (Stage.MAIL, 550, "5.7.1 sender not allowed", Result.HELD),
        (Stage.MAIL, 452, "4.3.1 disk full", Result.DEFERRED),
        (Stage.MAIL, 552, "5.3.4 message too large", Result.FAILED),
        (Stage.MAIL, 552, "too large", Result.FAILED),
        (Stage.DATA, 554, "5.5.1 no valid recipients", Result.FAILED),
        (Stage.DATA, 0, "no answer", Result.DEFERRED),
        (Stage.LOGIN, 535, "5.7.8 wrong password", Result.HELD),
        (Stage.TLS, 454, "4.7.0 TLS not available", Result.HELD),
        (Stage.GREETING, 554, "5.7.1 go away", Result.HELD),
        (Stage.GREETING, 421, "4.3.2 too busy", Result.HELD),
        (Stage.CONNECT, 0, "connection refused", Result.HELD),
    ],
)
def test_each_reply_leads_to_one_result(stage, code, text, result):
    assert outcome_of(stage, code, text).result is result


@given(st.sampled_from(Stage), st.integers(0, 999), st.text(max_size=600))
def test_only_an_accepting_reply_to_the_dot_is_sent(stage, code, text):
    outcome = outcome_of(stage, code, text)

    assert (outcome.result is Result.SENT) == (stage is Stage.DOT and code // 100 == 2)
    assert len(outcome.text) <= 500


@pytest.mark.parametrize("stage", CONVERSATION[:-1])
@given(code=st.integers(0, 499), text=st.text(max_size=50))
def test_what_ends_before_the_dot_is_tried_again(stage, code, text):
    assume(stage is not Stage.MAIL or code != 421)  # the relay closes: no reader was named

    assert outcome_of(stage, code, text).result is Result.DEFERRED


@pytest.mark.parametrize(
    ("code", "text", "status"),
    [
        (550, "5.1.1 no such user", "5.1.1"),
        (550, "5.1.10 null MX", "5.1.10"),
        (550, "#5.1.0 Address rejected", "5.1.0"),
        (550, "5.01.001 padded", "5.1.1"),
        (550, "no such user 5.1.1", ""),
        (450, "5.1.1 contradicts its code", ""),
        (550, "5.1.1.9 an address", ""),
        (550, "5.1.1234 too long", ""),
        (0, "", ""),
    ],
)
def test_the_enhanced_code_is_read_from_the_start_of_the_text(code, text, status):
    assert parse_status(code, text) == status


def test_the_reply_is_kept_on_one_line():
    assert outcome_of(Stage.RCPT, 550, "5.1.1 no\r\n such\tuser ").text == "5.1.1 no such user"


@pytest.mark.parametrize(
    ("attempts", "minutes"), [(1, 5), (2, 15), (3, 45), (4, 135), (5, 192), (7, 192)]
)
def test_the_wait_grows_from_five_minutes(attempts, minutes):
    waits = [retry_delay(attempts, seed=seed) for seed in range(100)]

    assert min(waits) >= timedelta(minutes=minutes)
    assert max(waits) <= timedelta(minutes=minutes) * 1.25
    assert max(waits) <= LONGEST_WAIT


def test_after_the_last_attempt_it_is_given_up():
    assert retry_delay(MAX_ATTEMPTS - 1, seed=1) is not None
    assert retry_delay(MAX_ATTEMPTS, seed=1) is None


def test_deliveries_put_off_together_come_back_apart():
    assert len({retry_delay(1, seed=seed) for seed in range(1000)}) > 990


def test_the_same_delivery_waits_the_same():
    assert retry_delay(3, seed=42) == retry_delay(3, seed=42)
