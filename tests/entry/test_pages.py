"""The pages through a client: what they show, what they change, what they never say."""

import logging
import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest
from builders import MONDAY, Clock, a_newsletter, a_paper, add_reader, settings_for, wishes
from fastapi.testclient import TestClient
from sqlalchemy import text

from newsletter.adapters.queue import MemoryQueue
from newsletter.adapters.store.tables import Row
from newsletter.core.subscribers import Status, TopicText, Wishes
from newsletter.core.tokens import Purpose, make_token
from newsletter.web import create_app
from newsletter.web.shield import MAX_BODY, Timing

BASE = "https://papers.example.org"
BUSY = Timing(answer_seconds=20.0, even_seconds=0.0)  # a test machine may be


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def newsletter(tmp_path, clock):
    papers = [a_paper(number, upvotes=30 - number) for number in range(1, 13)]
    with a_newsletter(tmp_path, papers=papers, clock=clock, queue=MemoryQueue()) as made:
        made.pull(MONDAY.date())
        yield made


@pytest.fixture
def client(newsletter):
    with TestClient(
        create_app(newsletter, timing=BUSY), base_url=BASE, raise_server_exceptions=False
    ) as made:
        yield made


@pytest.fixture
def ada(newsletter):
    """An active reader."""
    return add_reader(newsletter, "ada", "agents", "robots", hour=7, time_zone="Europe/Berlin")


def path(url: str) -> str:
    return url.removeprefix(BASE)


def preferences(newsletter, reader) -> str:
    return path(newsletter.pages_of(reader.id).preferences)


def unsubscribe(newsletter, reader) -> str:
    return path(newsletter.pages_of(reader.id).unsubscribe)


def confirmation(newsletter, address: str) -> str:
    reader = newsletter.subscriber(address)
    keys = newsletter.letterhead.keys
    return "/confirm/" + make_token(Purpose.CONFIRM, reader.id, keys=keys, issued_at=MONDAY)


def dump(newsletter) -> dict[str, list]:
    """Every row of every table."""
    with newsletter.store.read() as session:
        return {
            name: [tuple(row) for row in session.execute(text(f"SELECT * FROM {name}"))]
            for name in Row.metadata.tables
        }


def rows(*topics: tuple[str, str], **values) -> dict[str, str]:
    """A form's fields with these (name, filter) topics."""
    fields = {}
    for number, (name, written) in enumerate(topics):
        fields |= {f"topics-{number}-name": name, f"topics-{number}-filter": written}
    return fields | values


