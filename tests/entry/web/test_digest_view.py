"""A digest on the web: whole, fit to be passed on, and guarded by its own link."""

import base64
import hashlib
import re

import pytest
from builders import MONDAY, Clock, a_newsletter, a_paper, add_reader
from pages_walk import BASE

from newsletter.adapters.queue import MemoryQueue
from newsletter.core.mail.links import links_of
from newsletter.core.subscribers import TopicText, Wishes
from newsletter.core.tokens import Purpose, make_token

TODAY = MONDAY.date()
LONG = "We build agents that plan, one careful step after the other, and say why. " * 12


@pytest.fixture
def newsletter(tmp_path):
    papers = [a_paper(number, abstract=LONG, upvotes=200 - number) for number in range(1, 61)]
    with a_newsletter(tmp_path, papers=papers, clock=Clock(), queue=MemoryQueue()) as made:
        yield made


def a_mailed_reader(newsletter, *filters, **values):
    reader = add_reader(newsletter, "ada", *(filters or ("agents",)), **values)
    newsletter.run(TODAY, everyone=True)
    return reader


def links(newsletter, reader, edition=TODAY):
    return links_of(newsletter.letterhead, reader.id, confirm_at=None, edition=edition)


def view(newsletter, reader, edition=TODAY) -> str:
    return links(newsletter, reader, edition).view.removeprefix(BASE)


def a_link(newsletter, reader, purpose, **values) -> str:
    return "/view/" + make_token(purpose, reader.id, keys=newsletter.letterhead.keys, **values)


def titles(html: str) -> list[int]:
    return [int(number) for number in re.findall(r"Paper (\d+) about agents</a></h3>", html)]


def test_the_first_digest_page_of_a_day_is_made_of_what_is_ready(newsletter):
    reader = a_mailed_reader(newsletter)
    newsletter.back_test("*")
    newsletter.rehearse_digest_page()
    made = newsletter.parts.renderer.frame.cache_info().misses

    newsletter.digest_page(view(newsletter, reader).removeprefix("/view/"))

    assert newsletter.parts.renderer.frame.cache_info().misses == made


def test_the_mail_leads_to_its_page_on_the_web(newsletter, client):
    reader = a_mailed_reader(newsletter)
    shown = newsletter.preview(reader.address, edition=TODAY).rendered

    link = links(newsletter, reader).view
    assert link in shown.html
    assert link in shown.text
    assert client.get(link).status_code == 200


def test_more_on_the_web_is_there_in_full(newsletter, client):
    reader = a_mailed_reader(newsletter, cap=10)
    mail = newsletter.preview(reader.address, edition=TODAY).rendered
    assert "38 more on the web" in mail.text  # 10 cards, 12 lines

    page = client.get(view(newsletter, reader)).text

    assert titles(page) == list(range(1, 61))
    assert "more on the web" not in page


def test_a_page_has_no_limit_of_size(newsletter, client):
    reader = a_mailed_reader(newsletter, cap=50)

    page = client.get(view(newsletter, reader)).text

    assert titles(page) == list(range(1, 61))
    assert page.count("one careful step after the other") >= 60


def test_papers_of_earlier_mails_do_not_come_back_as_more(newsletter, client):
    reader = a_mailed_reader(newsletter, cap=10)
    newsletter._clock.move(days=1)
    newsletter.run(newsletter.today(), everyone=True)

    page = client.get(view(newsletter, reader, newsletter.today())).text

    assert titles(page) == list(range(23, 61))


def test_a_page_that_is_passed_on_hands_over_no_link_of_its_reader(newsletter, client):
    reader = a_mailed_reader(newsletter)
    own = links(newsletter, reader)

    page = client.get(own.view).text

    for link in (own.preferences, own.pause, own.unsubscribe, own.unsubscribe_mailto, own.view):
        assert link not in page
    assert "unsubscribe" not in page.lower()
    assert reader.address not in page
    assert f"{BASE}/subscribe" in page


def test_a_page_stays_out_of_caches_searches_and_referrers(newsletter, client):
    headers = client.get(view(newsletter, a_mailed_reader(newsletter))).headers

    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Robots-Tag"] == "noindex, nofollow"
    assert "Disallow: /view/" in client.get("/robots.txt").text


def test_a_page_may_load_nothing_but_its_own_style(newsletter, client):
    reader = a_mailed_reader(newsletter, thumbnails=True)

    answer = client.get(view(newsletter, reader))

    page = re.sub("(?s)<!--.*?-->", "", answer.text)
    styles = re.findall("(?s)<style>(.*?)</style>", page)
    told = [base64.b64encode(hashlib.sha256(one.encode()).digest()).decode() for one in styles]
    policy = answer.headers["Content-Security-Policy"]
    hashes = " ".join(f"'sha256-{one}'" for one in told)
    assert f"style-src-elem {hashes};" in policy
    assert page.count("<style") == len(styles) > 0
    assert policy.startswith("default-src 'none';")
    assert not re.search("script-src|img-src|https?:", policy)
    assert "<img" not in answer.text


def test_looking_without_fetching_works_and_nothing_else_does(newsletter, client):
    path = view(newsletter, a_mailed_reader(newsletter))

    assert client.head(path).status_code == 200
    assert client.head(path).text == ""
    assert client.post(path).status_code == 405


@pytest.mark.parametrize("purpose", [one for one in Purpose if one is not Purpose.VIEW])
def test_a_link_for_something_else_shows_no_digest(newsletter, client, purpose):
    reader = a_mailed_reader(newsletter)

    answer = client.get(a_link(newsletter, reader, purpose, extra=TODAY.isoformat()))

    assert answer.status_code == 400
    assert "This link does not work" in answer.text


@pytest.mark.parametrize("token", ["x", "a" * 60, "a" * 2000, "%00", "🦜"])
def test_a_broken_link_is_told_so(newsletter, client, token):
    answer = client.get(f"/view/{token}")

    assert answer.status_code in (400, 404)
    assert "about agents" not in answer.text


def test_a_changed_link_is_refused(newsletter, client):
    path = view(newsletter, a_mailed_reader(newsletter))
    changed = path[:-3] + ("b" if path[-3] != "b" else "c") + path[-2:]

    assert client.get(changed).status_code == 400


def test_a_digest_that_never_was_or_is_gone_is_told_so(newsletter, client):
    reader = a_mailed_reader(newsletter)
    path = view(newsletter, reader)
    other = view(newsletter, reader, MONDAY.date().replace(day=1))

    never = client.get(other)
    newsletter.remove_subscriber(reader.address, actor="test")
    gone = client.get(path)

    assert (never.status_code, gone.status_code) == (400, 400)
    assert "is not kept any more" in never.text
    assert "about agents" not in gone.text


def test_a_digest_stays_after_its_reader_changed_or_left(newsletter, client):
    reader = a_mailed_reader(newsletter, cap=5)
    path = view(newsletter, reader)
    token = links(newsletter, reader).unsubscribe.rpartition("/")[2]
    changed = Wishes(topics=(TopicText(name="Robots", filter="robots"),))
    manage = links(newsletter, reader).preferences.rpartition("/")[2]

    newsletter.change_wishes(manage, changed)
    newsletter.unsubscribe(token, because="page")

    # What was sent is in its row; what its caps kept out is looked for by the topics of today.
    assert titles(client.get(path).text)[:5] == [1, 2, 3, 4, 5]
