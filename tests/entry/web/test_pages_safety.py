"""What no page may ever do, whichever pages there are: they are found by walking the site."""

import html
import logging
import re
from urllib.parse import quote

import pytest
from builders import Clock, a_newsletter, a_paper, add_reader, settings_for, wishes
from fastapi.testclient import TestClient
from pages_walk import (
    BASE,
    BUSY,
    MONDAY,
    SECRET,
    dump,
    fill,
    forms_of,
    is_page,
    is_private,
    routes_of,
    starts,
    walk,
)

from newsletter.adapters.queue import MemoryQueue
from newsletter.core.tokens import Purpose, make_token
from newsletter.web import create_app
from newsletter.web.shield import FROM_ANYWHERE

MARK = "zzhostilezz"
NASTY = (
    f"<script>{MARK}</script>",
    f'"><img src=x onerror={MARK}>',
    f"' onmouseover='{MARK}",
    f"</textarea></select></title>--><svg/onload={MARK}>",
    f"{{{{ 7 * 7 }}}}{{% raw %}}{MARK}",
    f"javascript:{MARK}",
    f"{MARK}\u202eb\u2028c\u2066",
    f"{MARK}\x00\x01\x7f\r\nSet-Cookie: a=b",
    "🦜" * 50,
    "' OR 1=1; DROP TABLE subscribers --",
    "../../../../etc/passwd",
    "%s%n{0}%00",
    "9" * 400,
    "-1",
    "1e400",
    "9999-12-31",
    "(" * 200,
    '"' + "a " * 2000,
)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """(the service, its pages' app, a client) with every kind of reader."""
    folder = tmp_path_factory.mktemp("site")
    papers = [a_paper(number, upvotes=30 - number) for number in range(1, 13)]
    papers.append(a_paper(13, title='<script>alert("t")</script>', abstract="<img src=x>"))
    with a_newsletter(folder, papers=papers, clock=Clock(), queue=MemoryQueue()) as newsletter:
        newsletter.pull(MONDAY.date())
        app = create_app(newsletter, timing=BUSY)
        with TestClient(app, base_url=BASE, raise_server_exceptions=False) as client:
            fill(newsletter, client)
            yield newsletter, app, client


@pytest.fixture(scope="module")
def pages(site):
    """Every page that can be reached, by its address; no walk changes a row."""
    newsletter, app, client = site
    before = dump(newsletter)
    found = walk(client, starts(newsletter, app))
    assert dump(newsletter) == before
    return found


@pytest.fixture(scope="module")
def forms(pages):
    return forms_of(pages)


def test_a_crawler_that_opens_every_link_changes_nothing_and_finds_each(pages):
    broken = {
        address: answer.status_code
        for address, answer in pages.items()
        if answer.status_code not in (200, 405, 422)
    }

    assert not broken
    assert len([answer for answer in pages.values() if is_page(answer)]) > 12
    assert len([address for address in pages if is_private(address)]) > 6


def test_every_answer_has_the_headers_that_keep_a_reader_safe(pages):
    for address, answer in pages.items():
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy, address
        assert "frame-ancestors 'none'" in policy, address
        assert "base-uri 'none'" in policy, address
        assert answer.headers["referrer-policy"] == "no-referrer", address
        assert answer.headers["x-content-type-options"] == "nosniff", address
        assert "set-cookie" not in answer.headers, address


def test_no_page_allows_what_stands_in_the_page_but_the_mail_itself(pages):
    for address, answer in pages.items():
        policy = answer.headers["content-security-policy"]
        assert "unsafe-eval" not in policy, address
        scripts = re.search(r"script-src ([^;]*)", policy)
        assert scripts is None or scripts[1] == "'self'", address
        if "/view/" not in address:  # an inlined mail has style on every tag
            assert "unsafe" not in policy, address


def test_no_page_holds_a_script_or_a_style_of_its_own_or_loads_from_elsewhere(pages):
    inline = re.compile(
        r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son[a-z]+=|\shx-on|javascript:|data:text", re.I
    )
    elsewhere = re.compile(r"<(?:script|img|link|iframe|source)[^>]+(?:src|href)=.?(?:https?:)?//")
    for address, answer in pages.items():
        if is_page(answer) and "/view/" not in address:
            assert not inline.search(answer.text), address
            canonical = re.sub(r"<link rel=.(?:canonical|alternate)[^>]*>", "", answer.text)
            assert not elsewhere.search(canonical), address


def test_pages_behind_a_link_are_never_kept_or_indexed(pages):
    private = {address: answer for address, answer in pages.items() if is_private(address)}

    for address, answer in private.items():
        assert answer.headers["cache-control"] == "no-store", address
        assert "noindex" in answer.headers["x-robots-tag"], address


def test_no_public_page_names_a_reader_or_holds_a_readers_link(pages):
    for address, answer in pages.items():
        if not is_private(address):
            assert not re.search(r"(?:ada|ida|lea|eve)@example", answer.text), address
            links = re.findall(r'(?:href|action)="([^"]*)"', answer.text)
            assert not any(is_private(link) for link in links), address


def test_forms_of_readers_take_nobody_elsewhere_and_ask_by_post(forms):
    for form in forms:
        assert form.action.startswith("/"), form
        if form.mails or is_private(form.action):
            assert form.method == "post", form


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": BASE},
        {"Origin": "https://evil.example"},
        {"Origin": "https://papers.example"},
    ],
)
def test_no_form_is_taken_from_elsewhere_but_the_one_click(site, headers):
    newsletter, app, client = site
    before = dump(newsletter)
    posts = {one.path for one in routes_of(app) if "POST" in (one.methods or ())}
    assert posts > FROM_ANYWHERE

    for path in posts:
        answer = client.post(re.sub(r"\{[^}]+\}", "x", path), headers=headers)
        assert (answer.status_code == 403) is (path not in FROM_ANYWHERE), path
    assert dump(newsletter) == before


