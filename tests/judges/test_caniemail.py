"""What caniemail.com's data says of our mails in Gmail, Outlook, Apple Mail and Yahoo.

Every feature that a program lacks is in a table, with what its readers see instead. The data comes
with npm's caniemail; nothing of it is kept here.
"""

import json
import shutil
import subprocess
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

pytestmark = pytest.mark.browser  # what judges the looks runs together
SCRIPT = Path(__file__).with_name("caniemail.mjs")
TOOLS = Path(__file__).parents[2] / ".ci/tools/node_modules"
NODE = 20  # the oldest that npm's caniemail runs on

WORD = ("outlook.windows", "outlook.windows-mail")  # they draw with Word's engine
POP = ("gmail.mobile-webmail",)  # Gmail's page on a phone takes all style from the head away
YAHOO = ("yahoo.*",)

# (feature, programs that lack it, what is seen there instead).
EXPLAINED = (
    ("<body> element", ("outlook.macos", *YAHOO), "a <div> in its place; the colour behind the mail"
     " is on the first table as well"),
    ("<style> element", POP, "the inlined style, which is the whole light design"),
    ("@media", (*POP, *WORD), "the light design at its one width, which shrinks by itself"),
    ("Attribute selector", (*POP, *WORD), "it is Outlook's own mark for its dark view, which is"
     " only set where it is read"),
    ("Class selector", POP, "as for the <style> element"),
    ("Descendant combinator", POP, "as for the <style> element"),
    ("aria-hidden attribute", ("outlook.windows-mail", *YAHOO), "nothing: it is on text that is not"
     " shown either"),
    ("aria-label attribute", ("outlook.windows-mail", *YAHOO), "screen readers say the link's own"
     " word; the paper's title is the heading above it"),
    ("border-radius", WORD, "corners that are square"),
    ("clear", WORD, "nothing: what it clears does not float there"),
    ("color-scheme meta tag", ("*",), "dark colours by @media, or by the program's own change of"
     " the light ones: every text is readable in both"),
    ("display:none", POP, "the preheader stays hidden by its height and overflow"),
    ("float", WORD, "a paper's figures follow its links on the same line"),
    ("height property", YAHOO, "min-height, with the same effect; the bar has the attribute too"),
    ("max-height property", WORD, "the preheader is hidden by mso-hide there"),
    ("overflow", WORD, "as for max-height"),
    ("role attribute", ("outlook.windows-mail",), "tables are read out as tables"),
    ("word-break", ("outlook.windows-mail", *YAHOO), "a very long word stands out at the side"),
)  # fmt: skip


def explained(feature: str, client: str) -> bool:
    return any(
        name == feature and any(fnmatch(client, pattern) for pattern in clients)
        for name, clients, _ in EXPLAINED
    )


@pytest.fixture(scope="session")
def lacking(few_mails, tmp_path_factory) -> set[tuple[str, str]]:
    """Each (feature, program) that any mail uses and the program does not have."""
    if not runs_node() or not (TOOLS / "caniemail").is_dir():
        pytest.skip(f"caniemail needs Node {NODE} and npm's caniemail: `.ci/run` installs them")
    folder = tmp_path_factory.mktemp("caniemail")
    paths = []
    for mail in _telling(few_mails):
        paths.append(folder / f"{len(paths)}.html")
        paths[-1].write_text(mail.html, encoding="utf-8")
    done = subprocess.run(
        ["node", SCRIPT, TOOLS, *paths], capture_output=True, check=True, stdin=subprocess.DEVNULL
    )
    found = json.loads(done.stdout)
    assert len(found) == len(paths)
    return {
        (feature, client)
        for clients in found.values()
        for client, features in clients.items()
        for feature in features
    }


def _telling(mails):
    """The mails that use something none before them did: it takes seconds to judge each."""
    used: set[tuple[str, str]] = set()
    for mail in sorted(mails, key=lambda mail: len(mail.html)):
        uses = set(_uses(mail))
        if not uses <= used:
            used |= uses
            yield mail


def _uses(mail) -> Iterator[tuple[str, str]]:
    """Its tags with their attributes, and the declarations of its styles."""
    for element in mail.page.iter("*"):
        yield element.tag, ""
        for name, value in element.attrib.items():
            yield element.tag, name
            if name == "style":
                yield from (("style", one.strip()) for one in value.split(";"))


def runs_node() -> bool:
    if shutil.which("node") is None:
        return False
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True)
    return int(version.stdout.lstrip("v").split(".")[0]) >= NODE


def test_whatever_a_mail_program_lacks_is_explained(lacking):
    unexplained = sorted(f"{feature}: {client}" for feature, client in lacking
                         if not explained(feature, client))  # fmt: skip

    assert not unexplained, "\n".join(unexplained)


def test_no_explanation_is_kept_that_no_mail_needs(lacking):
    features = {feature for feature, _ in lacking}

    assert [name for name, _, _ in EXPLAINED if name not in features] == []


def test_the_judge_knows_what_outlook_lacks(tmp_path, lacking):
    page = tmp_path / "x.html"
    page.write_text('<p style="position: fixed; animation: x 1s">a</p>')

    done = subprocess.run(["node", SCRIPT, TOOLS, page], capture_output=True, check=True)

    assert "position" in json.loads(done.stdout)[str(page)]["outlook.windows"]
