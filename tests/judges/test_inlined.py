"""Every rule of the mails' style is inlined, stands in @media, or works only where it is."""

import re
from pathlib import Path

import cssutils
import pytest
from lxml.cssselect import CSSSelector

TEMPLATES = Path(__file__).parents[2] / "templates" / "email"
STYLE = TEMPLATES / "style.css"
MEDIA = re.compile(r"@media[^{}]*\{(?:[^{}]*\{[^{}]*\})*\s*\}")

# Rules that stay in the head outside @media: what their selectors begin with, and why.
IN_PLACE = {
    "[data-ogsc]": "Outlook's apps and pages set this attribute when they are dark, and only then",
    "[data-ogsb]": "the same, for backgrounds",
    "u + .body": "Gmail's apps put the mail after a <u>: there is no such element before",
    "a[x-apple-data-detectors]": "Apple Mail makes links of dates when it opens a mail",
}
# Properties that take the place of others when they are inlined: the shorthand says as much.
SHORTHANDS = {"border-bottom-color": "border-bottom", "border-top-color": "border-top"}


def rules_of(css: str) -> list[cssutils.css.CSSStyleRule]:
    sheet = cssutils.parseString(MEDIA.sub("", css), validate=False)
    return [rule for rule in sheet if isinstance(rule, cssutils.css.CSSStyleRule)]


def selectors_of(css: str) -> list[str]:
    return [one.strip() for rule in rules_of(css) for one in rule.selectorText.split(",")]


def left_in_head(mail) -> list[str]:
    css = "\n".join(mail.page.xpath("//style/text()"))
    return [
        selector
        for selector in selectors_of(css)
        if not any(selector.startswith(start) for start in IN_PLACE)
    ]


def not_inlined(page, css: str) -> list[str]:
    """Selectors with a property that an element they are for does not have in its style."""
    missing = []
    for rule in rules_of(css):
        for selector in rule.selectorText.split(","):
            for element in CSSSelector(selector.strip())(page):
                inlined = cssutils.parseStyle(element.get("style", ""), validate=False)
                lacking = {p.name for p in rule.style} - {p.name for p in inlined}
                lacking -= {
                    one for one in lacking if inlined.getPropertyValue(SHORTHANDS.get(one, ""))
                }
                missing += [f"{selector.strip()}: {name}" for name in sorted(lacking)]
    return sorted(set(missing))


@pytest.fixture(scope="module", autouse=True)
def quiet_cssutils():
    level = cssutils.log.getEffectiveLevel()
    cssutils.log.setLevel("CRITICAL")
    yield
    cssutils.log.setLevel(level)


def test_every_rule_is_inlined_in_every_mail(few_mails):
    css = STYLE.read_text("utf-8")

    assert {mail.name: bad for mail in few_mails if (bad := not_inlined(mail.page, css))} == {}


def test_what_stays_in_the_head_is_in_media_or_works_only_there(few_mails):
    assert {mail.name: left for mail in few_mails if (left := left_in_head(mail))} == {}


def test_every_rule_is_for_something_in_a_mail(few_mails):
    selectors = set(selectors_of(STYLE.read_text("utf-8")))

    unused = {one for one in selectors if not any(CSSSelector(one)(m.page) for m in few_mails)}
    assert unused == set()


def test_what_dark_and_narrow_screens_change_has_the_last_word(few_mails):
    """An inlined style wins over the head's unless the head insists."""
    for mail in few_mails:
        css = "\n".join(mail.page.xpath("//style/text()"))
        for media in MEDIA.findall(css):
            declared = re.findall(r"[{;]\s*([\w-]+\s*:[^;{}]*)(?=[;}])", media)
            assert [one for one in declared if not one.rstrip().endswith("!important")] == []
            assert declared


def test_a_mail_has_its_dark_and_its_narrow_style(few_mails):
    for mail in few_mails:
        css = "\n".join(mail.page.xpath("//style/text()"))
        assert "(prefers-color-scheme: dark)" in css
        assert "(max-width:" in css


def test_the_judge_sees_a_rule_that_was_not_inlined(few_mails):
    page = few_mails[0].page

    assert not_inlined(page, "p { zoom: 2; }") == ["p: zoom"]
    assert not_inlined(page, "@media print { p { zoom: 2; } }") == []
