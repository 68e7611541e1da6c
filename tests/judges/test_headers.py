"""Every header of every mail by its own grammar, each once, and none that is not expected."""

import base64
import re
from email import message_from_bytes, policy
from email.utils import parsedate_to_datetime

import pytest

from newsletter.core.delivery.states import Kind

# RFC 5322 section 3.2: what names, addresses and identifiers are made of.
ATEXT = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]"
DOT_ATOM = rf"{ATEXT}+(?:\.{ATEXT}+)*"
ADDRESS = rf"{DOT_ATOM}@{DOT_ATOM}"
QUOTED = r'"(?:[ !#-\[\]-~]|\\[ -~])*"'
ENCODED = r"=\?utf-8\?b\?[A-Za-z0-9+/]+={0,2}\?="  # RFC 2047 section 2, as we write it
PHRASE = rf"(?:{QUOTED}|{ENCODED}(?: {ENCODED})*|{ATEXT}+(?: {ATEXT}+)*)"
URI = r"<(?:https?://|mailto:)[!#-;=?-~]+>"  # RFC 2369 section 2; ours are never relative
DAYS, MONTHS = "Mon|Tue|Wed|Thu|Fri|Sat|Sun", "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"

ALWAYS = {
    "MIME-Version": r"1\.0",  # RFC 2045 section 4
    "From": rf"(?:{PHRASE} <{ADDRESS}>|{ADDRESS})",
    "To": ADDRESS,
    "Subject": rf"(?:{ENCODED}(?: {ENCODED})*|[!-~]+(?: [!-~]+)*)",
    "Date": rf"(?:{DAYS}), \d{{2}} (?:{MONTHS}) \d{{4}} \d{{2}}:\d{{2}}:\d{{2}} \+0000",
    "Message-ID": rf"<[0-9a-f]{{32}}@{DOT_ATOM}>",
    "Auto-Submitted": "auto-generated",  # RFC 3834 section 5
    "Feedback-ID": r"[\w.-]+(?::[\w.-]+){1,3}",  # Gmail's: up to four fields, the sender last
    "Content-Type": r'multipart/alternative; boundary="=_[0-9a-f]{32}"',
}
BULK = {
    "List-Id": rf"(?:{PHRASE} )?<{DOT_ATOM}\.{DOT_ATOM}>",  # RFC 2919 section 3
    "List-Unsubscribe": rf"{URI}(?:, {URI})*",
    "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",  # RFC 8058 section 3.1
    "List-Help": URI,
    "List-Archive": URI,
    "Precedence": "bulk",
}
EXPECTED = {Kind.DIGEST: ALWAYS | BULK}


def head_of(mail) -> bytes:
    return mail.content.partition(b"\r\n\r\n")[0]


def unfolded(mail) -> list[tuple[str, str]]:
    """Names and values in their order, folds undone (RFC 5322 section 2.2.3)."""
    lines = re.sub(rb"\r\n(?=[ \t])", b"", head_of(mail)).decode("ascii").split("\r\n")
    return [(name, value) for name, _, value in (line.partition(": ") for line in lines)]


def wrong_headers(mail) -> list[str]:
    found = unfolded(mail)
    expected = EXPECTED.get(mail.kind, ALWAYS)
    problems = [
        f"{name}: {value!r}"
        for name, value in found
        if name in expected and not re.fullmatch(expected[name], value)
    ]
    if sorted(name for name, _ in found) != sorted(expected):
        problems.append(f"headers are {sorted(name for name, _ in found)}")
    return problems


def problems_of(mails, judge) -> dict[str, list]:
    return {mail.name: found for mail in mails if (found := judge(mail))}


def test_every_mail_has_exactly_its_headers_each_once_and_well_formed(mails):
    assert problems_of(mails, wrong_headers) == {}


def test_the_standard_library_finds_no_defect(mails):
    strict = policy.strict + policy.SMTP

    for mail in mails:
        message = message_from_bytes(mail.content, policy=strict)
        assert [part.defects for part in message.walk() if part.defects] == []
        assert [value.defects for part in message.walk() for value in part.values()
                if value.defects] == []  # fmt: skip


