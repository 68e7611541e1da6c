"""No text of a stranger hurts a mail."""

import re

import lxml.html
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from looks import addresses_in, assert_sound, is_one_line, links_of, words_of

NASTY = {
    "line ends": "One\r\nBcc: all@example.org\r\n\r\nTwo",
    "markup": "<script>alert(1)</script><b>&amp;</b>",
    "attribute": "\" onmouseover=\"alert(1)' x='",
    "comment": "--> <!--cut--> <!-- ]]>",
    "conditional": "<![endif]--><!--[if mso]>",
    "template": "{{ 7*7 }} {% raw %} {# x #} ${x} %(x)s {x}",
    "our marks": "\ufdd0links.unsubscribe\ufdd1 %EF%B7%90links.unsubscribe%EF%B7%91",
    "turned around": "abc\u202edcba\u2066x",
    "separators": "a\u2028b\u2029c\x0bd\x1ce\x85f",
    "right to left": "مقالة عن الوكلاء",
    "emoji": "🤖👩‍🔬 Agents 🧪",
    "half a pair": "a\ud83db",
    "nothing visible": "\x00\x01\x7f\ufeff",
    "long": "word " * 2_000,
    "longer": "x" * 10_000,
    "encoded word": "=?utf-8?q?Hi?= =?utf-8?b?SGk=?=",
    "quotes": "“a” 'b' \"c\" \\d",
    "dots": ".\n..\n.",
}


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY)
def test_no_foreign_text_can_hurt_a_mail(rendered, mail_paper, text):
    paper = mail_paper(
        title=text,
        abstract=text,
        authors=(text,) * 6,
        organization=mail_paper().organization.__class__(name="x", full_name=text),
        project_url=f"https://example.org/{text}",
        code_url=text,
        thumbnail_url=text,
    )
    mail = rendered([paper], words=[text, text], topic=text, left_out=[mail_paper(2, title=text)])

    assert_sound(mail.html)
    page = lxml.html.document_fromstring(mail.html)
    assert page.xpath("//script|//b|//*[@onmouseover]") == []
    assert not re.search(
        "[\ufdd0-\ufdef\u202a-\u202e\u2066-\u2069\ud800-\udfff]", mail.html + mail.text
    )
    assert links_of(mail.html) == addresses_in(mail.text)
    assert is_one_line(mail.subject)
    mail.text.encode()


@given(text=st.text(max_size=200))
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whatever_a_title_holds_the_mail_is_sound(rendered, mail_paper, text):
    paper = mail_paper(
        title=text, abstract=text, authors=(text,), project_url="https://e.org/" + text
    )
    mail = rendered([paper], words=[text], topic=text)

    assert_sound(mail.html)
    assert links_of(mail.html) == addresses_in(mail.text)


def test_markup_in_a_title_is_shown_as_it_was_typed(rendered, mail_paper):
    mail = rendered([mail_paper(title="<b>Bold</b> & {{ 7*7 }}")], topic="<i>T</i>")

    assert "<b>Bold</b> & {{ 7*7 }}" in words_of(mail.html)
    assert "<i>T</i>" in words_of(mail.html)
    assert "<b>Bold</b> & {{ 7*7 }}" in mail.text


def test_a_readers_link_can_not_leave_its_place(rendered, mail_paper, mail_links):
    links = mail_links(preferences='https://x.org/"><script>alert(1)</script>')
    mail = rendered([mail_paper()], links=links)

    assert "<script" not in mail.html
    assert 'https://x.org/"><script>alert(1)</script>' in links_of(mail.html)
