"""Looks at a rendered mail: the words a reader sees, its links, whether it is sound."""

import re
import unicodedata
from html.parser import HTMLParser

import lxml.html

from newsletter.core.mail.fitting import MAX_HTML


def words_of(html):
    """The text a reader sees, blanks run together."""
    page = lxml.html.document_fromstring(
        html.encode(), parser=lxml.html.HTMLParser(encoding="utf-8")
    )
    for hidden in page.xpath("//style|//title|//comment()"):
        hidden.drop_tree()
    return " ".join(page.text_content().split())


def links_of(html):
    page = lxml.html.document_fromstring(
        html.encode(), parser=lxml.html.HTMLParser(encoding="utf-8")
    )
    return {element.get("href") for element in page.iter("a")}


def is_one_line(text):
    return not any(unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") for letter in text)


def addresses_in(text):
    return set(re.findall(r"(?:https?://|mailto:)\S+", text))


class Balance(HTMLParser):
    """Finds tags that are not closed, or closed by another."""

    VOID = frozenset({"meta", "img", "br", "link", "hr"})

    def __init__(self):
        super().__init__()
        self.open, self.problems = [], []

    def handle_starttag(self, tag, attrs):
        names = [name for name, _ in attrs]
        if len(names) != len(set(names)):
            self.problems.append(f"<{tag}> has an attribute twice")
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.problems.append(f"</{tag}> at {self.getpos()}")


def assert_sound(html):
    balance = Balance()
    balance.feed(html)
    balance.close()
    assert balance.problems == []
    assert balance.open == []
    assert html.startswith('<!DOCTYPE html>\n<html lang="en"')
    assert len(html.encode()) <= MAX_HTML
