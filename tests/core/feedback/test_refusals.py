"""What the relay refuses is judged as a report on it would be."""

from datetime import UTC, datetime

import pytest

from newsletter.core.delivery.states import Stage, outcome_of
from newsletter.core.feedback.refusals import record_of_reply
from newsletter.core.feedback.suppression import decide
from newsletter.core.reports import Kind
from newsletter.core.reports.causes import BY_STATUS
from newsletter.core.reports.replies import Said, record_of

NOW = datetime(2026, 6, 16, 7, tzinfo=UTC)
WHOLE = [status for status in BY_STATUS if not status.endswith(".")]


def judged(stage, code, text):
    outcome = outcome_of(stage, code, text)
    return record_of_reply(
        outcome.code, outcome.status, outcome.text, is_after_data=outcome.is_after_data
    )


@pytest.mark.parametrize("status", ["5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.7.17"])
def test_a_dead_address_ends_its_mail_at_once(status):
    assert decide(judged(Stage.RCPT, 550, f"{status} gone"), [], now=NOW)


@pytest.mark.parametrize(
    ("stage", "code", "text"),
    [
        (Stage.RCPT, 552, "5.2.2 mailbox full"),
        (Stage.RCPT, 550, "5.2.1 this mailbox is disabled"),
        (Stage.DOT, 554, "5.7.1 we do not like your sender"),
        (Stage.RCPT, 450, "4.1.1 no such user, perhaps"),
        (Stage.DOT, 550, "no such user here, says our filter"),
        (Stage.RCPT, 550, "something odd"),
        (Stage.RCPT, 554, ""),
    ],
    ids=["full", "disabled", "policy", "temporary", "after the message", "odd", "nothing said"],
)
def test_nothing_else_ends_it_at_once(stage, code, text):
    assert decide(judged(stage, code, text), [], now=NOW) is None


def test_a_server_without_enhanced_codes_is_understood_by_its_words():
    assert judged(Stage.RCPT, 550, "User unknown").kind is Kind.HARD


@pytest.mark.parametrize("status", WHOLE)
def test_a_code_means_the_same_at_once_and_in_a_report(status):
    code = int(f"{status[0]}50")
    at_once = record_of_reply(code, status, f"{status} ...")
    reported = record_of(Said(recipient=None, words=f"{code} {status} ..."))

    assert (at_once.cause, at_once.status) == (reported.cause, reported.status)
    assert at_once.kind is reported.kind or status.startswith("4")
