"""How mails look: contrast in both schemes, rules that mail programs obey, what is read aloud."""

import re
from itertools import pairwise

import lxml.html
import pytest

from newsletter.core.delivery.states import Kind

HIDDEN = ("preheader", "hidden")
MAX_STYLE = 8192  # characters; Gmail drops a longer block


@pytest.fixture(scope="module")
def pages(renderer, rendered, mail_paper, mail_links, mail_brand):
    """Mails that between them hold every element there is."""
    mails = [rendered([mail_paper()], left_out=[mail_paper(2)], more=1, thumbnails=True)]
    for kind in (Kind.CONFIRM, Kind.RECOVER, Kind.TEST):
        mails.append(renderer.note(kind, links=mail_links(), brand=mail_brand))
    return [lxml.html.document_fromstring(mail.html) for mail in mails]


def rules_of(css):
    """(selector, {property: value}) in their order; of a list of selectors, each by itself."""
    css = re.sub(r"\{#.*?#\}", "", css, flags=re.DOTALL)
    for selectors, body in re.findall(r"([^{}]+)\{([^{}]*)\}", css):
        pairs = (part.partition(":") for part in body.split(";") if part.strip())
        properties = {name.strip(): value.strip() for name, _, value in pairs}
        for selector in selectors.split(","):
            yield selector.strip(), properties


def inlined(element):
    return dict(rules_of("x {" + element.get("style", "") + "}")).get("x", {})


def seen(element, name, dark):
    """The value of a property: the element's own, or that of the nearest around it."""
    for place in (element, *element.iterancestors()):
        value = inlined(place).get(name)
        for selector, properties in dark:
            if selector.removeprefix(".") in place.get("class", "").split():
                value = properties.get(name, value)
        if value:
            return value.removesuffix("!important").strip()
    return None


def luminance(colour):
    colour = colour if len(colour) == 7 else "#" + "".join(digit * 2 for digit in colour[1:])
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_has_the_contrast_of_wcag_aa(pages, mail_templates, scheme):
    dark = list(rules_of((mail_templates / "dark.css").read_text())) if scheme == "dark" else []
    checked = set()
    for element in (element for page in pages for element in page.body.iter()):
        around = [place.get("class") for place in (element, *element.iterancestors())]
        if not isinstance(element.tag, str) or not (element.text or "").strip():
            continue
        if any(name in HIDDEN for name in around):
            continue
        colour = seen(element, "color", dark)
        ground = seen(element, "background-color", dark)

        assert contrast(colour, ground) >= 4.5, (element.get("class"), colour, ground)
        checked.add((colour, ground))
    assert len(checked) >= 6


def test_every_rule_of_the_style_is_in_its_elements(pages, mail_templates):
    rules = list(rules_of((mail_templates / "style.css").read_text()))

    assert len(rules) > 30
    for selector, properties in rules:
        found = [element for page in pages for element in page.cssselect(selector)]
        assert found, f"{selector} styles nothing"
        for element in found:
            assert properties.keys() <= inlined(element).keys(), f"{selector} is not inlined"


@pytest.mark.parametrize("name", ["phone.css", "dark.css"])
def test_rules_for_phones_and_the_dark_outrank_what_is_in_the_elements(pages, mail_templates, name):
    for selector, properties in rules_of((mail_templates / name).read_text()):
        assert any(page.cssselect(selector) for page in pages), f"{selector} styles nothing"
        assert all(value.endswith("!important") for value in properties.values()), selector


def test_the_head_holds_only_what_can_not_be_in_an_element(pages):
    for page in pages:
        phone_and_dark, outlook = [style.text for style in page.xpath("//head/style")]

        assert re.sub(r"@media[^{]*\{(?:[^{}]*\{[^{}]*\})*\s*\}", "", phone_and_dark).strip() == ""
        assert "(prefers-color-scheme: dark)" in phone_and_dark
        assert "(max-width: 620px)" in phone_and_dark
        assert all(selector.startswith("[data-ogsc] .") for selector, _ in rules_of(outlook))
        assert max(len(phone_and_dark), len(outlook)) < MAX_STYLE


def test_the_dark_of_outlook_on_the_web_is_the_dark_of_all(pages, mail_templates):
    dark = list(rules_of((mail_templates / "dark.css").read_text()))
    outlook = pages[0].xpath("//head/style")[1].text

    assert list(rules_of(outlook)) == [(f"[data-ogsc] {name}", value) for name, value in dark]


def test_outlook_gets_nothing_that_it_reads_wrongly(mail_templates):
    for selector, properties in rules_of((mail_templates / "style.css").read_text()):
        assert "background" not in properties, f"{selector}: say background-color"
        assert "font" not in properties, f"{selector}: say font-size and so on"
        if "font-size" in properties:
            assert "line-height" in properties, selector
        assert re.fullmatch(r"body|\.[a-z-]+", selector), selector


def test_headings_are_in_order(pages):
    for page in pages:
        levels = [int(heading.tag[1]) for heading in page.xpath("//h1|//h2|//h3")]

        assert levels[0] == 1
        assert all(after - before <= 1 for before, after in pairwise(levels))


def test_papers_are_read_as_items_of_a_list(pages):
    lists = pages[0].xpath("//*[@role='list']")

    assert len(lists) == 2
    for papers in lists:
        assert [item.get("role") for item in papers] == ["listitem"]


def test_links_of_a_card_are_told_apart_by_ear(rendered, mail_paper):
    mail = rendered([mail_paper(title="MailBench: How Agents Read Their Own Mail and Answer It")])

    for label in ("Paper", "PDF", "Code", "Project"):
        assert f'aria-label="{label}: MailBench"' in mail.html


def test_text_from_right_to_left_does_not_turn_around_what_is_beside_it(rendered, mail_paper):
    title = "مقالة عن الوكلاء"
    mail = rendered([mail_paper(title=title)], topic=title, words=[title])
    page = lxml.html.document_fromstring(mail.html)

    for element in page.xpath(f"//*[text()[contains(., '{title}')]][not(self::title)]"):
        if element.get("class") not in HIDDEN:
            around = (element, *element.iterancestors())
            assert any(place.get("dir") == "auto" for place in around), element.get("class")


def test_an_inbox_finds_blanks_after_the_preview(pages):
    for page in pages:
        (blanks,) = page.find_class("hidden")

        assert blanks.getprevious().get("class") == "preheader"
        assert re.fullmatch("(?:\u034f\u200c\u00a0){40}", blanks.text)
