"""The landing page and the archive, and what every page keeps to."""

import logging
import re

import pytest
from builders import MONDAY, a_newsletter, a_paper, settings_for
from fastapi.testclient import TestClient
from pages_walk import BUSY, links_in
from sqlalchemy import text
from visits import our_links, preferences

from newsletter.core.subscribers import TopicText, Wishes
from newsletter.web import create_app
from newsletter.web.shield import MAX_BODY


def test_the_landing_page_shows_the_latest_papers_best_first_and_a_form(client):
    page = client.get("/").text

    titles = re.findall(r"Paper (\d+) about agents</a>", page)
    assert titles == [str(number) for number in range(1, 11)]
    assert "Monday, 15 June 2026" in page
    assert 'name="address"' in page
    assert "All 12 papers" in page


def test_the_landing_page_works_before_the_first_pull(tmp_path):
    with a_newsletter(tmp_path) as empty:
        page = TestClient(create_app(empty, timing=BUSY)).get("/")

    assert page.status_code == 200
    assert "No papers have been collected yet" in page.text


def test_the_archive_leads_to_each_days_papers(client):
    assert "/papers/2026-06-15" in links_in(client.get("/archive").text)
    assert client.get("/papers/2026-06-15").text.count("<h3") == 12


@pytest.mark.parametrize("day", ["2026-06-14", "yesterday", "2026-13-01", "20260615", "9" * 99])
def test_a_day_without_papers_is_not_found(client, day):
    assert client.get(f"/papers/{day}").status_code == 404


def test_a_hostile_paper_is_shown_as_text(tmp_path):
    bad = a_paper(
        title='<script>alert("t")</script>',
        abstract="<img src=x onerror=alert(1)>",
        authors=('"><b>',),
        code_url="javascript:alert(1)",
        project_url='https://example.org/"onmouseover="x',
    )
    with a_newsletter(tmp_path, papers=[bad]) as hostile:
        hostile.pull(MONDAY.date())
        page = TestClient(create_app(hostile, timing=BUSY)).get("/").text

    assert "<script>" not in page
    assert "<img" not in page
    assert "javascript:" not in page
    assert '"onmouseover' not in page


def test_pages_run_only_our_own_files_and_hold_no_style(client, newsletter, ada):
    for link in ("/", "/subscribe", "/archive", "/recover", *our_links(newsletter, ada)):
        page = client.get(link).text
        assert not re.search(r"<script(?! src=\"/static/)|<style|\sstyle=|\son\w+=", page), link
        assert not re.search(r'src="https?:', page), link


def test_a_bad_link_says_what_to_do(client):
    for link in ("/confirm/x", "/preferences/" + "a" * 2000, "/unsubscribe/%00%ff"):
        answer = client.get(link)
        assert answer.status_code == 400
        assert "/recover" in links_in(answer.text)


def test_unknown_pages_and_wrong_methods_have_pages_too(client):
    assert client.get("/nowhere").status_code == 404
    assert client.post("/archive").status_code == 405
    assert client.delete("/subscribe").status_code == 405
    assert "<h1>" in client.get("/nowhere").text


@pytest.mark.parametrize("is_announced", [True, False])
def test_a_body_that_is_too_large_is_refused(client, is_announced):
    body = b"address=" + b"a" * MAX_BODY
    content = body if is_announced else iter([body])
    headers = {"Content-Type": "application/x-www-form-urlencoded"}

    assert client.post("/subscribe", content=content, headers=headers).status_code == 413


def test_a_failure_is_a_page_without_a_traceback_and_logged_without_secrets(
    client, newsletter, ada, caplog
):
    with newsletter.store.write() as session:
        session.execute(text("UPDATE subscribers SET time_zone = 'No/Where-ada@example.org'"))
    link = preferences(newsletter, ada)

    with caplog.at_level(logging.DEBUG):
        answer = client.get(link)
    ours = [record for record in caplog.records if not record.name.startswith("httpx")]

    assert answer.status_code == 500
    assert "The mistake is ours" in answer.text
    assert "Traceback" not in answer.text
    assert "frame-ancestors" in answer.headers["content-security-policy"]
    logged = "\n".join(record.getMessage() for record in ours)
    assert "page_failed route=/preferences/{token}" in logged
    assert link.rpartition("/")[2] not in logged
    assert ada.address not in logged


def test_a_database_that_is_away_is_a_polite_page(client, newsletter, ada):
    link = preferences(newsletter, ada)
    with newsletter.store.write() as session:
        session.execute(text("DROP TABLE topics"))

    answer = client.get(link)

    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert client.get("/healthz").status_code == 200


def test_files_may_be_kept_as_long_as_their_address_stays(client):
    page = client.get("/").text
    sheet = re.search(r'href="(/static/site\.css\?v=\w+)"', page)[1]

    found = client.get(sheet)
    assert found.headers["content-type"].startswith("text/css")
    assert "immutable" in found.headers["cache-control"]
    assert client.get("/static/site.css").headers["cache-control"] == "public, max-age=600"
    unchanged = client.get(sheet, headers={"If-None-Match": found.headers["etag"]})
    assert unchanged.status_code == 304
    assert client.get("/static/../base.html").status_code == 404
    assert client.get("/static/%2e%2e%2fbase.html").status_code == 404


def test_no_page_is_larger_than_60_kilobytes(client, newsletter):
    topics = tuple(TopicText(name=f"Topic {n}", filter="agents") for n in range(20))
    reader = newsletter.add_subscriber("eve@example.org", Wishes(topics=topics), is_confirmed=True)
    for link in ("/", "/subscribe", "/archive", *our_links(newsletter, reader)):
        assert len(client.get(link).content) < 60_000, link


def test_an_operator_may_replace_a_single_template(tmp_path):
    own = tmp_path / "own" / "web"
    own.mkdir(parents=True)
    (own / "recover.html").write_text(
        '{% extends "base.html" %}{% block content %}Ours{% endblock %}'
    )
    settings = settings_for(tmp_path, templates_dir=tmp_path / "own")
    with a_newsletter(tmp_path, settings=settings) as made:
        client = TestClient(create_app(made, timing=BUSY))

        assert "Ours" in client.get("/recover").text
        assert "<h1>Archive</h1>" in client.get("/archive").text
        assert client.get("/static/site.css").status_code == 200
