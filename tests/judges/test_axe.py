"""axe finds no barrier in a mail: WCAG 2.2 AA and good practice, light and dark, phone and desktop.

A mail is looked at as a mail program shows it: on its own page, without scripts, nothing fetched.
"""

import re

import pytest

pytestmark = pytest.mark.browser

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]
# Good practice for a site that is none for a mail: rule, and why.
NOT_FOR_MAIL = {
    "region": "the landmarks of the page around it belong to the mail program",
    "landmark-one-main": "the same",
}
JUDGED = re.compile(r"demo|nasty|pictures|counted")  # a second or more for each
WIDTHS = {"phone": 375, "desktop": 1200}
RUN = """async ([tags, off]) => {
  const rules = Object.fromEntries(off.map((id) => [id, { enabled: false }]));
  const found = await axe.run(document, { runOnly: { type: "tag", values: tags }, rules });
  const told = (kind) => found[kind].flatMap((rule) => rule.nodes.map((node) =>
    `${rule.id}: ${rule.help}: ${node.html.slice(0, 200)}: ${node.failureSummary}`));
  return { violations: told("violations"), passes: found.passes.map((rule) => rule.id) };
}"""


@pytest.fixture
def judge(browser, axe, request):
    """Judges html with this colour scheme and width; the findings and the rules that passed."""
    contexts = []

    def look(html: str, *, scheme: str, width: int) -> dict:
        context = browser.new_context(
            color_scheme=scheme, viewport={"width": width, "height": 900}, offline=True
        )
        contexts.append(context)
        page = context.new_page()
        page.set_content(html, wait_until="domcontentloaded")
        page.evaluate(axe)
        return page.evaluate(RUN, [TAGS, list(NOT_FOR_MAIL)])

    yield look
    for context in contexts:
        context.close()


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_barrier_in_any_mail(few_mails, judge, scheme, width):
    found = [
        f"{mail.name}: {words}"
        for mail in few_mails
        if JUDGED.search(mail.name)
        for words in judge(mail.html, scheme=scheme, width=WIDTHS[width])["violations"]
    ]

    assert not found, "\n".join(found)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_stands_out_at_the_side(few_mails, browser, scheme, width):
    """WCAG 2.2 section 1.4.10: no scrolling in two directions, whatever stands in a title."""
    context = browser.new_context(
        color_scheme=scheme, viewport={"width": WIDTHS[width], "height": 900}, offline=True
    )
    page = context.new_page()
    for mail in few_mails:
        page.set_content(mail.html, wait_until="domcontentloaded")
        assert page.evaluate("document.documentElement.scrollWidth") <= WIDTHS[width], mail.name
    context.close()


def test_the_judge_really_looked(few_mails, judge):
    passed = judge(few_mails[0].html, scheme="dark", width=375)["passes"]

    assert {"color-contrast", "link-name", "heading-order", "html-has-lang"} <= set(passed)


def test_the_judge_sees_a_barrier(judge):
    html = '<!DOCTYPE html><title>x</title><p style="color:#ccc">Hardly seen</p><img src="x">'

    found = " ".join(judge(html, scheme="light", width=1200)["violations"])

    for rule in ("color-contrast", "image-alt", "html-has-lang"):
        assert rule in found
