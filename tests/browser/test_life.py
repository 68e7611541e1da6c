"""A reader's whole life in a real Chromium, with JavaScript and without, from mails that came."""

import json
import re
import socket
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from builders import MONDAY, Clock, a_newsletter, a_paper, settings_for

from newsletter.adapters.queue import MemoryQueue
from newsletter.cli.site import Site
from newsletter.core.subscribers import Status
from newsletter.web import create_app, stored_mail
from newsletter.web.shield import Timing

BUSY = Timing(answer_seconds=20.0)  # a test machine may be

pytestmark = pytest.mark.browser

EVE, NEW = "eve@example.org", "eve@new.example"
PHONE = {"width": 375, "height": 800}
WATCH = """document.addEventListener("securitypolicyviolation", (event) =>
  console.error("violates " + event.violatedDirective + ": " + event.blockedURI));"""


@pytest.fixture(params=[True, False], ids=["script", "no script"])
def page(request, browser, site) -> Iterator:
    """A phone's page; it fails on anything that the browser complains about."""
    context = browser.new_context(
        base_url=site.base, java_script_enabled=request.param, viewport=PHONE, accept_downloads=True
    )
    if request.param:
        context.add_init_script(WATCH)
    made, complaints = context.new_page(), []
    made.has_script = request.param
    made.on("console", lambda message: complaints.append(message.text))
    made.on("pageerror", lambda error: complaints.append(str(error)))
    made.set_default_timeout(15_000)
    yield made
    context.close()
    assert [one for one in complaints if "the server responded with a status" not in one] == []


def mails_to(site, address: str) -> list[stored_mail.Mail]:
    """Those that came, the last first."""
    site.newsletter.send_waiting()
    found = (stored_mail.mail(site.inbox, name) for name in stored_mail.names(site.inbox))
    return [one for one in found if one is not None and address in one.header("To")]


def link(site, mail: stored_mail.Mail, name: str) -> str:
    words = f"{mail.text} {mail.header('List-Unsubscribe')}"
    found = re.search(rf"{re.escape(site.base)}/{name}/[a-z2-7]+", words)
    assert found, f"no {name} link in: {words}"
    return found[0]


def title(page) -> str:
    return page.locator("h1").inner_text()


def press(page, name: str, **how) -> None:
    page.get_by_role("button", name=name, exact=True, **how).last.click()


