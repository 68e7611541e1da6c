"""Relays' logs in their own words: what was taken, and what became of it. The lines are made."""

import pytest

from newsletter.core.delivery.relay_logs import BOUNCED, DEFERRED, QUEUED, SENT, Fate, read_log

POSTFIX = """\
Jun 16 07:00:01 mx postfix/smtpd[101]: 4XyZ01ab2c: client=app[10.0.0.2]
Jun 16 07:00:01 mx postfix/cleanup[102]: 4XyZ01ab2c: message-id=<aa11@news.example>
Jun 16 07:00:01 mx postfix/qmgr[99]: 4XyZ01ab2c: from=<b+abc@news.example>, size=900, nrcpt=1 (queue active)
Jun 16 07:00:02 mx postfix/smtp[103]: 4XyZ01ab2c: to=<ada@example.org>, relay=mail.example.org[192.0.2.1]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 77AA)
Jun 16 07:00:02 mx postfix/qmgr[99]: 4XyZ01ab2c: removed
2026-06-16T07:00:03.123456+02:00 mx postfix-out/cleanup[102]: 0A1B2C3D4E: message-id=<bb22@news.example>
2026-06-16T07:00:03.123456+02:00 mx postfix-out/qmgr[99]: 0A1B2C3D4E: from=<b+def@news.example>, size=900, nrcpt=1 (queue active)
2026-06-16T07:00:04.123456+02:00 mx postfix-out/smtp[103]: 0A1B2C3D4E: to=<bob@example.org>, relay=none, delay=1, dsn=4.4.1, status=deferred (connect timed out)
2026-06-16T07:05:04.123456+02:00 mx postfix-out/smtp[103]: 0A1B2C3D4E: to=<bob@example.org>, relay=m[192.0.2.2]:25, dsn=5.1.1, status=bounced (host said: 550 5.1.1 unknown)
"""  # noqa: E501
EXIM = """\
2026-06-16 07:00:01 1sIabc-0001Xy-2Z <= b+abc@news.example H=app [10.0.0.2] P=esmtps S=900 id=aa11@news.example
2026-06-16 07:00:02 1sIabc-0001Xy-2Z => ada@example.org R=dnslookup T=remote_smtp H=m [192.0.2.1] C="250 OK"
2026-06-16 07:00:02 1sIabc-0001Xy-2Z Completed
2026-06-16 07:00:03.123 [777] 1sIabd-00000001Xy-2Zab <= b+def@news.example H=app [10.0.0.2] P=esmtp S=9 id=bb22@news.example
2026-06-16 07:00:04 1sIabd-00000001Xy-2Zab == bob@example.org R=dnslookup T=remote_smtp defer (111): Connection refused
2026-06-16 08:00:04 1sIabd-00000001Xy-2Zab ** bob@example.org: 550 unknown user
"""  # noqa: E501
OPENSMTPD = """\
Jun 16 07:00:01 mx smtpd[11]: 5a1b smtp message msgid=0cafe001 size=900 nrcpt=1 proto=ESMTP
Jun 16 07:00:01 mx smtpd[11]: 5a1b smtp envelope evpid=0cafe00100000001 from=<b+abc@news.example> to=<ada@example.org>
Jun 16 07:00:02 mx smtpd[11]: 6c2d mta delivery evpid=0cafe00100000001 from=<b+abc@news.example> to=<ada@example.org> rcpt=<-> source="10.0.0.3" relay="192.0.2.1 (m)" delay=1s result="Ok" stat="250 OK"
Jun 16 07:00:02 mx smtpd[11]: 6c2d mta delivery evpid=0cafe00200000002 from=<b+def@news.example> to=<bob@example.org> rcpt=<-> source="10.0.0.3" relay="192.0.2.2" delay=1s result="TempFail" stat="451 later"
"""  # noqa: E501


def fates(text: str) -> dict[str, Fate]:
    return read_log(text.splitlines(keepends=True)).by_message_id


@pytest.mark.parametrize("text", [POSTFIX, EXIM], ids=["Postfix", "Exim"])
def test_each_message_has_the_last_word_that_is_said_of_it(text):
    assert fates(text) == {
        "<aa11@news.example>": Fate(copies=1, status=SENT),
        "<bb22@news.example>": Fate(copies=1, status=BOUNCED),
    }


def test_opensmtpd_names_no_message_ids_so_the_return_path_stands_for_it():
    log = read_log(OPENSMTPD.splitlines())

    assert log.by_message_id == {}
    assert log.by_return_path == {
        "b+abc@news.example": Fate(copies=1, status=SENT),
        "b+def@news.example": Fate(copies=1, status=DEFERRED),
    }


def test_one_message_id_a_line_will_do():
    assert fates("<aa11@news.example>\n\nbb22@news.example\n<aa11@news.example>\n") == {
        "<aa11@news.example>": Fate(copies=2, status=SENT),
        "<bb22@news.example>": Fate(copies=1, status=SENT),
    }


def test_a_message_that_was_broken_off_was_not_taken():
    only_begun = "".join(POSTFIX.splitlines(keepends=True)[:2])

    assert fates(only_begun) == {}


def test_a_message_that_waits_in_the_relays_queue_was_taken():
    waiting = "".join(POSTFIX.splitlines(keepends=True)[:3])

    assert fates(waiting) == {"<aa11@news.example>": Fate(copies=1, status=QUEUED)}


@pytest.mark.parametrize("text", [POSTFIX, EXIM], ids=["Postfix", "Exim"])
def test_a_message_taken_twice_is_counted_twice(text):
    other = text.replace("4XyZ01ab2c", "4XyZ99zz9z").replace("1sIabc", "1sIzzz")

    assert fates(text + other)["<aa11@news.example>"].copies == 2


def test_a_queue_number_that_comes_again_is_another_message():
    again = POSTFIX.replace("aa11", "cc33").replace("bb22", "dd44")

    assert {key: fate.copies for key, fate in fates(POSTFIX + again).items()} == {
        f"<{name}@news.example>": 1 for name in ("aa11", "bb22", "cc33", "dd44")
    }


def test_what_tells_nothing_is_counted_and_never_stops_it():
    log = read_log(["\x00\ufffd garbage", "", "Jun 16 07:00:01 mx kernel: eth0 up", POSTFIX[:40]])

    assert (log.messages, log.unread) == (0, 3)
