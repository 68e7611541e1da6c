"""The wheel holds the whole program, and works where there is no checkout."""

import json
import os
import subprocess
import sys
import zipfile
from email.parser import Parser
from importlib.metadata import Distribution, distribution, distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from newsletter.adapters.queue import Task

ROOT = Path(__file__).resolve().parents[1]
NOT_SHIPPED = ("__pycache__", ".pyc")

OWN = {"NEWSLETTER_REDIS_URL": "redis://127.0.0.1:6379/0"}  # needed to load the workers only
RENDER = """
from datetime import date
from pathlib import Path

import newsletter
from newsletter.adapters.sources.folder import FolderSource
from newsletter.adapters.templates import template_loader
from newsletter.core.digests import Digest, Pick, Section
from newsletter.core.mail.rendering import Brand, Links, Renderer

day = FolderSource(Path(newsletter.__file__).with_name("demo_day"))
(edition,) = day.days()
paper = day.fetch(edition, validators={}).papers[0]
site = "https://papers.example.org"
mail = Renderer(template_loader(None)).digest(
    Digest(sections=(Section(topic="Agents", picks=(Pick(paper_id=paper.id),)),)),
    {paper.id: paper},
    edition=edition,
    links=Links(preferences=site, unsubscribe=site + "/leave", unsubscribe_mailto="x@example.org"),
    brand=Brand(base_url=site),
)
print(mail.subject, mail.html, mail.text, sep="\\0", end="\\0" + paper.title)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=ROOT)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def names(wheel) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if not name.endswith("/")}


@pytest.fixture(scope="module")
def away(wheel, tmp_path_factory) -> Path:
    """A fresh environment with the wheel and what it asks for, in a folder far from the checkout.

    The libraries are links into this environment, so that no network is needed; those that only
    tests need are left out, so that one which the wheel forgot to ask for is missed.
    """
    pytest.importorskip("pip", reason="this environment was made without pip")
    folder = tmp_path_factory.mktemp("away")
    run(sys.executable, "-m", "venv", "--without-pip", folder / "env", cwd=folder)
    run(sys.executable, "-m", "pip", "--python", python(folder), "install", "-q", "--no-deps",
        "--no-index", "--disable-pip-version-check", wheel, cwd=folder)  # fmt: skip
    (site,) = (folder / "env").glob("lib/python*/site-packages")
    (installed,) = distributions(path=[str(site)])
    for path in libraries_of(installed):
        if not (site / path.name).exists():
            (site / path.name).symlink_to(path)
    return folder


def test_every_file_of_the_program_is_in_the_wheel(names):
    added = ("newsletter/_templates/", *(name for name in names if ".dist-info/" in name))
    program = {name for name in names if not name.startswith(added)}

    assert program == files_of("newsletter") | files_of("workers")


def test_the_templates_are_in_the_package_each_under_its_own_name(names):
    inside = "newsletter/_templates/"
    shipped = {name.removeprefix(inside) for name in names if name.startswith(inside)}

    assert shipped == {name.removeprefix("templates/") for name in files_of("templates")}
    assert {"email/digest.html.j2", "email/digest.txt.j2", "email/style.css"} <= shipped
    assert any(name.startswith("web/static/") for name in shipped)


@pytest.mark.parametrize(
    "needed",
    [
        "newsletter/py.typed",
        "newsletter/demo_day/2026-06-16.json",
        "newsletter/adapters/store/migrations/env.py",
        "newsletter/adapters/store/migrations/versions/0001_first_tables.py",
        "workers/__init__.py",
    ],
)
def test_what_is_not_python_or_not_imported_is_there_too(names, needed):
    assert needed in names


def test_the_wheel_has_the_command_the_licence_and_no_address_in_its_needs(wheel, names):
    (folder,) = {name.partition("/")[0] for name in names if ".dist-info/" in name}
    with zipfile.ZipFile(wheel) as archive:
        commands = archive.read(f"{folder}/entry_points.txt").decode()
        facts = Parser().parsestr(archive.read(f"{folder}/METADATA").decode())

    assert "newsletter = newsletter.cli:main" in commands
    assert f"{folder}/licenses/LICENSE" in names
    assert not [need for need in facts.get_all("Requires-Dist") if "://" in need]


def test_the_program_away_from_the_checkout_is_the_installed_one(away):
    said = run(python(away), "-c", "import newsletter, workers; "
               "print(newsletter.__file__, workers.__file__)", cwd=away)  # fmt: skip

    assert said.count(str(away / "env")) == 2
    assert str(ROOT) not in said


def test_the_installed_command_makes_the_tables(away):
    command = away / "env" / "bin" / "newsletter"

    assert "0001_first_tables" in run(command, "db", "upgrade", cwd=away)


def test_the_installed_workers_know_every_task(away):
    said = run(python(away), "-c", "import json, workers; "
               "workers.app.loader.import_default_modules(); print(json.dumps(list("
               "workers.app.tasks)))", cwd=away)  # fmt: skip

    assert {name for name in json.loads(said) if not name.startswith("celery.")} == set(Task)


def test_a_mail_is_rendered_with_the_packaged_templates(away):
    subject, html, text, title = run(python(away), "-c", RENDER, cwd=away).split("\0")

    assert " ".join(title.split()[:3]) in subject
    assert html.startswith("<!DOCTYPE html>")
    assert "https://papers.example.org/leave" in html
    assert "https://papers.example.org/leave" in text
    assert not {"{{", "{%"} & {html[n : n + 2] for n in range(len(html))}


def test_the_demo_runs_from_the_wheel(away):
    told = json.loads(run(away / "env/bin/newsletter", "demo", "--no-serve", "--json",
                          "--out", away / "inbox", cwd=away))  # fmt: skip

    assert told["papers"] == 25
    assert told["sent"] == len(list((away / "inbox").rglob("*.eml"))) > 0


def libraries_of(program: Distribution) -> set[Path]:
    """The folders and files of all distributions that the program needs, and they in turn."""
    waiting, done, found = needs_of(program, frozenset()), set(), set()
    while waiting:
        need = waiting.pop()
        if (need.name, frozenset(need.extras)) in done:
            continue
        done.add((need.name, frozenset(need.extras)))
        library = distribution(need.name)
        waiting += needs_of(library, frozenset(need.extras))
        tops = {file.parts[0] for file in library.files or () if file.parts[0] not in ("..", "/")}
        found |= {Path(str(library.locate_file(top))) for top in tops}
    return {path for path in found if path.name != "__pycache__"}


def needs_of(library: Distribution, extras: frozenset[str]) -> list[Requirement]:
    needs = [Requirement(text) for text in library.requires or ()]
    return [
        need
        for need in needs
        if need.marker is None
        or any(need.marker.evaluate({"extra": extra}) for extra in extras | {""})
    ]


def files_of(folder: str) -> set[str]:
    return {
        str(path.relative_to(ROOT))
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and not any(mark in str(path) for mark in NOT_SHIPPED)
    }


def python(folder: Path) -> Path:
    return folder / "env" / "bin" / "python"


def run(*words: object, cwd: Path) -> str:
    """What the command printed. It sees no setting of ours and a data folder of its own."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("NEWSLETTER_", "PYTHON", "PYTEST_", "COV_"))
    }
    done = subprocess.run(
        [str(word) for word in words],
        cwd=cwd,
        env=environment | OWN | {"NEWSLETTER_DATA_DIR": str(cwd / "data")},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    return done.stdout
