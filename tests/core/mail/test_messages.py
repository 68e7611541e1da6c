"""Messages as bytes: every header, both bodies, and that no text can break out of its place."""

import email
import email.policy
import re
from datetime import UTC, datetime, timedelta, timezone
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.core.delivery import Kind
from newsletter.core.mail.mails import Links, Rendered
from newsletter.core.mail.messages import build, message_id
from newsletter.core.mail.wire import quoted_printable
from newsletter.core.text import clean
from newsletter.errors import AddressError, SettingsError

GOLDEN = Path(__file__).parents[2] / "fixtures" / "mails" / "digest.eml"
SECRET = b"a secret of some length"
NOW = datetime(2026, 6, 18, 7, 0, 12, tzinfo=UTC)
SITE = "https://papers.example.org"
LINKS = Links(
    preferences=f"{SITE}/preferences/token7",
    unsubscribe=f"{SITE}/unsubscribe/token7",
    unsubscribe_mailto="mailto:leave@papers.example.org?subject=token7",
    archive=f"{SITE}/archive",
    help=f"{SITE}/help",
)
MAIL = Rendered(
    subject="Agents and 9 more",
    html="<!DOCTYPE html>\n<p>é ü</p>\n",
    text="Hello\n\n.dot\n-- \nend\n",
)
ID = "<0123456789abcdef0123456789abcdef@papers.example.org>"

FOREIGN = [
    "One\r\nBcc: all@example.org",
    "One\n\nBody",
    'a "quoted" \\ title',
    "🤖 Agents 👩‍🔬 " * 5,
    "مقالة عن الوكلاء",
    "abc\u202edcba",
    "a\u2028b\u2029c\x0bd\x1ce\x85f",
    "=?utf-8?q?Hi?= there",
    "x" * 78,
    "word " * 15,
    "Ünïcode ends, then ASCII",
    " leading and trailing ",
    "",
]


def made(mail=MAIL, **values):
    given = {
        "sender": "Daily Papers <papers@example.org>",
        "recipient": "ada@example.org",
        "message_id": ID,
        "date": NOW,
        "links": LINKS,
        "list_id": "Daily Papers <daily.papers.example.org>",
        "kind": Kind.DIGEST,
        "feedback": "digest:2026-06-18:newsletter",
    }
    return build(mail, **(given | values))


def parsed(content):
    """The message as Python reads it; anything wrong with its form is an error."""
    message = email.message_from_bytes(
        content, policy=email.policy.default.clone(raise_on_defect=True)
    )
    for part in message.walk():
        assert part.defects == []
    for value in message.values():
        assert value.defects == ()
    return message


def reference(mail, recipient="ada@example.org"):
    """The same message by the standard library, the slow way."""
    message = EmailMessage(policy=email.policy.SMTP)
    message["From"] = "Daily Papers <papers@example.org>"
    message["To"] = recipient
    message["Subject"] = mail.subject
    message["Date"] = NOW
    message["Message-ID"] = ID
    message["List-Id"] = "Daily Papers <daily.papers.example.org>"
    message["List-Unsubscribe"] = f"<{LINKS.unsubscribe}>, <{LINKS.unsubscribe_mailto}>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message["List-Help"] = f"<{LINKS.help}>"
    message["List-Archive"] = f"<{LINKS.archive}>"
    message["Precedence"] = "bulk"
    message["Auto-Submitted"] = "auto-generated"
    message["Feedback-ID"] = "digest:2026-06-18:newsletter"
    message.set_content(mail.text, cte="quoted-printable")
    message.add_alternative(mail.html, subtype="html", cte="quoted-printable")
    return email.message_from_bytes(message.as_bytes(), policy=email.policy.default)


def assert_fit_for_the_wire(content):
    assert content.endswith(b"\r\n")
    assert b"\r" not in content.replace(b"\r\n", b"")
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert b"\0" not in content
    head, _, body = content.partition(b"\r\n\r\n")
    assert all(len(line) <= 998 for line in head.split(b"\r\n"))
    for line in body.split(b"\r\n"):
        assert len(line) <= 76
        assert not line.startswith(b".")
        assert line == line.rstrip(b" \t")


# --- Headers ---------------------------------------------------------------------------------


def test_a_digest_has_exactly_these_headers():
    message = parsed(made())

    assert dict(message.items()) == {
        "MIME-Version": "1.0",
        "From": "Daily Papers <papers@example.org>",
        "To": "ada@example.org",
        "Subject": "Agents and 9 more",
        "Date": "Thu, 18 Jun 2026 07:00:12 +0000",
        "Message-ID": ID,
        "List-Id": "Daily Papers <daily.papers.example.org>",
        "List-Unsubscribe": f"<{SITE}/unsubscribe/token7>, "
        "<mailto:leave@papers.example.org?subject=token7>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "List-Help": f"<{SITE}/help>",
        "List-Archive": f"<{SITE}/archive>",
        "Precedence": "bulk",
        "Auto-Submitted": "auto-generated",
        "Feedback-ID": "digest:2026-06-18:newsletter",
        "Content-Type": message["Content-Type"],
    }
    assert len(message.items()) == 15


