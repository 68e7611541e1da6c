"""The local inbox: every mail can be seen as HTML, text and source, and can do nothing itself."""

import os
from email.message import EmailMessage
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from newsletter.web.inbox import PAGE_SIZE, inbox_router
from newsletter.web.stored_mail import MAX_BYTES

TEMPLATES = Path(__file__).parents[3] / "templates" / "web"


@pytest.fixture
def folder(tmp_path) -> Path:
    path = tmp_path / "inbox"
    path.mkdir()
    return path


@pytest.fixture
def client(folder) -> TestClient:
    templates = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    app = FastAPI()
    app.include_router(inbox_router(folder, templates))
    return TestClient(app, base_url="http://127.0.0.1:8000")


def a_mail(*, subject="Three papers for you", to="ada@example.org", text="Hello Ada", html=None):
    mail = EmailMessage()
    mail["From"] = "Daily Papers <papers@example.org>"
    mail["To"] = to
    mail["Subject"] = subject
    mail["Date"] = "Tue, 16 Jun 2026 07:00:00 +0000"
    mail["List-Unsubscribe"] = "<https://papers.example.org/u/abc>, <mailto:u@example.org>"
    if text is not None:
        mail.set_content(text)
    if html is not None and text is not None:
        mail.add_alternative(html, subtype="html")
    elif html is not None:
        mail.set_content(html, subtype="html")
    return mail.as_bytes()


def put(folder, name, content, *, arrived=None):
    path = folder / name
    path.write_bytes(content)
    if arrived is not None:
        os.utime(path, (arrived, arrived))


# --- the list ----------------------------------------------------------------------------------


def test_the_inbox_lists_who_what_when_and_how_big_with_the_newest_first(client, folder):
    put(folder, "1.eml", a_mail(subject="The older one"), arrived=1_781_600_000)
    put(folder, "2.eml", a_mail(subject="The newer one", to="grace@example.org"),
        arrived=1_781_600_060)  # fmt: skip

    page = client.get("/inbox").text

    assert page.index("The newer one") < page.index("The older one")
    assert "grace@example.org" in page
    assert "2026-06-16 08:53:20 UTC" in page
    assert f"{len(a_mail(subject='The older one'))} bytes" in page


def test_a_mail_that_arrives_later_is_listed_at_once(client, folder):
    assert "No mail yet" in client.get("/inbox").text

    put(folder, "late.eml", a_mail(subject="Better late"))

    assert "Better late" in client.get("/inbox").text


def test_a_folder_that_does_not_exist_yet_is_an_empty_inbox(client, folder):
    folder.rmdir()

    answer = client.get("/inbox")

    assert answer.status_code == 200
    assert "No mail yet" in answer.text


def test_a_long_inbox_comes_in_pages(client, folder):
    for number in range(PAGE_SIZE + 1):
        put(folder, f"{number}.eml", a_mail(subject=f"Number {number}."), arrived=1e9 + number)

    first, second = client.get("/inbox").text, client.get("/inbox?page=2").text

    assert "Number 100." in first
    assert "Number 0." not in first
    assert "Number 0." in second
    assert "Page 2 of 2" in second


def test_only_mails_that_lie_in_the_folder_itself_are_listed(client, folder):
    put(folder.parent, "secret.eml", a_mail(subject="A secret"))
    put(folder, "half.eml.tmp", a_mail(subject="Half written"))
    put(folder, ".hidden.eml", a_mail(subject="Hidden"))
    (folder / "link.eml").symlink_to(folder.parent / "secret.eml")
    (folder / "folder.eml").mkdir()

    assert "No mail yet" in client.get("/inbox").text
    for name in ("link.eml", "folder.eml", ".hidden.eml", "half.eml.tmp"):
        assert client.get(f"/inbox/{name}").status_code == 404


# --- one mail ----------------------------------------------------------------------------------


def test_a_mail_shows_its_headers_decoded(client, folder):
    put(folder, "1.eml", a_mail(subject="Ψ-Bench und 24 weitere", to="Zoë <zoe@example.org>"))

    page = client.get("/inbox/1.eml").text

    assert "Ψ-Bench und 24 weitere" in page
    assert "Zoë &lt;zoe@example.org&gt;" in page
    assert 'href="https://papers.example.org/u/abc"' in page
    assert "href=&#34;mailto" not in page


def test_a_mail_is_shown_as_html_first_and_framed(client, folder):
    put(folder, "1.eml", a_mail(html="<p>Hello <b>Ada</b></p>"))

    page = client.get("/inbox/1.eml").text

    assert '<iframe src="/inbox/1.eml/html"' in page
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page
    assert "<b>Ada</b>" not in page


