"""A topic tried while it is typed, in a real Chromium: with our own files only, and by keyboard."""

from collections.abc import Iterator

import pytest
from served_site import served_newsletter

pytestmark = pytest.mark.browser

FIELD, PLACE = "#topics-0-filter", "#topics-0-filter-live"


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Iterator[str]:
    """The address of a site with twelve papers."""
    with served_newsletter(tmp_path_factory.mktemp("live")) as made:
        yield made.settings.base_url


@pytest.fixture
def page(site, browser) -> Iterator:
    """A landing page; it fails on anything the browser complains about or fetches elsewhere."""
    context = browser.new_context(timezone_id="Asia/Tokyo")
    made = context.new_page()
    complaints: list[str] = []
    asked: list[str] = []
    made.on("console", lambda message: complaints.append(message.text))
    made.on("pageerror", lambda error: complaints.append(str(error)))
    made.on("request", lambda request: asked.append(request.url))
    made.set_default_timeout(10_000)
    made.goto(site)
    yield made
    context.close()
    assert complaints == []
    assert all(url.startswith(site) for url in asked)


def test_what_a_filter_brings_shows_while_it_is_typed(page):
    page.locator(FIELD).press_sequentially("agents -kites")

    page.locator(f"{PLACE} mark").first.wait_for()
    assert "12 papers a day" in page.locator(PLACE).inner_text()
    assert page.locator(f"{PLACE} svg rect").count() == 1


def test_a_mistake_is_pointed_at_while_it_is_typed_and_forgotten_when_mended(page):
    page.fill(FIELD, "agents autor:x")
    page.locator(f"{PLACE} .problem").wait_for()
    assert page.locator(FIELD).get_attribute("aria-invalid") == "true"

    page.fill(FIELD, "agents")
    page.locator(f"{PLACE} mark").first.wait_for()
    assert page.locator(FIELD).get_attribute("aria-invalid") is None
    assert page.locator(f"{PLACE} .problem").count() == 0

    page.fill(FIELD, "")
    page.locator(f"{PLACE} .preview").wait_for(state="detached")


def test_examples_are_ticked_by_keyboard_and_tried_together(page):
    agents = page.get_by_role("checkbox", name="Agents")
    agents.focus()
    page.keyboard.press("Space")
    page.locator("#examples-live .preview").wait_for()
    assert agents.is_checked()

    page.keyboard.press("Space")
    page.locator("#examples-live .preview").wait_for(state="detached")


def test_a_new_readers_time_zone_is_that_of_their_browser(page):
    assert page.locator("#time_zone").input_value() == "Asia/Tokyo"
    assert page.locator("[data-rhythm]").inner_text() == "Monday to Friday at 07:00, Asia/Tokyo"

    page.locator(".when summary").click()
    page.locator("#cadence").select_option("weekly")
    page.locator("#hour").select_option("18")
    assert page.locator("[data-rhythm]").inner_text() == "Every Monday at 18:00, Asia/Tokyo"
