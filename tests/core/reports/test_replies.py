"""What servers say, as cause, kind and status."""

import pytest

from newsletter.core.reports.replies import Said, code_of, record_of, status_of

ADA = "ada@kelp.example"


def read(words, **values):
    return record_of(Said(recipient=ADA, words=words, **values))


@pytest.mark.parametrize(
    ("words", "kind", "cause", "status"),
    [
        ("550 5.1.1 <ada@kelp.example>... User unknown", "hard", "no such mailbox", "5.1.1"),
        ("550 5.7.1 unknown user", "hard", "no such mailbox", "5.7.1"),
        ("550 no such user here", "hard", "no such mailbox", "5.1.1"),
        ("450 4.1.1 User unknown in local recipient table", "hard", "no such mailbox", "4.1.1"),
        ("550 #5.1.0 Address rejected.", "hard", "no such mailbox", "5.1.0"),
        ("550 5.1.2 Host unknown (Name server: host not found)", "hard", "no such domain", "5.1.2"),
        ("551 not our user", "hard", "moved", "5.1.6"),
        ("556 5.1.10 domain does not accept mail (nullMX)", "hard", "domain takes no mail",
         "5.1.10"),
        ("552 5.2.2 mailbox is full", "soft", "mailbox full", "5.2.2"),
        ("550 quota exceeded for this mailbox", "soft", "mailbox full", "5.2.2"),
        ("550 5.2.1 The account is disabled", "soft", "mailbox disabled", "5.2.1"),
        ("550 5.1.1 spam is not welcome", "soft", "spam", "5.1.1"),
        ("554 5.7.1 Client host blocked using a blocklist", "soft", "blocked", "5.7.1"),
        ("550 5.1.8 Sender address rejected: Domain not found", "soft", "sender refused", "5.1.8"),
        ("550 5.7.26 Unauthenticated mail, DMARC policy", "soft", "authentication", "5.7.26"),
        ("554 5.7.1 Relay access denied", "soft", "relaying denied", "5.7.1"),
        ("552 5.3.4 Message size exceeds fixed limit", "soft", "too large", "5.3.4"),
        ("554 5.4.6 Too many hops", "soft", "loop", "5.4.6"),
        ("421 4.7.0 try again later, rate limited", "soft", "too many", "4.7.0"),
        ("connect to mx.kelp.example[192.0.2.9]:25: Connection timed out", "soft",
         "relay trouble", "4.4.1"),
        ("message expired in the queue", "soft", "expired", "4.4.7"),
        ("550", "soft", "unknown", "5.0.0"),
    ],
)  # fmt: skip
def test_words_come_before_codes(words, kind, cause, status):
    record = read(words)

    assert (record.kind, record.cause, record.status) == (kind, cause, status)


def test_a_code_decides_where_words_say_nothing():
    assert read("550 5.1.1 so it is").kind == "hard"
    assert read("so it is", status="5.2.2").cause == "mailbox full"


def test_the_reply_s_code_comes_before_the_report_s():
    assert read("550 5.7.1 listed", status="5.1.1").status == "5.7.1"


def test_no_such_user_after_the_message_was_seen_is_a_filter_s_word():
    said = "550 unknown user (in reply to end of DATA command)"

    assert read(said).cause == "refused by the reader's filter"
    assert read(f"550 5.1.1 {said}").cause == "no such mailbox"


def test_a_reply_can_be_stored_and_shown():
    assert read("550 no\0 such\x1b user \ud800").reply == "550 no such user"


def test_long_replies_are_cut():
    assert len(read("550 " + "no " * 4_000).reply) == 500


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ("550 5.1.1 x", "5.1.1"),
        ("failed (#5.1.1)", "5.1.1"),
        ("550 5.0.0 then 5.2.2", "5.2.2"),
        ("host 5.1.1.7 said no", ""),
        ("version 4.8.5.36", ""),
        ("2.0.0 fine", "2.0.0"),
        ("", ""),
    ],
)
def test_status_codes_are_told_from_addresses_and_versions(words, status):
    assert status_of(words) == status


@pytest.mark.parametrize(
    ("words", "code"),
    [("550 5.1.1 x", 550), ("550-5.1.1 x", 550), ("mx[192.0.2.550] said: 451 x", 451),
     ("250 fine", 0), ("", 0)],
)  # fmt: skip
def test_reply_codes_are_those_of_failures(words, code):
    assert code_of(words) == code