def test_the_whole_life_of_a_reader(page, site):
    newsletter = site.newsletter

    # subscribe
    page.goto("/")
    page.locator("label.chip", has_text="Robots").click()
    page.get_by_label("Your mail address").fill(EVE)
    page.get_by_label("Or in your own words").fill("(agents")
    if page.has_script:
        page.get_by_text("bracket is never closed").first.wait_for()
    else:
        press(page, "Subscribe")
        assert "bracket is never closed" in page.locator("main").inner_text()
        assert page.get_by_label("Your mail address").input_value() == EVE
    page.locator("#topics-0-filter").fill("agents")
    if page.has_script:
        page.locator("#topics-0-filter-live mark").first.wait_for()
    page.wait_for_timeout(400)  # as slow as the form asks for
    press(page, "Subscribe")
    assert title(page) == "Check your inbox"

    # confirm, and a digest
    confirm = mails_to(site, EVE)[0]
    page.goto(link(site, confirm, "confirm"))
    assert newsletter.subscriber(EVE).status is Status.PENDING
    press(page, "Confirm my subscription")
    assert newsletter.subscriber(EVE).status is Status.ACTIVE
    before = len(mails_to(site, EVE))
    newsletter.run(date(2026, 6, 15), everyone=True)
    digest = mails_to(site, EVE)[0]
    assert len(mails_to(site, EVE)) == before + 1
    assert "about agents" in digest.text
    view = re.search(rf"{re.escape(site.base)}/view/\S+", digest.text)[0]
    page.goto(view)
    assert "about agents" in page.locator("body").inner_text()

    # edit a topic, seeing what it would bring
    preferences = link(site, digest, "preferences")
    page.goto(preferences)
    first = page.locator("#topics-0-filter")
    first.fill("title:agents")
    if page.has_script:
        page.locator("#topics-0-filter-live mark").first.wait_for()
    else:
        page.get_by_role("button", name="Preview this filter").first.click()
        page.locator("mark").first.wait_for()
    press(page, "Save")
    assert "Saved." in page.locator("main").inner_text()
    assert "title:agents" in [one.filter for one in newsletter.subscriber(EVE).wishes.topics]

    # pause and resume
    press(page, "For a week")
    assert "on pause" in page.locator("main").inner_text()
    assert newsletter.subscriber(EVE).wishes.paused_until is not None
    press(page, "Resume now")
    assert newsletter.subscriber(EVE).wishes.paused_until is None

    # change the address
    page.goto(preferences)
    page.get_by_role("link", name="Use another address").click()
    page.get_by_label("Your new address").fill(NEW)
    page.wait_for_timeout(400)
    press(page, "Mail the link")
    assert newsletter.subscriber(EVE).address == EVE
    page.goto(link(site, mails_to(site, NEW)[0], "address"))
    page.locator("main form button").last.click()
    assert title(page) == "Your papers have moved"
    assert newsletter.subscriber(NEW).status is Status.ACTIVE

    # what was sent, and an export
    page.goto("/recover")
    page.get_by_label("Your mail address").fill(NEW)
    page.wait_for_timeout(400)
    press(page, "Mail me the link")
    assert title(page) == "Check your inbox"
    preferences = link(site, mails_to(site, NEW)[0], "preferences")
    page.goto(preferences)
    page.get_by_role("link", name="What was sent to you").click()
    assert "15 June" in page.locator("main").inner_text()
    page.goto(preferences)
    with page.expect_download() as downloading:
        page.get_by_role("link", name="Download your data").click()
    exported = Path(downloading.value.path()).read_text(encoding="utf-8")
    assert NEW in json.dumps(json.loads(exported))

    # unsubscribe, and undo
    page.goto(preferences)
    page.get_by_role("link", name="Unsubscribe").click()
    assert newsletter.subscriber(NEW).status is Status.ACTIVE
    press(page, "Unsubscribe")
    assert title(page) == "You are unsubscribed"
    assert newsletter.subscriber(NEW).status is Status.ENDED
    press(page, "Undo, keep me subscribed")
    assert newsletter.subscriber(NEW).status is Status.ACTIVE

    # erase
    page.goto(preferences)
    page.get_by_role("link", name="Erase everything").click()
    press(page, "Erase everything")
    assert title(page) == "Everything is erased"
    assert newsletter.subscribers() == ()
    assert page.goto(preferences).status == 400


def test_a_form_that_is_sent_too_soon_asks_for_one_more_click(page, site):
    page.goto("/recover")
    page.locator("#address").evaluate(
        "(field) => { field.value = 'eve@example.org'; }"
    ) if page.has_script else page.get_by_label("Your mail address").fill(EVE)
    press(page, "Mail me the link")
    if title(page) == "One more click":  # a machine that is busy may be slow enough
        page.wait_for_timeout(400)
        press(page, "Yes, send it")
    assert title(page) == "Check your inbox"


def test_the_browser_does_the_sum_that_a_proof_asks_for(browser, tmp_path):
    listening = socket.create_server(("127.0.0.1", 0))
    base = f"http://127.0.0.1:{listening.getsockname()[1]}"
    settings = settings_for(tmp_path, base_url=base, proof_of_work=True)
    with a_newsletter(
        tmp_path, papers=[a_paper()], settings=settings, clock=Clock(), queue=MemoryQueue()
    ) as newsletter:
        newsletter.pull(MONDAY.date())
        with Site(create_app(newsletter, timing=BUSY), listening):
            context = browser.new_context(base_url=base)
            context.add_init_script(WATCH)
            page, complaints = context.new_page(), []
            page.on("console", lambda message: complaints.append(message.text))
            page.goto("/subscribe")
            page.get_by_label("Your mail address").fill(EVE)
            page.locator("#topics-0-filter").fill("agents")
            press(page, "Subscribe")
            page.get_by_role("heading", name="Check your inbox").wait_for(timeout=60_000)
            context.close()
        assert complaints == []
        assert newsletter.subscriber(EVE).status is Status.PENDING
