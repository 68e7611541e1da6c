"""What the README says is true, and no file says what only one machine could know."""

import ast
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from newsletter.cli.root import app
from newsletter.core.filters import parse_filter
from newsletter.settings import MEANINGS, PREFIX

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CODE = re.compile(r"^(?: {4}|\t)(\S.*)$|`([^`\n]+)`", re.MULTILINE)
SET_UP = "python3 -m venv .venv && .venv/bin/pip install -q -c constraints.txt -e"
ONLY_INSTALLED = {"newsletter/_templates/"}  # a path of the package, not of the checkout
# Where packages come from is the reader's own business. Written in parts, since this file is
# searched too.
INDEX_OPTIONS = ["--" + "index-url", "--" + "extra-index-url", "--" + "find-links"]
HOMES = "|".join(["wo" + "rk", "ro" + "ot", "fa" + "rm", "ho" + "me/[a-z]", "Us" + "ers/[a-z]"])
MACHINE_PATH = re.compile(rf"(?<![\w./*~-])/(?:{HOMES})(?![\w-])")


def codes() -> Iterator[str]:
    """Each line of a code block and each piece of inline code."""
    for block, inline in CODE.findall(README):
        yield (block or inline).replace("\\|", "|")


def commands(text: str) -> Iterator[tuple[str, ...]]:
    """The words after `newsletter` of each command in a line of shell."""
    for part in text.partition(" #")[0].split("&&"):
        try:
            words = shlex.split(part)
        except ValueError:  # a piece of prose or of a filter
            continue
        if words and words[0].removeprefix(".venv/bin/") == "newsletter":
            yield tuple(words[1:])


def understand(words: tuple[str, ...]) -> None:
    """Read the words as the program does, without doing it. Raises a usage error or KeyError."""
    command, rest = typer.main.get_command(app), list(words)
    while rest and hasattr(command, "commands") and not rest[0].startswith("-"):
        command = command.commands[rest.pop(0)]
    if rest or not hasattr(command, "commands"):
        command.make_context("newsletter", rest)


README_COMMANDS = sorted({words for text in codes() for words in commands(text)})


def advised() -> Iterator[tuple[str, str]]:
    """(file, command) for each command between backquotes in what the program may print."""
    for path in tracked("newsletter", "workers"):
        if path.suffix != ".py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                for text in re.findall(r"`(newsletter [a-z][^`…]*)`", node.value):
                    yield str(path.relative_to(ROOT)), text


def tracked(*folders: str) -> list[Path]:
    """The files that the project keeps, as far as they are text."""
    done = subprocess.run(
        ["git", "ls-files", "-z", *folders], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        pytest.skip("this is no git checkout, so nobody can say which files belong to it")
    paths = [ROOT / name for name in done.stdout.split("\0") if name]
    return [path for path in paths if path.is_file() and b"\0" not in path.read_bytes()[:8000]]


def section(title: str) -> str:
    return README.split(f"\n## {title}\n")[1].split("\n## ")[0]


def rows(text: str) -> list[list[str]]:
    """The cells of the tables in a text, without their heads."""
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    cells = [re.split(r"(?<!\\) \| ", line.strip("| ")) for line in lines]
    return [one for one, line in zip(cells, lines, strict=True)
            if "---" not in line and one[0] not in ("name", "you write")]  # fmt: skip


@pytest.mark.parametrize("end", [". && .venv/bin/newsletter demo", "'.[test]' && .venv/bin/pytest"])
def test_the_two_commands_stand_in_the_readme_whole(end):
    assert f"    {SET_UP} {end}\n" in README


@pytest.mark.parametrize("words", README_COMMANDS, ids=" ".join)
def test_every_command_in_the_readme_is_understood(words):
    understand(words)


def test_every_command_of_the_program_is_in_the_readme():
    shown = {" ".join(words) for words in README_COMMANDS}
    ours = {
        f"{name} {verb}".strip()
        for name, command in typer.main.get_command(app).commands.items()
        for verb in getattr(command, "commands", None) or [""]
    }

    assert not {one for one in ours if not any(f"{text} ".startswith(f"{one} ") for text in shown)}


def test_every_command_that_the_program_advises_exists():
    wrong = []
    for file, text in advised():
        try:
            understand(tuple(shlex.split(text)[1:]))
        except Exception as problem:  # noqa: BLE001 - whatever says no to it
            if type(problem).__name__ != "MissingParameter":  # a name alone is advice enough
                wrong.append((file, text, repr(problem)))

    assert not wrong


def test_the_settings_table_is_that_of_the_program():
    told = {
        name.strip("`"): tuple(plain(cell) for cell in cells)
        for name, *cells in rows(section("Settings"))
    }

    assert told == {
        PREFIX + name: tuple(plain(cell) for cell in cells) for name, cells in MEANINGS.items()
    }


def plain(cell: str) -> str:
    return cell.replace("`", "").strip()


@pytest.mark.parametrize(
    "text",
    [
        example.replace("\\|", "|")
        for cells in rows(section("Topics"))
        for example in re.findall(r"`([^`]+)`", cells[0])
    ],
)
def test_every_filter_in_the_readme_is_understood(text):
    assert parse_filter(text)


def test_every_link_and_picture_of_the_readme_leads_somewhere():
    targets = re.findall(r"\]\(([^)]+)\)|(?:src|srcset|href)=\"([^\"]+)\"", README)
    local = [link or source for link, source in targets if "://" not in (link or source)]

    assert local
    assert not [target for target in local if not (ROOT / target.partition("#")[0]).exists()]


def test_every_path_that_the_readme_names_exists():
    paths = [text for text in codes() if re.fullmatch(r"[\w.-]+(/[\w.-]+)+/?|[\w.-]+/", text)]

    assert paths
    assert not [path for path in paths if path not in ONLY_INSTALLED and not (ROOT / path).exists()]


def test_no_file_says_where_packages_come_from():
    found = {
        (str(path.relative_to(ROOT)), word)
        for path in tracked()
        for word in INDEX_OPTIONS
        if word in path.read_text(encoding="utf-8", errors="replace")
    }

    assert not found


def test_the_constraints_are_names_and_versions_only():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()

    assert lines
    assert not [line for line in lines if not re.match(r"[a-z0-9][a-z0-9._-]*==[\w.]+( ;|$)", line)]


def test_no_file_names_a_path_of_the_machine_it_was_written_on():
    found = {
        (str(path.relative_to(ROOT)), match[0])
        for path in tracked()
        for match in MACHINE_PATH.finditer(path.read_text(encoding="utf-8", errors="replace"))
    }

    assert not found
