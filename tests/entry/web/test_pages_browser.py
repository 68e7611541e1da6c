"""A reader's whole life in a real Chromium, without JavaScript, from the mails they really get."""

import email
import email.policy
import re
from collections.abc import Iterator

import pytest
from builders import MONDAY, wishes
from served_site import served_newsletter

from newsletter.core.subscribers import Status

pytestmark = pytest.mark.browser

EVE = "eve@example.org"
PHONE = {"width": 375, "height": 800}
DESK = {"width": 1200, "height": 900}


@pytest.fixture
def newsletter(tmp_path):
    """A service with twelve papers whose pages are served for real."""
    with served_newsletter(tmp_path) as made:
        yield made


@pytest.fixture
def page(browser, newsletter) -> Iterator:
    """A page of a phone without JavaScript; it fails on anything the browser complains about."""
    context = browser.new_context(
        base_url=newsletter.settings.base_url, java_script_enabled=False, viewport=PHONE
    )
    made, complaints = context.new_page(), []
    made.on("console", lambda message: complaints.append(message.text))
    made.set_default_timeout(10_000)
    yield made
    context.close()
    unexpected = [
        words for words in complaints if "the server responded with a status" not in words
    ]
    assert unexpected == []


def letter_to(newsletter, address: str) -> tuple[str, str]:
    """The last mail to this address: (its text, its List-Unsubscribe)."""
    newsletter.send_waiting()
    sent = [one for one in newsletter.parts.transport.sent if one.recipient == address]
    message = email.message_from_bytes(sent[-1].content, policy=email.policy.default)
    text = message.get_body(("plain",)).get_content()
    return text, str(message.get("List-Unsubscribe", ""))


def link(words: str, name: str) -> str:
    found = re.search(rf"https?://\S*/{name}/[a-z0-9]+", words)
    assert found, f"no {name} link in: {words}"
    return found[0]


def title(page) -> str:
    return page.locator("h1").inner_text()


def test_a_reader_subscribes_confirms_chooses_leaves_and_comes_back(page, newsletter):
    page.goto("/")
    page.get_by_role("checkbox", name="Robots").check()
    page.get_by_label("Your mail address").fill(EVE)
    page.get_by_label("Or in your own words").fill("(agents")
    page.get_by_text("When: Monday to Friday").click()
    page.get_by_label("Time zone").fill("berlin")
    page.locator("button.full").click()

    assert "bracket is never closed" in page.locator("#topics-0-filter-problem").inner_text()
    assert page.get_by_label("Your mail address").input_value() == EVE
    page.get_by_label("Filter", exact=True).fill("agents")
    page.get_by_label("Filter", exact=True).press("Enter")
    assert title(page) == "Check your inbox"

    page.goto(link(letter_to(newsletter, EVE)[0], "confirm"))
    assert EVE in page.locator("main").inner_text()
    assert newsletter.subscriber(EVE).status is Status.PENDING
    page.get_by_role("button", name="Confirm my subscription").click()
    assert title(page) == "You are subscribed"
    assert newsletter.subscriber(EVE).wishes.time_zone == "Europe/Berlin"

    newsletter.run(MONDAY.date(), everyone=True)
    digest, unsubscribe = letter_to(newsletter, EVE)
    assert "about agents" in digest

    page.goto(link(digest, "preferences"))
    page.get_by_role("button", name="Move topic 2 up").click()
    page.get_by_role("button", name="Remove topic 1").click()
    page.get_by_label("Most papers in one mail").fill("3")
    page.get_by_role("button", name="Save", exact=True).last.click()
    assert "Saved." in page.locator("main").inner_text()
    page.get_by_label("Until a day").fill("2026-07-01")
    page.get_by_role("button", name="Pause", exact=True).click()
    assert "You are on pause" in page.locator("main").inner_text()
    kept = newsletter.subscriber(EVE).wishes
    assert [topic.filter for topic in kept.topics] == ["agents"]
    assert (kept.cap, kept.paused_until.isoformat()) == (3, "2026-06-30T22:00:00+00:00")

    page.goto(link(unsubscribe, "unsubscribe"))
    assert newsletter.subscriber(EVE).status is Status.ACTIVE
    page.get_by_role("button", name="Unsubscribe", exact=True).click()
    assert title(page) == "You are unsubscribed"
    assert newsletter.subscriber(EVE).status is Status.ENDED

    page.get_by_role("button", name="Undo").click()
    assert title(page) == "Good to have you back"
    assert newsletter.subscriber(EVE).status is Status.ACTIVE
    assert newsletter.subscriber(EVE).wishes == kept