class Links(HTMLParser):
    """Addresses that a page leads to on our own site."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name in ("href", "src", "action") and value and value.startswith("/"):
                self.found.add(value.partition("#")[0])


def links_in(html: str) -> set[str]:
    reader = Links()
    reader.feed(html)
    return reader.found


# Landing and archive


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


# Subscribe


def test_subscribing_waits_for_a_confirmation(client, newsletter):
    answer = client.post("/subscribe", data=rows(("Agents", "agents"), address="eve@example.org"))

    assert answer.status_code == 200
    assert "Check your inbox" in answer.text
    reader = newsletter.subscriber("eve@example.org")
    assert reader.status is Status.PENDING
    assert reader.wishes.topics == (TopicText(name="Agents", filter="agents"),)
    assert [view.kind for view in newsletter.deliveries()] == ["confirm"]


def test_the_answer_never_tells_whether_an_address_is_known(client, newsletter, ada):
    left = add_reader(newsletter, "bob")
    client.post(unsubscribe(newsletter, left))

    answers = {
        client.post("/subscribe", data=rows(("A", "a"), address=f"{name}@example.org")).content
        for name in ("ada", "bob", "new", "new")
    }

    assert len(answers) == 1


def test_all_wishes_of_the_form_are_kept(client, newsletter):
    fields = rows(
        ("Agents", "agents"),
        ("", "robot*  AND arm"),
        address="eve@example.org",
        cadence="weekly",
        weekday="2",
        hour="18",
        time_zone="Asia/Tokyo",
    )
    client.post("/subscribe", data=fields)

    kept = newsletter.subscriber("eve@example.org").wishes
    assert kept == Wishes(
        topics=(
            TopicText(name="Agents", filter="agents"),
            TopicText(name="robot* AND arm", filter="robot* arm"),
        ),
        cadence="weekly",
        weekday=2,
        hour=18,
        time_zone="Asia/Tokyo",
    )


def test_each_problem_stands_at_its_field_and_nothing_typed_is_lost(client, newsletter):
    fields = rows(("Mine", "(agents autor:x"), address="ada at home", hour="9", time_zone="Mars")
    answer = client.post("/subscribe", data=fields)

    assert answer.status_code == 422
    for problem in ("address-problem", "topics-0-filter-problem", "time_zone-problem"):
        assert f'id="{problem}"' in answer.text
    assert "did you mean <code>author:</code>?" in answer.text
    assert "\n        ^</pre>" in answer.text
    for typed in ('value="ada at home"', 'value="(agents autor:x"', 'value="Mine"', 'value="Mars"'):
        assert typed in answer.text
    assert '<option value="9" selected>' in answer.text
    assert newsletter.subscribers() == ()


def test_no_topic_is_a_problem_with_a_row_to_fill_in(client):
    answer = client.post("/subscribe", data={"address": "eve@example.org"})

    assert answer.status_code == 422
    assert "There is no topic" in answer.text
    assert 'name="topics-0-filter"' in answer.text


def test_ticked_examples_are_topics_after_ones_own(client, newsletter):
    fields = rows(("Mine", "abc"), address="eve@example.org") | {"example-3": "1", "example-0": "1"}
    client.post("/subscribe", data=fields)

    kept = newsletter.subscriber("eve@example.org").wishes.topics
    assert [topic.name for topic in kept] == ["Mine", "Agents", "Robots"]


def test_examples_stay_ticked_where_something_else_is_wrong(client):
    answer = client.post("/subscribe", data={"address": "e", "example-3": "1"})

    assert answer.status_code == 422
    assert 'name="example-3" value="1" checked' in answer.text
    assert "There is no topic" not in answer.text


def test_every_example_is_a_filter_that_can_be_kept(client, newsletter):
    for number in range(client.get("/subscribe").text.count('name="example-')):
        fields = {"address": f"reader{number}@example.org", f"example-{number}": "1"}
        assert client.post("/subscribe", data=fields).status_code == 200
        assert len(newsletter.subscriber(fields["address"]).wishes.topics) == 1


def test_a_filter_can_be_tried_before_subscribing(client):
    fields = rows(("", "title:agents"), address="eve@example.org", do="preview-0")
    answer = client.post("/subscribe", data=fields).text

    assert "<strong>12 papers a day</strong> on the one day that has papers" in answer
    assert "Paper 1 about <mark>agents</mark>" in answer


def test_trying_a_wrong_filter_points_at_the_problem(client):
    answer = client.post("/subscribe", data=rows(("", "(a"), do="preview-0")).text

    assert "bracket is never closed" in answer


# Confirm


def test_confirming_takes_a_button_and_may_be_pressed_again(client, newsletter):
    newsletter.subscribe("eve@example.org", wishes("agents", hour=7))
    link = confirmation(newsletter, "eve@example.org")

    shown = client.get(link)
    assert "eve@example.org" in shown.text
    assert newsletter.subscriber("eve@example.org").status is Status.PENDING

    for _ in range(2):
        confirmed = client.post(link)
        assert confirmed.status_code == 200
        assert "Tuesday, 16 June 2026, 07:00 (UTC)" in confirmed.text
        assert newsletter.subscriber("eve@example.org").status is Status.ACTIVE


def test_a_confirmation_link_gets_too_old(client, newsletter, clock):
    newsletter.subscribe("eve@example.org", wishes())
    link = confirmation(newsletter, "eve@example.org")
    clock.move(days=30)

    assert client.post(link).status_code == 400
    assert newsletter.subscriber("eve@example.org").status is Status.PENDING


def test_an_old_confirmation_does_not_bring_back_one_who_left(client, newsletter):
    newsletter.subscribe("eve@example.org", wishes())
    link = confirmation(newsletter, "eve@example.org")
    client.post(link)
    client.post(unsubscribe(newsletter, newsletter.subscriber("eve@example.org")))

    answer = client.post(link)

    assert answer.status_code == 409
    assert "subscribe again" in answer.text
    assert newsletter.subscriber("eve@example.org").status is Status.ENDED


# Preferences


def test_preferences_show_every_wish(client, newsletter):
    reader = add_reader(
        newsletter, "eve", "agents", mutes=("survey",), cap=7, hour=18, cadence="weekly", weekday=4,
        time_zone="Asia/Tokyo", thumbnails=True, paused_until=datetime(2026, 7, 1, tzinfo=UTC),
    )  # fmt: skip
    page = client.get(preferences(newsletter, reader)).text

    for shown in ('value="agents"', 'value="survey"', 'name="cap" value="7"',
                  '<option value="18" selected>', '<option value="weekly" selected>',
                  '<option value="4" selected>', 'value="Asia/Tokyo"',
                  'name="thumbnails" value="1" checked', 'value="2026-07-01"'):  # fmt: skip
        assert shown in page


def test_saved_preferences_are_shown_again(client, newsletter, ada):
    fields = rows(
        ("Pictures", "diffusion"), cadence="daily", weekday="0", hour="9", cap="3",
        time_zone="Europe/Berlin", paused_until="2026-07-01", boxes="1", thumbnails="1",
    ) | {"topics-0-box": "1", "topics-0-cap": "2", "mutes-0": "survey", "do": "save"}  # fmt: skip
    answer = client.post(preferences(newsletter, ada), data=fields)

    assert answer.status_code == 200
    assert "Saved." in answer.text
    assert newsletter.subscriber(ada.address).wishes == Wishes(
        topics=(TopicText(name="Pictures", filter="diffusion", cap=2, is_on=False),),
        mutes=("survey",),
        cadence="daily",
        hour=9,
        time_zone="Europe/Berlin",
        cap=3,
        thumbnails=True,
        paused_until=datetime(2026, 6, 30, 22, tzinfo=UTC),
    )


def test_saving_what_is_shown_changes_nothing(client, newsletter, ada):
    link = preferences(newsletter, ada)
    before = newsletter.subscriber(ada.address)

    client.post(link, data=filled_in(client.get(link).text))

    assert newsletter.subscriber(ada.address) == before


class Filled(HTMLParser):
    """What a browser would send for the page's largest form."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self._select: str | None = None
        self._option: list[str] | None = None

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        if tag == "input" and values.get("name"):
            is_box = values.get("type") == "checkbox"
            if not is_box or "checked" in values:
                self.fields[values["name"]] = values.get("value") or ""
        elif tag == "select":
            self._select = values["name"]
        elif tag == "option" and self._select and "selected" in values:
            self._option = [values.get("value") or ""]

    def handle_data(self, data):
        if self._option is not None and self._select:
            self.fields[self._select] = self._option[0] or data.strip()
            self._option = None