@pytest.mark.parametrize("kind", [Kind.CONFIRM, Kind.RECOVER, Kind.TEST])
def test_mails_that_somebody_asked_for_are_no_bulk_mail(kind):
    message = parsed(made(kind=kind))

    assert not [name for name in message if name.startswith("List-")]
    assert message["Precedence"] is None
    assert message["Auto-Submitted"] == "auto-generated"


def test_the_message_is_what_the_standard_library_would_say():
    ours, theirs = parsed(made()), reference(MAIL)

    own = {"content-type", "mime-version"}
    assert {k: v for k, v in ours.items() if k.lower() not in own} == {
        k: v for k, v in theirs.items() if k.lower() not in own
    }
    for kind in ("plain", "html"):
        assert ours.get_body((kind,)).get_content() == theirs.get_body((kind,)).get_content()


def test_a_real_digest_comes_out_of_its_message_unchanged(golden_digest):
    message = parsed(made(golden_digest))

    assert message["Subject"] == golden_digest.subject
    assert message.get_body(("html",)).get_content().replace("\r\n", "\n") == golden_digest.html
    assert message.get_body(("plain",)).get_content().replace("\r\n", "\n") == golden_digest.text
    assert [part.get_content_type() for part in message.walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]
    assert_fit_for_the_wire(made(golden_digest))


@pytest.mark.parametrize("subject", FOREIGN)
def test_no_subject_can_break_out_of_its_header(subject):
    content = made(Rendered(subject=subject, html=MAIL.html, text=MAIL.text))

    assert_fit_for_the_wire(content)
    message = parsed(content)
    assert message["Subject"] == clean(subject)
    assert len(message.items()) == 15
    assert all(len(line) <= 78 for line in subject_lines(content))


def subject_lines(content):
    head = content.partition(b"\r\n\r\n")[0]
    return re.search(rb"Subject: [^\r]*(?:\r\n [^\r]*)*", head)[0].split(b"\r\n")


@given(st.text(max_size=300))
@settings(max_examples=200)
def test_any_subject_is_read_back(subject):
    content = made(Rendered(subject=subject, html="<p>", text="x"))

    assert parsed(content)["Subject"] == clean(subject)
    assert all(len(line) <= 78 for line in subject_lines(content))


@pytest.mark.parametrize(
    ("sender", "shown", "address"),
    [
        ("papers@example.org", "", "papers@example.org"),
        ("<papers@example.org>", "", "papers@example.org"),
        ("Daily Papers <papers@example.org>", "Daily Papers", "papers@example.org"),
        ('"Papers, Daily" <papers@example.org>', "Papers, Daily", "papers@example.org"),
        ("Papers, Daily. <papers@example.org>", "Papers, Daily.", "papers@example.org"),
        ('The "Daily" <papers@example.org>', 'The "Daily"', "papers@example.org"),
        ("Tägliche Aufsätze <papers@example.org>", "Tägliche Aufsätze", "papers@example.org"),
        ("論文 📰 毎日 <papers@example.org>", "論文 📰 毎日", "papers@example.org"),
        ("A\r\nBcc: x@y.org <papers@example.org>", "A Bcc: x@y.org", "papers@example.org"),
    ],
)
def test_a_sender_is_named_whatever_the_name(sender, shown, address):
    message = parsed(made(sender=sender))

    (mailbox,) = message["From"].addresses
    assert (mailbox.display_name, mailbox.addr_spec) == (shown, address)
    assert message["Bcc"] is None


def test_a_long_foreign_name_is_folded_and_read_back():
    name = ("論文 📰 " * 12).strip()

    content = made(sender=f"{name} <papers@example.org>")

    # Python's reader of addresses puts a blank between two encoded words; RFC 2047 6.2 does not.
    raw = re.search(rb"From: ([^\r]*(?:\r\n [^\r]*)*)", content)[1].decode()
    words = raw.split("\r\n ")
    assert len(words) > 1
    assert all(len(line) <= 76 for line in content.partition(b"\r\n\r\n")[0].split(b"\r\n"))
    assert str(make_header(decode_header(raw))) == f"{name} <papers@example.org>"


@pytest.mark.parametrize(
    "sender", ["", "Daily Papers", "A <b>", "A <b@c> <d e@f>", "ü@example.org"]
)
def test_a_sender_that_is_no_mailbox_is_a_wrong_setting(sender):
    with pytest.raises(SettingsError, match="is not a sender"):
        made(sender=sender)


@pytest.mark.parametrize(
    "recipient",
    [
        "ada@example.org\r\nBcc: ben@example.org",
        "ada@example.org, ben@example.org",
        "Ada <ada@example.org>",
        "ada",
        "",
        "a b@example.org",
        "a@b@example.org",
        "ada@example.org\u2028",
        "ada\x00@example.org",
    ],
)
def test_a_recipient_is_one_bare_address_or_refused(recipient):
    with pytest.raises(AddressError):
        made(recipient=recipient)


