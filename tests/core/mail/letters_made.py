"""Whole messages: text that could break one, and looks into what was made."""

from newsletter.core.digests import Digest, Pick, Section

NASTY = {
    "line ends": "One\r\nBcc: all@example.org\r\n\r\nTwo",
    "markup": "<script>alert(1)</script><b>&amp;</b>",
    "attribute": "\" onmouseover=\"alert(1)' x='",
    "comment": "--> <!--cut--> <![endif]--> <!-- ]]>",
    "template": "{{ 7*7 }} {% raw %} {# x #} ${x} %(x)s {x} %s",
    "our marks": "\ufdd0links.unsubscribe\ufdd1 %EF%B7%90token.manage%EF%B7%91 <!--\ufdd2-->",
    "turned around": "abc\u202edcba\u2066x",
    "separators": "a\u2028b\u2029c\x0bd\x1ce\x85f",
    "half a pair": "a\ud83db",
    "nothing visible": "\x00\x01\x7f\ufeff x",
    "long": "word " * 2_000,
    "longer": "x" * 10_000,
    "wide": "論文" * 5_000,
    "encoded word": "=?utf-8?q?Hi?= =?utf-8?b?SGk=?=",
    "boundary": "--=_0123456789abcdef0123456789abcdef--",
    "a dot": ".\r\n..\n.",
    "the end": "\r\n.\r\nMAIL FROM:<x@example.org>\r\n",
    "encoded already": "=3D=\n=2E =C3=A9 =",
    "quotes": "“a” 'b' \"c\" \\d",
}


def bodies(message):
    return [
        message.get_body((kind,)).get_payload(decode=True).decode() for kind in ("html", "plain")
    ]


def assert_ready_for_the_wire(content):
    assert content.endswith(b"\r\n")
    assert not {b"\r", b"\n"} & set(content.replace(b"\r\n", b"").split())
    assert b"\r" not in content.replace(b"\r\n", b"")
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert b"\0" not in content
    assert not any(line.startswith(b".") for line in content.split(b"\r\n"))
    body = content.partition(b"\r\n\r\n")[2]
    assert max(map(len, body.split(b"\r\n"))) <= 76


def a_digest(*papers, topic="Agents", words=("agent*",), **values):
    picks = tuple(Pick(paper_id=paper.id, words=tuple(words)) for paper in papers)
    return Digest(sections=(Section(topic=topic, picks=picks),), **values)