@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Site": "same-origin", "Origin": "null"}, {"Origin": BASE}, {}],
)
def test_our_own_forms_are_taken(site, headers):
    answer = site[2].post("/recover", data={"address": "nobody@example.org"}, headers=headers)

    assert answer.status_code == 200


def raw_reflections(answer) -> list[str]:
    """Where what was typed stands in the page as html. Plain text and JSON are never that."""
    if "ml" not in answer.headers["content-type"]:
        return []
    shown = re.sub(r"<(?:textarea|title)[^>]*>[^<]*</", "", answer.text)
    return re.findall(
        rf"<[a-z]+[^>\"']*{MARK}|<script>{MARK}|onerror={MARK}>|onload={MARK}>", shown
    )


def test_nothing_hostile_in_any_field_of_any_form_is_run_or_a_failure(site, forms):
    _, _, client = site
    assert len(forms) >= 4
    for form in forms:
        names = list(form.fields)
        posts = [form.filled(**{name: NASTY[n % len(NASTY)]}) for n, name in enumerate(names)]
        for turn in range(0, len(NASTY), 3):  # all of them at once, each field another one
            worst = {name: NASTY[(n + turn) % len(NASTY)] for n, name in enumerate(names)}
            posts.append(form.filled(**worst))
        for fields in posts:
            if form.method == "post":
                answer = client.post(form.action, data=fields)
            else:
                answer = client.get(form.action, params=fields)
            assert answer.status_code < 500, (form.action, fields)
            assert not raw_reflections(answer), (form.action, fields)
            assert "root:" not in answer.text
            assert ">49" not in answer.text
            assert "set-cookie" not in answer.headers


def test_nothing_hostile_in_any_address_is_run_or_a_failure(site):
    _, app, client = site
    for number, route in enumerate(routes_of(app)):
        for nasty in (*NASTY[:2], *(NASTY[(number + turn) % len(NASTY)] for turn in (2, 7, 12))):
            word = quote(nasty, safe="")
            path = re.sub(r"\{[^}]+\}", word.replace("\\", r"\\"), route.path)
            for method in sorted({"GET", "POST"} & set(route.methods or ())):
                answer = client.request(method, f"{path}?filter={word}")
                assert answer.status_code < 500, (method, path)
                assert not raw_reflections(answer), (method, path)


def test_a_link_opens_what_it_was_made_for_and_nothing_else(tmp_path):
    with a_newsletter(tmp_path, queue=MemoryQueue()) as newsletter:
        app = create_app(newsletter, timing=BUSY)
        client = TestClient(app, base_url=BASE, raise_server_exceptions=False)
        reader, keys = add_reader(newsletter, "ada", "agents"), newsletter.letterhead.keys
        behind_links = {one.path for one in routes_of(app) if "{token}" in one.path}
        opened: dict[str, set[str]] = {}
        for path in sorted(behind_links):
            for purpose in Purpose:
                token = make_token(purpose, reader.id, keys=keys, issued_at=MONDAY, extra="1")
                address = path.replace("{token}", token)
                answers = {client.get(address).status_code, client.post(address).status_code}
                if not answers <= {400, 405}:
                    opened.setdefault(path, set()).add(purpose)

    assert len(behind_links) >= 4
    assert all(len(purposes) == 1 for purposes in opened.values()), opened


def test_old_links_work_after_the_keys_were_changed_and_not_after_they_were_dropped(tmp_path):
    old, new = "an-old-key-of-sixteen", "a-new-key-of-sixteen"
    with a_newsletter(tmp_path, settings=settings_for(tmp_path, secret_keys=(old,))) as before:
        reader = before.add_subscriber("ada@example.org", wishes("agents"), is_confirmed=True)
        link = before.pages_of(reader.id).preferences.removeprefix(BASE)
    statuses = []
    for keys in ((new, old), (new,)):
        settings = settings_for(tmp_path, secret_keys=keys)
        with a_newsletter(tmp_path, settings=settings) as after:
            statuses.append(
                TestClient(create_app(after, timing=BUSY), base_url=BASE).get(link).status_code
            )

    assert statuses == [200, 400]


def test_the_log_names_routes_and_no_token_or_address(site, pages, forms, caplog):
    _, _, client = site
    links = [address for address in pages if is_private(address)]
    with caplog.at_level(logging.DEBUG):
        for link in links:
            client.get(link)
        for form in forms:
            if form.mails:
                client.post(form.action, data=form.filled(address="zoe@example.org"))
        client.get("/confirm/not-a-token")

    ours = [record for record in caplog.records if not record.name.startswith("httpx")]
    logged = "\n".join(record.getMessage() for record in ours)
    assert "status=200" in logged
    assert "@example.org" not in logged
    for link in links:
        assert SECRET.search(link)[0] not in logged
    assert "not-a-token" not in logged


def test_a_page_says_the_same_words_as_its_escaped_text():
    """The judge itself: it sees what is not escaped, and passes over what is."""

    class Answer:
        text, headers = f"<p>{NASTY[0]}</p>", {"content-type": "text/html"}

    assert raw_reflections(Answer)
    Answer.text = f"<p>{html.escape(NASTY[0])}</p>"
    assert not raw_reflections(Answer)