def test_a_foreign_domain_is_in_ascii():
    assert parsed(made(recipient="ada@xn--bcher-kva.example"))["To"] == "ada@xn--bcher-kva.example"


def test_a_foreign_name_goes_as_utf8():
    content = made(recipient="дина@пример.example")

    assert "\r\nTo: дина@пример.example\r\n".encode() in content
    assert content.replace("дина@пример.example".encode(), b"").isascii()


def test_the_date_is_in_utc():
    tokyo = NOW.astimezone(timezone(timedelta(hours=9)))

    assert made(date=tokyo) == made(date=NOW)
    assert parsedate_to_datetime(parsed(made())["Date"]) == NOW


@pytest.mark.parametrize(
    ("list_id", "header"),
    [
        ("daily.papers.example.org", "<daily.papers.example.org>"),
        ("Daily Papers <daily.example.org>", "Daily Papers <daily.example.org>"),
        ("Papers, Daily <daily.example.org>", '"Papers, Daily" <daily.example.org>'),
        ("Täglich <daily.example.org>", "Täglich <daily.example.org>"),
        ("A\r\nX: y <daily.example.org>", '"A X: y" <daily.example.org>'),
    ],
)
def test_the_list_has_an_id(list_id, header):
    assert parsed(made(list_id=list_id))["List-Id"] == header


@pytest.mark.parametrize(
    "url",
    [
        "https://x.org/\r\nBcc: a@b.org",
        "https://x.org/>, <https://evil.example",
        "https://x.org/ü",
        "mailto:x@y.org\r\nBcc: a@b.org",
        "mailto:x@y.org>,<mailto:z@y.org",
        "",
    ],
)
def test_no_link_can_break_out_of_its_header(url):
    links = Links(preferences=url, unsubscribe=url, unsubscribe_mailto=url, archive=url, help=url)
    content = made(links=links)

    assert_fit_for_the_wire(content)
    message = parsed(content)
    assert message["Bcc"] is None
    for name in ("List-Unsubscribe", "List-Help", "List-Archive"):
        assert message[name] is None or message[name].count("<") == message[name].count(">") <= 2


# --- Bodies ----------------------------------------------------------------------------------


@given(st.text())
@settings(max_examples=300)
def test_quoted_printable_is_read_back(text):
    text = re.sub("[\ud800-\udfff]", "", text)
    encoded = quoted_printable(text)

    read = email.message_from_bytes(
        b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable"
        b"\r\n\r\n" + encoded
    ).get_payload(decode=True)
    wanted = text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n") + "\n"
    assert read.decode().replace("\r\n", "\n") == wanted
    assert encoded.isascii()
    assert b"=_" not in encoded
    assert_fit_for_the_wire(b"A: b\r\n\r\n" + encoded)


@pytest.mark.parametrize("length", range(70, 80))
@pytest.mark.parametrize("line", [".{}", "..{}", "{}.", "é.{}", "{}. ."], ids=repr)
def test_no_line_begins_with_a_dot_or_is_too_long(line, length):
    for filler in ("x" * length, "." * length, "x" * 75 + "." + "y" * length):
        encoded = quoted_printable(line.format(filler) + "\n.\n")
        assert_fit_for_the_wire(b"A: b\r\n\r\n" + encoded)


def test_the_boundary_can_not_occur_in_a_body():
    boundary = parsed(made()).get_boundary()
    mail = Rendered(subject="x", text=f"--{boundary}\n", html=f"--{boundary}--\n")

    message = parsed(made(mail))

    assert len(list(message.walk())) == 3
    assert message.get_body(("plain",)).get_content().strip() == f"--{boundary}"


def test_the_same_message_has_the_same_bytes():
    assert made() == made()


# --- Identity --------------------------------------------------------------------------------


def an_id(secret=SECRET, **values):
    given = {
        "kind": "digest",
        "edition": "2026-06-18",
        "subscriber_id": 7,
        "resend_no": 0,
        "domain": "papers.example.org",
    }
    return message_id(secret, **(given | values))


def test_every_attempt_at_a_delivery_has_the_same_message_id():
    assert an_id() == an_id()
    assert re.fullmatch(r"<[0-9a-f]{32}@papers\.example\.org>", an_id())


def test_every_other_delivery_has_another_message_id():
    ids = {
        an_id(),
        an_id(secret=b"another secret, as long"),
        an_id(kind="confirm"),
        an_id(edition="2026-06-19"),
        an_id(subscriber_id=8),
        an_id(resend_no=1),
        an_id(subscriber_id=70, resend_no=0),
        an_id(edition="2026-06-18\x007"),
    }
    assert len(ids) == 8


# --- Golden mail -----------------------------------------------------------------------------


def test_the_golden_message_is_as_it_was_accepted(golden_digest, tmp_path):
    content = made(golden_digest)
    (tmp_path / GOLDEN.name).write_bytes(content)

    assert content == GOLDEN.read_bytes(), (
        f"read the difference, then: cp {tmp_path / GOLDEN.name} {GOLDEN}"
    )