def filled_in(html: str) -> dict[str, str]:
    reader = Filled()
    reader.feed(html)
    return reader.fields


@pytest.mark.parametrize(
    ("button", "filters"),
    [
        ("add-topic", ["agents", "robots", ""]),
        ("up-1", ["robots", "agents"]),
        ("down-0", ["robots", "agents"]),
        ("remove-0", ["robots"]),
        ("up-0", ["agents", "robots"]),
        ("remove-99", ["agents", "robots"]),
        ("nonsense", ["agents", "robots"]),
    ],
)
def test_the_buttons_of_the_form_change_only_what_is_shown(
    client, newsletter, ada, button, filters
):
    link = preferences(newsletter, ada)
    before = dump(newsletter)

    answer = client.post(link, data=filled_in(client.get(link).text) | {"do": button})

    shown = filled_in(answer.text)
    found = [shown[name] for name in sorted(shown) if re.fullmatch(r"topics-\d+-filter", name)]
    assert found == filters
    assert "Not saved yet" in answer.text
    assert dump(newsletter) == before


def test_a_mute_can_be_added_and_removed(client, newsletter, ada):
    link = preferences(newsletter, ada)
    fields = filled_in(client.get(link).text)

    assert 'name="mutes-0"' in client.post(link, data=fields | {"do": "add-mute"}).text
    client.post(link, data=fields | {"mutes-0": "survey", "mutes-1": "x"})
    shown = client.post(link, data=filled_in(client.get(link).text) | {"do": "remove-mute-0"}).text

    assert filled_in(shown)["mutes-0"] == "x"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("cap", "0"),
        ("cap", "ten"),
        ("cap", "9" * 5000),
        ("cap", "²"),
        ("hour", "24"),
        ("weekday", "-1"),
        ("cadence", "hourly"),
        ("time_zone", "../../etc/passwd"),
        ("paused_until", "tomorrow"),
        ("paused_until", "9999-12-31"),
        ("topics-0-cap", "51"),
        ("topics-0-filter", "(a"),
        ("topics-1-name", "agents"),
        ("mutes-0", "autor:x"),
    ],
)
def test_a_wrong_value_is_pointed_at_and_nothing_is_saved(client, newsletter, ada, field, value):
    link = preferences(newsletter, ada)
    before = dump(newsletter)

    answer = client.post(link, data=filled_in(client.get(link).text) | {field: value})

    assert answer.status_code == 422
    assert f'id="{field}-problem"' in answer.text
    assert dump(newsletter) == before