def test_every_view_is_a_link_and_shows_the_mail(client, folder):
    put(folder, "1.eml", a_mail(text="Grüße & Küsse", html="<p>Hello</p>"))

    page = client.get("/inbox/1.eml").text
    text = client.get("/inbox/1.eml?view=text").text
    source = client.get("/inbox/1.eml?view=source").text

    for view in ("html", "text", "source"):
        assert f'href="/inbox/1.eml?view={view}"' in page
    assert "Grüße &amp; Küsse" in text
    assert "Content-Type: multipart/alternative" in source


def test_a_mail_without_html_is_shown_as_text(client, folder):
    put(folder, "1.eml", a_mail(text="Only words"))

    page = client.get("/inbox/1.eml?view=html").text

    assert "Only words" in page
    assert "view=html" not in page
    assert client.get("/inbox/1.eml/html").status_code == 404


def test_the_parts_are_served_alone(client, folder):
    content = a_mail(text="Grüße", html="<html><head></head><p>Grüße</p></html>")
    put(folder, "1.eml", content)

    html = client.get("/inbox/1.eml/html")
    text = client.get("/inbox/1.eml/text")
    source = client.get("/inbox/1.eml/source")

    assert html.headers["content-type"] == "text/html; charset=utf-8"
    assert "<p>Grüße</p>" in html.text
    assert text.headers["content-type"] == "text/plain; charset=utf-8"
    assert text.text == "Grüße\n"
    assert source.headers["content-type"] == "text/plain; charset=utf-8"
    assert source.content == content


def test_links_of_a_mail_open_beside_the_inbox(client, folder):
    put(folder, "1.eml", a_mail(html='<html><HEAD lang="en"><title>x</title></HEAD></html>'))

    html = client.get("/inbox/1.eml/html").text

    assert '<HEAD lang="en"><base target="_blank"><title>x' in html


# --- safety ------------------------------------------------------------------------------------


def policy_of(answer) -> dict[str, str]:
    parts = answer.headers["content-security-policy"].split(";")
    return {name: rest for name, _, rest in (part.strip().partition(" ") for part in parts)}


def test_a_mail_may_bring_its_looks_and_pictures_but_no_script(client, folder):
    put(folder, "1.eml", a_mail(html="<script>alert(1)</script>"))

    policy = policy_of(client.get("/inbox/1.eml/html"))

    assert policy["default-src"] == "'none'"
    assert "script-src" not in policy
    assert policy["style-src"] == "'unsafe-inline'"
    assert policy["img-src"] == "https:"
    assert "allow-scripts" not in policy["sandbox"]
    assert "allow-same-origin" not in policy["sandbox"]


@pytest.mark.parametrize("path", ["", "/1.eml", "/1.eml?view=text", "/1.eml/text", "/1.eml/source"])
def test_no_page_of_ours_allows_inline_style_or_script(client, folder, path):
    put(folder, "1.eml", a_mail(html="<p>Hello</p>"))

    answer = client.get(f"/inbox{path}")

    assert policy_of(answer)["default-src"] == "'none'"
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert " style=" not in answer.text
    assert "<script" not in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_what_a_mail_says_is_never_markup_of_our_pages(client, folder):
    evil = '"><script>alert(1)</script>'
    mail = a_mail(subject=evil, text=evil).replace(
        b"Date:", b"X-Evil: <https://x.example/'onmouseover='x>\nDate:"
    )
    put(folder, "1.eml", mail)
    put(folder, "<b>&'\".eml", a_mail(subject="Strange name"))

    pages = [client.get(f"/inbox{path}").text for path in ("", "/1.eml", "/1.eml?view=source")]

    assert not any("<script" in page or "<b>" in page for page in pages)
    assert "&#39;onmouseover" in pages[1]
    assert "Strange name" in client.get("/inbox/%3Cb%3E%26'%22.eml").text


@pytest.mark.parametrize(
    "name",
    ["..%2Fsecret.eml", "%2e%2e%2fsecret.eml", "..", "%2Fetc%2Fpasswd", "..%5Csecret.eml",
     "1.eml%00", "1.EML", "%FF.eml", "x" * 5000],
)  # fmt: skip
@pytest.mark.parametrize("part", ["", "/html", "/text", "/source"])
def test_no_name_leads_out_of_the_folder(client, folder, name, part):
    put(folder.parent, "secret.eml", a_mail(subject="A secret", html="A secret"))
    put(folder, "1.eml", a_mail())

    answer = client.get(f"/inbox/{name}{part}")

    assert answer.status_code == 404
    assert "A secret" not in answer.text


