"""Messages as bytes: every header, both bodies, and that no text can break out of its place."""

import email
import email.policy
import re
from datetime import UTC, datetime, timedelta, timezone
from email.errors import MultipartInvariantViolationDefect
from email.header import decode_header, make_header
from email.parser import BytesHeaderParser
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from orders import Wanted, a_message, parsed

from newsletter.core.delivery.states import Kind
from newsletter.core.digests import Digest, Pick, Section
from newsletter.core.mail import headers
from newsletter.core.mail.mails import Links
from newsletter.core.mail.messages import (
    boundary_of,
    date_line,
    head_of,
    message_id,
    subject_line,
)
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


def head(
    *,
    subject="Agents",
    recipient="ada@example.org",
    date=NOW,
    kind=Kind.DIGEST,
    **values,
) -> bytes:
    """The headers of one message, with the empty line behind them."""
    given = {
        "sender": "Daily Papers <papers@example.org>",
        "links": LINKS,
        "list_id": "Daily Papers <daily.papers.example.org>",
        "feedback": "digest:2026-06-18:newsletter",
    }
    own = {
        "head.to": headers.recipient(recipient),
        "head.subject": subject_line(subject),
        "head.date": date_line(date),
        "head.message_id": ID.encode(),
    }
    return head_of(kind=kind, **(given | values)).fill(own) + b"\r\n"


def read(content):
    """The headers as Python reads them; anything wrong with their form is an error."""
    message = BytesHeaderParser(policy=email.policy.default).parsebytes(content)
    # Python before 3.11.4 misses the body, too.
    assert all(isinstance(one, MultipartInvariantViolationDefect) for one in message.defects)
    for value in message.values():
        assert value.defects == ()
    return message


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
    message = read(head())

    assert dict(message.items()) == {
        "MIME-Version": "1.0",
        "From": "Daily Papers <papers@example.org>",
        "To": "ada@example.org",
        "Subject": "Agents",
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
    message = read(head(kind=kind))

    assert not [name for name in message if name.startswith("List-")]
    assert message["Precedence"] is None
    assert message["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize("subject", FOREIGN)
def test_no_subject_can_break_out_of_its_header(subject):
    content = head(subject=subject)

    assert_fit_for_the_wire(content)
    message = read(content)
    assert message["Subject"] == clean(subject)
    assert len(message.items()) == 15
    assert all(len(line) <= 78 for line in subject_lines(content))


def subject_lines(content):
    head = content.partition(b"\r\n\r\n")[0]
    return re.search(rb"Subject: [^\r]*(?:\r\n [^\r]*)*", head)[0].split(b"\r\n")


@given(st.text(max_size=300))
@settings(max_examples=200)
def test_any_subject_is_read_back(subject):
    content = head(subject=subject)

    assert read(content)["Subject"] == clean(subject)
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
    message = read(head(sender=sender))

    (mailbox,) = message["From"].addresses
    assert (mailbox.display_name, mailbox.addr_spec) == (shown, address)
    assert message["Bcc"] is None


def test_a_long_foreign_name_is_folded_and_read_back():
    name = ("論文 📰 " * 12).strip()

    content = head(sender=f"{name} <papers@example.org>")

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
        head(sender=sender)


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
        head(recipient=recipient)


def test_a_foreign_domain_is_in_ascii():
    assert read(head(recipient="ada@xn--bcher-kva.example"))["To"] == "ada@xn--bcher-kva.example"


def test_a_foreign_name_goes_as_utf8():
    content = head(recipient="дина@пример.example")

    assert "\r\nTo: дина@пример.example\r\n".encode() in content
    assert content.replace("дина@пример.example".encode(), b"").isascii()


def test_the_date_is_in_utc():
    tokyo = NOW.astimezone(timezone(timedelta(hours=9)))

    assert head(date=tokyo) == head(date=NOW)
    assert parsedate_to_datetime(read(head())["Date"]) == NOW


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
    assert read(head(list_id=list_id))["List-Id"] == header


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
    content = head(links=links)

    assert_fit_for_the_wire(content)
    message = read(content)
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


def test_the_boundary_can_not_occur_in_a_body(renderer, mail_paper):
    boundary = boundary_of("2026-06-18:digest:papers.example.org")
    paper = mail_paper(title=f"--{boundary}--", abstract=f"--{boundary}")
    digest = Digest(sections=(Section(topic="Agents", picks=(Pick(paper_id=paper.id),)),))

    message = parsed(a_message(Wanted(digest=digest), [paper], renderer=renderer))

    assert message.get_boundary() == boundary
    assert len(list(message.walk())) == 3
    assert f"--{boundary}--" in message.get_body(("plain",)).get_content()


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


def test_the_golden_message_is_as_it_was_accepted(renderer, golden_papers, tmp_path):
    digest, papers = golden_papers
    content = a_message(Wanted(digest=digest), papers.values(), renderer=renderer)
    (tmp_path / GOLDEN.name).write_bytes(content)

    assert_fit_for_the_wire(content)
    assert content == GOLDEN.read_bytes(), (
        f"read the difference, then: cp {tmp_path / GOLDEN.name} {GOLDEN}"
    )