def test_preferences_of_one_who_left_offer_the_way_back(client, newsletter, ada):
    client.post(unsubscribe(newsletter, ada))
    page = client.get(preferences(newsletter, ada)).text

    assert "has ended" in page
    assert unsubscribe(newsletter, ada) in links_in(page)


# Unsubscribe


@pytest.mark.parametrize("encoding", ["form", "multipart", "empty", "garbage"])
def test_one_click_leaves_at_once_without_cookie_or_redirect(client, newsletter, ada, encoding):
    one_click = {"List-Unsubscribe": "One-Click"}
    body = {
        "form": {"data": one_click},
        "multipart": {"files": {"List-Unsubscribe": (None, "One-Click")}},
        "empty": {},
        "garbage": {"content": b"\xff", "headers": {"Content-Type": "multipart/form-data"}},
    }[encoding]
    answer = client.post(unsubscribe(newsletter, ada), follow_redirects=False, **body)

    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    left = newsletter.subscriber(ada.address)
    assert (left.status, left.ended_because) == (Status.ENDED, "one click")


def test_one_click_from_elsewhere_is_taken(client, newsletter, ada):
    headers = {"Origin": "https://mail.example", "Sec-Fetch-Site": "cross-site"}
    answer = client.post(unsubscribe(newsletter, ada), headers=headers)

    assert answer.status_code == 200


def test_leaving_again_says_the_same(client, newsletter, ada):
    link = unsubscribe(newsletter, ada)
    first = client.post(link, data={"do": "leave"})
    before = dump(newsletter)

    assert client.post(link, data={"do": "leave"}).content == first.content
    assert dump(newsletter) == before


def test_a_leave_can_be_undone(client, newsletter, ada):
    link = unsubscribe(newsletter, ada)
    left = client.post(link, data={"do": "leave"})
    assert 'value="undo"' in left.text

    back = client.post(link, data={"do": "undo"})

    assert "Good to have you back" in back.text
    assert newsletter.subscriber(ada.address).status is Status.ACTIVE
    assert newsletter.subscriber(ada.address).wishes == ada.wishes


def test_an_unsubscribe_link_opens_no_preferences_and_the_reverse(client, newsletter, ada):
    manage = preferences(newsletter, ada).rpartition("/")[2]
    leave = unsubscribe(newsletter, ada).rpartition("/")[2]

    for wrong in (f"/preferences/{leave}", f"/unsubscribe/{manage}", f"/confirm/{manage}"):
        assert client.get(wrong).status_code == 400
        assert client.post(wrong).status_code == 400
    assert newsletter.subscriber(ada.address) == ada


# Recover


def test_recovering_tells_nobody_whether_an_address_is_known(client, newsletter, ada):
    known = client.post("/recover", data={"address": ada.address})
    unknown = client.post("/recover", data={"address": "nobody@example.org"})

    assert known.content == unknown.content
    assert [view.address for view in newsletter.deliveries()] == [ada.address]


def test_recovering_what_is_no_address_says_so(client):
    answer = client.post("/recover", data={"address": "ada at home"})

    assert answer.status_code == 422
    assert 'value="ada at home"' in answer.text


# Safety


def our_links(newsletter, reader) -> list[str]:
    return [
        preferences(newsletter, reader),
        unsubscribe(newsletter, reader),
        confirmation(newsletter, reader.address),
    ]


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


def test_a_pause_ends_at_the_readers_own_midnight_and_is_shown_as_they_wrote_it(client, newsletter):
    reader = add_reader(newsletter, "eve", time_zone="America/Los_Angeles", hour=7)
    link = preferences(newsletter, reader)

    client.post(link, data=filled_in(client.get(link).text) | {"paused_until": "2026-07-01"})

    kept = newsletter.subscriber(reader.address)
    assert kept.wishes.paused_until == datetime(2026, 7, 1, 7, tzinfo=UTC)
    assert kept.next_due_at == datetime(2026, 7, 1, 14, tzinfo=UTC)
    assert 'value="2026-07-01"' in client.get(link).text
    assert kept.next_due_at - MONDAY > timedelta(days=14)
