"""Feedback reports (RFC 5965) as providers send them: who complains, and what is no complaint."""

import base64

import pytest

from newsletter.core.reports import Kind, Nature, parse_report

ADA, GRACE = "ada@kelp.example", "grace@kelp.example"
ORIGINAL = (
    "Return-Path: <b+k7@letters.example>\nFrom: Papers <papers@letters.example>\nTo: {to}\n"
    "Subject: Papers of the day\nMessage-ID: <1@letters.example>\n{more}\nTwo papers.\n"
)
FIELDS = "Feedback-Type: {kind}\nUser-Agent: Kelp/1.0\nVersion: 1\n{more}"


def arf(kind="abuse", *, fields="", to=ADA, more="", feedback="message/feedback-report",
        original="message/rfc822", report="multipart/report; report-type=feedback-report",
        is_coded=False) -> bytes:  # fmt: skip
    told = FIELDS.format(kind=kind, more=fields)
    coding = "Content-Transfer-Encoding: base64\n" if is_coded else ""
    told = base64.encodebytes(told.encode()).decode() if is_coded else told
    back = ORIGINAL.format(to=to, more=more)
    return (
        "From: feedback@kelp.example\nTo: feedback@letters.example\nSubject: FW: Papers\n"
        f"MIME-Version: 1.0\nContent-Type: {report}; boundary=x1x1\n\n--x1x1\n"
        "Content-Type: text/plain\n\nThis is a report of abuse.\n--x1x1\n"
        f"Content-Type: {feedback}\n{coding}\n{told}\n--x1x1\nContent-Type: {original}\n\n{back}\n"
        "--x1x1--\n"
    ).encode()


HOTMAIL = (
    "From: staff@kelp.example\nTo: feedback@letters.example\nSubject: complaint about message from "
    "192.0.2.1\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x1x1\n\n--x1x1\n"
    "Content-Type: message/rfc822\n\nX-HmXmrOriginalRecipient: ada@kelp.example\n"
    + ORIGINAL.format(to="papers@letters.example", more="")
    + "--x1x1--\n"
).encode()

# name: (the report, who complains)
COMPLAINTS = {
    "the standard's own": (arf(fields=f"Original-Rcpt-To: {ADA}\n"), [ADA]),
    "in brackets": (arf(fields=f"Original-Rcpt-To: <{ADA}>\n"), [ADA]),
    "with a type before it": (arf(fields=f"Original-Rcpt-To: rfc822; {ADA}\n"), [ADA]),
    "two of them": (
        arf(fields=f"Original-Rcpt-To: {ADA}\nOriginal-Rcpt-To: {GRACE}\n"), [ADA, GRACE]),
    "only in what comes back": (arf(), [ADA]),
    "hidden in the field": (arf(fields="Original-Rcpt-To: redacted@kelp.example\n"), [ADA]),
    "hidden everywhere": (arf(to="undisclosed-recipients:;"), [None]),
    "a field for whom to remove": (arf(fields=f"Removal-Recipient: {ADA}\n", to="x:;"), [ADA]),
    "fraud": (arf("fraud"), [ADA]),
    "virus": (arf("virus"), [ADA]),
    "opt-out": (arf("opt-out"), [ADA]),
    "a type that nobody knows": (arf("miscategorized"), [ADA]),
    "capitals": (arf(" ABUSE"), [ADA]),
    "fields in base64": (arf(is_coded=True, fields=f"Original-Rcpt-To: {ADA}\n"), [ADA]),
    "fields in plain text": (arf(feedback="text/plain"), [ADA]),
    "headers only": (arf(original="text/rfc822-headers"), [ADA]),
    "a report that does not say what it is": (arf(report="multipart/mixed"), [ADA]),
    "the form of before the standard": (HOTMAIL, [ADA]),
}  # fmt: skip


@pytest.mark.parametrize("name", COMPLAINTS)
def test_a_complaint_is_heard(name):
    raw, expected = COMPLAINTS[name]

    report = parse_report(raw)

    assert report.nature is Nature.COMPLAINT
    assert [record.recipient for record in report.records] == expected
    assert {record.kind for record in report.records} == {Kind.COMPLAINT}


@pytest.mark.parametrize("name", COMPLAINTS)
def test_the_return_path_is_found_in_what_comes_back(name):
    assert "b+k7@letters.example" in parse_report(COMPLAINTS[name][0]).envelope_to


@pytest.mark.parametrize("kind", ["not-spam", "auth-failure", "dmarc"])
def test_what_is_no_complaint_acts_on_nobody(kind):
    assert parse_report(arf(kind, fields=f"Original-Rcpt-To: {ADA}\n")).records == ()