def test_a_lost_link_comes_by_mail(page, newsletter):
    newsletter.add_subscriber(EVE, wishes("agents"), is_confirmed=True)

    page.goto("/recover")
    page.get_by_label("Your mail address").fill(EVE)
    page.get_by_role("button", name="Mail me the link").click()
    assert title(page) == "Check your inbox"

    page.goto(link(letter_to(newsletter, EVE)[0], "preferences"))
    assert title(page) == "Your preferences"


def pages_of(newsletter) -> list[str]:
    reader = newsletter.add_subscriber(
        EVE, wishes("agents", "w" * 90, mutes=("x" * 90,)), is_confirmed=True
    )
    links = newsletter.pages_of(reader.id)
    own = [links.preferences, links.unsubscribe]
    return ["/", "/subscribe", "/recover", "/archive", "/papers/2026-06-15", "/confirm/x", *own]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desktop"])
def test_no_page_is_wider_than_its_window_and_every_text_can_be_read(
    browser, newsletter, scheme, size
):
    context = browser.new_context(
        base_url=newsletter.settings.base_url, color_scheme=scheme, viewport=size
    )
    page = context.new_page()
    for address in pages_of(newsletter):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], address
        assert page.evaluate(FAINT_TEXTS) == [], address
    context.close()


def test_every_field_and_button_has_a_name_and_can_be_hit(browser, newsletter):
    context = browser.new_context(base_url=newsletter.settings.base_url, viewport=PHONE)
    page = context.new_page()
    for address in pages_of(newsletter):
        page.goto(address)
        assert page.evaluate(NAMELESS) == [], address
        assert page.evaluate(SMALL) == [], address
        assert page.locator("h1").count() == 1, address
        assert page.locator("main").count() == 1, address
    context.close()


# WCAG 2.2, 1.4.3: text reaches 4.5:1 against what is painted behind it, large text 3:1.
FAINT_TEXTS = """
() => {
  const light = (c) => { c /= 255; return c <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4 };
  const parts = (css) => css.match(/[\\d.]+/g).map(Number);
  const bright = ([r, g, b]) => .2126 * light(r) + .7152 * light(g) + .0722 * light(b);
  const ground = (node) => {
    for (; node; node = node.parentElement) {
      const c = parts(getComputedStyle(node).backgroundColor);
      if (c.length < 4 || c[3] > 0) return c;
    }
    return [255, 255, 255];
  };
  const faint = [];
  for (const node of document.querySelectorAll("body *")) {
    const own = [...node.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    const style = getComputedStyle(node);
    if (!own || node.disabled || node.closest(".unseen, .trap, .skip, option")) continue;
    const [a, b] = [bright(parts(style.color)), bright(ground(node))].sort((x, y) => y - x);
    const size = parseFloat(style.fontSize), bold = +style.fontWeight >= 700;
    const least = size >= 24 || (bold && size >= 18.66) ? 3 : 4.5;
    const found = (a + .05) / (b + .05);
    if (found < least) faint.push(node.textContent.trim().slice(0, 40) + " " + found.toFixed(2));
  }
  return faint;
}
"""
# 1.3.1 and 4.1.2: a label, or a name of its own.
NAMELESS = """
() => [...document.querySelectorAll("input:not([type=hidden]), select, textarea, button, a")]
  .filter((node) => !node.closest("[aria-hidden=true]"))
  .filter((node) => !((node.labels && node.labels.length) || node.getAttribute("aria-label")
    || node.textContent.trim()))
  .map((node) => node.outerHTML.slice(0, 120))
"""
# 2.5.8: what is pressed measures at least 24 by 24 pixels; links in a sentence are exempt.
SMALL = """
() => [...document.querySelectorAll("button, .button, select, input:not([type=hidden])")]
  .filter((node) => !node.closest(".unseen, .trap") && !node.classList.contains("unseen"))
  .map((node) => [node, (node.closest("label.check") || node).getBoundingClientRect()])
  .filter(([, box]) => box.width < 24 || box.height < 24)
  .map(([node]) => node.outerHTML.slice(0, 120))
"""
