"""The layouts in which mail systems tell of a failure, each with words of each kind.

A shape is how a system arranges its report: who writes, the subject, where the recipient and the
reason stand. The sentences are ours; what servers print word for word is kept where it is a mark.
"""

import base64
import quopri
from itertools import product
from pathlib import Path

import pytest

from newsletter.core.reports import Nature, parse_report

FIXTURES = Path(__file__).parents[2] / "fixtures" / "reports"
ADA = "ada.lovelace@kelp.example"
OURS = "b+k7@letters.example"
WORDS = {
    "hard": "550 5.1.1 <ada.lovelace@kelp.example>: no such mailbox here",
    "soft": "552 5.2.2 mailbox is full, try next week",
}
RETURNED = """\
Return-Path: <b+k7@letters.example>
Received: from app.letters.example by mx.reef.example; Mon, 23 Nov 2026 06:00:00 +0000
From: Papers <papers@letters.example>
To: ada.lovelace@kelp.example
Subject: Papers of the day
Message-ID: <1@letters.example>
Reply-To: help@letters.example

The mailbox of the sun is full, and unknown users look at it.
Write to editor@letters.example if you cannot read this.
"""


def shape_of(path: Path) -> tuple[str, str, str]:
    """From, Subject and the text with {who}, {why} and {returned}."""
    head, _, text = path.read_text(encoding="utf-8").partition("\n\n")
    sender, subject = head.split("\n")
    return sender.removeprefix("From: "), subject.removeprefix("Subject: "), text


SHAPES = {path.stem: shape_of(path) for path in sorted((FIXTURES / "shapes").glob("*.txt"))}


def _part(kind: str, text: str, encoding: str = "8bit", charset: str = "utf-8") -> bytes:
    raw = text.encode(charset, "replace")
    coded = {"8bit": lambda: raw, "base64": lambda: base64.encodebytes(raw),
             "quoted-printable": lambda: quopri.encodestring(raw)}[encoding]()  # fmt: skip
    head = f"Content-Type: {kind}; charset={charset}\nContent-Transfer-Encoding: {encoding}\n\n"
    return head.encode() + coded


def _multi(subtype: str, *parts: bytes, boundary: str = 'boundary="=_x1"') -> bytes:
    joined = b"".join(b"--=_x1\n" + part + b"\n" for part in parts)
    head = f"MIME-Version: 1.0\nContent-Type: multipart/{subtype}; {boundary}\n\n"
    return head.encode() + b"preamble\n" + joined + b"--=_x1--\n"


def _html(text: str) -> str:
    lines = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").split("\n")
    body = "".join(f"<p>{line}</p>" if line.strip() else "<br>" for line in lines)
    return f"<html><head><style>p {{ color: red }}</style></head><body>{body}</body></html>"


def _attached() -> bytes:
    return b"Content-Type: message/rfc822\n\n" + RETURNED.encode()


# How a report is packed; each keeps the words and hides them in another way.
PACKINGS = {
    "plain": lambda text: _part("text/plain", text),
    "without any type": lambda text: b"\n" + text.encode(),
    "quoted-printable": lambda text: _part("text/plain", text, "quoted-printable"),
    "base64": lambda text: _part("text/plain", text, "base64"),
    "html": lambda text: _part("text/html", _html(text)),
    "alternative": lambda text: _multi(
        "alternative", _part("text/plain", text), _part("text/html", _html(text))
    ),
    "mixed": lambda text: _multi("mixed", _part("text/plain", text, "base64"), _attached()),
    "report with no status": lambda text: _multi("report", _part("text/plain", text), _attached()),
    "no boundary": lambda text: _multi("mixed", _part("text/plain", text), boundary="x=y"),
    "utf-7": lambda text: _part("text/plain", text, charset="utf-7"),
}


def a_report(shape: str, kind: str, packing: str) -> bytes:
    sender, subject, text = SHAPES[shape]
    filled = (
        text.replace("{why}", WORDS[kind]).replace("{who}", ADA).replace("{returned}", RETURNED)
    )
    coded = base64.b64encode(subject.replace("{why}", WORDS[kind]).encode()).decode()
    head = f"Return-Path: <>\nFrom: {sender}\nTo: {OURS}\nSubject: =?utf-8?b?{coded}?=\n"
    return head.encode() + PACKINGS[packing](filled)


@pytest.mark.parametrize("shape", SHAPES)
def test_each_shape_is_read_however_it_is_packed(shape):
    wrong = []
    for kind, packing in [*product(["hard"], PACKINGS), ("soft", "plain"), ("soft", "html")]:
        report = parse_report(a_report(shape, kind, packing))
        read = [(record.recipient, record.kind.value) for record in report.records]
        if read != [(ADA, kind)] or report.nature is not Nature.BOUNCE:
            wrong.append((kind, packing, report.nature.value, read))

    assert wrong == []