def test_those_who_write_and_what_about_come_before_the_body_is_described(mails):
    wanted = ["From", "To", "Subject", "Date", "Message-ID", "Content-Type"]

    for mail in mails:
        names = [name for name, _ in unfolded(mail)]
        assert [name for name in names if name in wanted] == wanted
        assert names[-1] == "Content-Type"


def test_a_digest_offers_a_web_page_and_a_mailbox_to_leave(mails):
    for mail in mails:
        if mail.kind is Kind.DIGEST:
            ways = re.findall("<([^>]*)>", mail.message["List-Unsubscribe"])
            assert [way.partition(":")[0] for way in ways] == ["https", "mailto"]


def test_a_date_names_its_own_weekday(mails):
    for mail in mails:
        written = dict(unfolded(mail))["Date"]
        assert f"{parsedate_to_datetime(written):%a}" == written[:3]


def test_encoded_words_are_short_enough_and_hold_whole_characters(mails):
    """RFC 2047 section 2: 75 characters at most; section 5: no character is cut in two."""
    found = [word for mail in mails for word in re.findall(ENCODED, head_of(mail).decode())]

    for word in found:
        assert len(word) <= 75
        base64.b64decode(word[len("=?utf-8?b?") : -2], validate=True).decode()


def test_the_subject_is_short_and_says_what_is_inside(mails):
    for mail in mails:
        subject = mail.message["Subject"]
        assert 0 < len(subject) <= 78
        assert subject == " ".join(subject.split())
        assert not re.match(r"(?i)(re|fwd?|aw|wg):", subject)


def test_a_message_is_of_seven_bits_and_its_lines_end_in_cr_lf(mails):
    for mail in mails:
        assert mail.content.isascii()
        bare = mail.content.replace(b"\r\n", b"")
        assert not re.search(rb"[\r\n\0]", bare)
        assert mail.content.endswith(b"\r\n")


def long_lines(mail) -> list[bytes]:
    """Lines over 78 that could be folded, and any over 998 (RFC 5322 section 2.1.1)."""
    return [
        line
        for line in head_of(mail).split(b"\r\n")
        if len(line) > 998 or (len(line) > 78 and b" " in line.partition(b": ")[2].strip())
    ]


def test_lines_are_folded_where_they_can_be(mails):
    assert problems_of(mails, long_lines) == {}


def test_no_line_of_a_body_is_long_or_begins_with_a_dot(mails):
    for mail in mails:
        for line in mail.content.partition(b"\r\n\r\n")[2].split(b"\r\n"):
            assert len(line) <= 76
            assert not line.startswith(b".")
            assert not line.endswith((b" ", b"\t"))


def test_the_text_comes_before_the_html_and_there_is_nothing_else(mails):
    for mail in mails:
        assert [part.get_content_type() for part in mail.message.walk()] == [
            "multipart/alternative",
            "text/plain",
            "text/html",
        ]
        for part in mail.message.iter_parts():
            assert dict(part.items()) == {
                "Content-Type": f'{part.get_content_type()}; charset="utf-8"',
                "Content-Transfer-Encoding": "quoted-printable",
            }
        assert not (mail.message.preamble or "").strip()
        assert not (mail.message.epilogue or "").strip()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("From", "Daily Papers papers@example.org"),
        ("To", "Ada <ada@example.org>"),
        ("Subject", "two  blanks"),
        ("Message-ID", "<a b@example.org>"),
        ("List-Id", "Daily Papers <daily>"),
        ("List-Unsubscribe", "https://example.org/leave"),
        ("List-Unsubscribe-Post", "One-Click"),
        ("Feedback-ID", "a b:c"),
    ],
)
def test_the_judge_sees_what_is_wrong(name, value):
    assert not re.fullmatch((ALWAYS | BULK)[name], value)