@pytest.mark.parametrize("host", ["papers.example.org", "127.0.0.1.example.org", "10.0.0.7"])
def test_a_request_by_any_name_but_loopback_is_refused(client, folder, host):
    put(folder, "1.eml", a_mail(subject="A secret"))

    for path in ("/inbox", "/inbox/1.eml", "/inbox/1.eml/source"):
        answer = client.get(path, headers={"Host": host})

        assert answer.status_code == 421
        assert "A secret" not in answer.text


@pytest.mark.parametrize("host", ["127.0.0.1:8025", "localhost", "demo.localhost:1", "[::1]:8025"])
def test_every_loopback_name_is_answered(client, host):
    assert client.get("/inbox", headers={"Host": host}).status_code == 200


# --- broken mails ------------------------------------------------------------------------------

BROKEN = {
    "empty": b"",
    "blanks": b"\r\n\r\n",
    "no headers": b"this is no message at all\nreally\n",
    "binary": bytes(range(256)) * 20,
    "only headers": b"To: ada@example.org\nSubject: Cut off",
    "no boundary": b"To: a@example.org\nContent-Type: multipart/alternative\n\nlost words\n",
    "cut in a part": a_mail(html="<p>Hello</p>")[:-40],
    "unknown charset": b"Subject: x\nContent-Type: text/plain; charset=klingon\n\nlost words\n",
    "unknown encoding": b"Subject: x\nContent-Transfer-Encoding: rot13\n\nlost words\n",
    "bad base64": b"Subject: x\nContent-Transfer-Encoding: base64\n\n!!!!=\n",
    "raw bytes in a header": b"Subject: \xff\xfe\nTo: \xc3\xa9\xed\xa0\x80\n\nlost words\n",
    "bad encoded word": b"Subject: =?utf-8?q?=FF=?= =?x?b?!?=\nTo: <<@>,;\"\n\nlost words\n",
    "bad content type": b"Content-Type: ;;;=\nSubject: x\n\nlost words\n",
    "deep": b"Subject: x\n" + b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(300)
    ),
}  # fmt: skip


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_mail_is_shown_and_hides_no_other(client, folder, content):
    put(folder, "broken.eml", content)
    put(folder, "sound.eml", a_mail(subject="A sound one"))

    page = client.get("/inbox")
    source = client.get("/inbox/broken.eml/source")

    assert "A sound one" in page.text
    assert "/inbox/broken.eml" in page.text
    assert client.get("/inbox/broken.eml").status_code == 200
    assert client.get("/inbox/broken.eml?view=source").status_code == 200
    assert source.content == content


@pytest.mark.parametrize(
    ("kind", "note"),
    [
        ("empty", "The file is empty."),
        ("no headers", "This is not a message"),
        ("binary", "This is not a message"),
        ("no boundary", "Something is wrong with this mail"),
        ("unknown charset", "Nobody knows the character set &#39;klingon&#39;"),
        ("cut in a part", "Something is wrong with this mail"),
        ("only headers", "It has no part that is text or HTML."),
    ],
)
def test_a_broken_mail_says_what_is_wrong(client, folder, kind, note):
    put(folder, "1.eml", BROKEN[kind])

    assert note in client.get("/inbox/1.eml").text


def test_what_is_no_message_is_shown_as_source(client, folder):
    put(folder, "1.eml", BROKEN["no headers"])

    page = client.get("/inbox/1.eml?view=html").text

    assert "this is no message at all" in page
    assert "view=text" not in page


def test_a_sound_mail_has_no_note(client, folder):
    put(folder, "1.eml", a_mail(html="<p>Hello</p>"))

    assert "Something is wrong" not in client.get("/inbox/1.eml").text


def test_of_a_huge_mail_the_beginning_is_shown(client, folder):
    put(folder, "1.eml", a_mail(text="words") + b"x" * MAX_BYTES)

    page = client.get("/inbox/1.eml?view=source").text

    assert "Only the first 10,000,000 of" in page
    assert "words" in page


def test_a_mail_that_is_gone_again_is_not_found(client, folder):
    put(folder, "1.eml", a_mail())
    assert client.get("/inbox/1.eml").status_code == 200

    (folder / "1.eml").unlink()

    assert client.get("/inbox/1.eml").status_code == 404
