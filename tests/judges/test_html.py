"""The html of every mail: sound by itself, valid to the W3C's checker, and balanced in Outlook."""

import json
import re
import shutil
import subprocess
from collections import Counter
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

pytestmark = pytest.mark.browser  # what judges the looks runs together
CHECKER = Path(__file__).parents[2] / ".ci/tools/node_modules/vnu-jar/build/dist/vnu.jar"
VOID = frozenset({"meta", "img", "br", "hr", "link", "o:allowpng"})
TAG = re.compile(r"""<[a-zA-Z][\w:-]*(?:\s+[a-zA-Z][\w:.-]*=(?:"[^"<]*"|'[^'<]*'))*\s*/?>""")
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
FOR_OUTLOOK = re.compile(r"<!--\[if mso\]>(.*?)<!\[endif\]-->", re.DOTALL)

# Not valid as a page of today, and right in a mail: pattern of the checker's words, and why.
MEANT = {
    r"The “(align|bgcolor|border|cellpadding|cellspacing|height|valign|width)” attribute on the "
    r"“(body|div|h\d|p|table|td)” element is obsolete\.": "Outlook on Windows reads these where "
    "it does not read the style beside them",
    r"CSS: “mso-[a-z-]+”: Property “mso-[a-z-]+” doesn't exist\.": "Word's own properties, which "
    "hide the preheader and keep lines apart in Outlook",
    r"Attribute “xmlns:o” not allowed here\.": "Outlook's settings are XML in Office's namespace",
}


class Soundness(HTMLParser):
    """What is wrong with the nesting of tags, and ids that come twice."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.problems: list[str] = []
        self.ids: Counter[str | None] = Counter()

    def handle_starttag(self, tag, attrs):
        names = [name for name, _ in attrs]
        if len(names) != len(set(names)):
            self.problems.append(f"<{tag}> has an attribute twice, at {self.getpos()}")
        self.ids[dict(attrs).get("id")] += 1
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        if tag not in VOID:
            self.problems.append(f"<{tag}/> closes itself, at {self.getpos()}")

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.problems.append(f"</{tag}> closes something else, at {self.getpos()}")


def faults_in(html: str) -> list[str]:
    reader = Soundness()
    reader.feed(html)
    reader.close()
    twice = [name for name, count in reader.ids.items() if name and count > 1]
    return reader.problems + [f"<{tag}> stays open" for tag in reader.open] + twice


def as_outlook_reads(html: str) -> str:
    return COMMENT.sub("", FOR_OUTLOOK.sub(r"\1", html))


def loose_tags(html: str) -> list[str]:
    """Whatever begins like a tag and is none with all its attributes in quotes."""
    return [
        found
        for found in re.findall(r"<[a-zA-Z][^>]*>?", COMMENT.sub("", html))
        if not TAG.fullmatch(found)
    ]


def problems_of(mails, judge) -> dict[str, list]:
    return {mail.name: found for mail in mails if (found := judge(mail.html))}


def test_every_tag_is_closed_by_its_own_and_every_id_is_there_once(mails):
    assert problems_of(mails, faults_in) == {}


def test_what_only_outlook_reads_is_balanced_too(mails):
    assert all("<!--[if mso]>" in mail.html for mail in mails)
    assert problems_of(mails, lambda html: faults_in(as_outlook_reads(html))) == {}


def test_every_attribute_is_quoted(mails):
    assert problems_of(mails, loose_tags) == {}


def test_every_mail_says_its_language_and_its_title(mails):
    for mail in mails:
        assert mail.html.startswith("<!DOCTYPE html>\n<html lang=")
        assert mail.page.findtext("head/title").strip()


def test_headings_go_down_one_step_at_a_time(mails):
    for mail in mails:
        levels = [int(one.tag[1]) for one in mail.page.iter("h1", "h2", "h3", "h4")]
        steps = [after - before for before, after in pairwise(levels)]
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(step <= 1 for step in steps)


@pytest.mark.parametrize(
    "html",
    [
        "<p><b>x</p></b>",
        "<p>x",
        "x</p>",
        '<p id="a"></p><p id="a"></p>',
        "<p/>",
        "<p a='' a=''></p>",
    ],
)
def test_the_judge_sees_tags_that_do_not_fit(html):
    assert faults_in(html)


def test_the_judge_sees_attributes_without_quotes():
    assert loose_tags("<p class=x>") == ["<p class=x>"]
    assert loose_tags('<p class="x" a="<b">') != []
    assert loose_tags("<p class=\"x\" style='y'>") == []


# The W3C's checker


@pytest.fixture(scope="session")
def checked(few_mails, tmp_path_factory) -> dict[str, set[str]]:
    """What the Nu Html Checker says of each mail."""
    if shutil.which("java") is None or not CHECKER.is_file():
        pytest.skip("the Nu Html Checker needs Java and npm's vnu-jar: `.ci/run` installs them")
    folder = tmp_path_factory.mktemp("html")
    paths = {str(folder / f"{number}.html"): mail for number, mail in enumerate(few_mails)}
    for path, mail in paths.items():
        Path(path).write_text(mail.html, encoding="utf-8")
    done = subprocess.run(
        ["java", "-Xss4m", "-jar", CHECKER, "--format", "json", "--exit-zero-always", *paths],
        capture_output=True,
        check=True,
        stdin=subprocess.DEVNULL,
    )
    said: dict[str, set[str]] = {mail.name: set() for mail in few_mails}
    for one in json.loads(done.stderr)["messages"]:
        if one["type"] == "error" or one.get("subType") == "warning":
            said[paths[one["url"].removeprefix("file:")].name].add(one["message"])
    return said


def is_meant(words: str) -> bool:
    return any(re.match(pattern, words) for pattern in MEANT)


def test_the_checker_finds_nothing_that_is_not_meant(checked):
    found = [
        f"{name}: {words}"
        for name, said in checked.items()
        for words in said
        if not is_meant(words)
    ]

    assert not found, "\n".join(sorted(found))


def test_no_exception_is_kept_that_no_mail_needs(checked):
    said = set().union(*checked.values())

    assert [why for why in MEANT if not any(re.match(why, words) for words in said)] == []
