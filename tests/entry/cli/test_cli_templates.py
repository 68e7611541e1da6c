"""An operator's own templates: only what differs is brought, and what is broken never starts."""

import json
import os
from pathlib import Path

import pytest
from builders import settings_for, wait_until

from newsletter.cli.root import run

MAILS = Path(__file__).parents[3] / "templates" / "email"


@pytest.fixture
def own(tmp_path, monkeypatch, smtp_sink) -> Path:
    """An empty folder of own templates that the settings name."""
    for name in [name for name in os.environ if name.startswith("NEWSLETTER_")]:
        monkeypatch.delenv(name)
    folder = tmp_path / "own"
    for part in ("email", "web"):
        (folder / part).mkdir(parents=True)
    monkeypatch.setenv("NEWSLETTER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("NEWSLETTER_SMTP_URL", smtp_sink.url)
    monkeypatch.setenv("NEWSLETTER_TEMPLATES_DIR", str(folder))
    return folder


@pytest.fixture
def check(own, capsys):
    """What `newsletter check` finds of the templates: whether they are right, and its words."""

    def look() -> tuple[bool, str]:
        run(["check", "--json"])
        findings = json.loads(capsys.readouterr().out)["findings"]
        (found,) = [one for one in findings if one["name"] == "templates"]
        return found["is_ok"], found["words"]

    return look


def changed(own: Path, name: str, old: str, new: str) -> int:
    """The program's template with one place changed; the line of it."""
    text = (MAILS / name).read_text("utf-8")
    assert old in text, f"{name} does not hold {old!r}"
    position = text.index(old)
    (own / "email" / name).write_text(text.replace(old, new, 1), "utf-8")
    return text.count("\n", 0, position) + 1


def test_a_folder_with_nothing_in_it_changes_nothing(check):
    assert check() == (True, "every mail can be rendered")


def test_a_template_of_ones_own_is_used(own, check):
    changed(own, "test.html.j2", "It arrived", "Hurrah")

    assert check() == (True, "every mail can be rendered")


@pytest.mark.parametrize(
    ("name", "old", "new", "words"),
    [
        ("digest.html.j2", "{% block body %}", "{% block body", "digest.html.j2, line"),
        ("digest.html.j2", "{{ digest.count }}", "{{ digest.cuont }}", "has no attribute 'cuont'"),
        ("cards.html.j2", "{{ paper.authors }}", "{{ paper.writers }}", "'writers'"),
        ("cards.txt.j2", "wrap(4)", "warp(4)", "No filter named 'warp'"),
        ("digest.html.j2", "base.html.j2", "bsae.html.j2", "bsae.html.j2 is not among the mail"),
        ("digest.txt.j2", "base.txt.j2", "bsae.txt.j2", "bsae.txt.j2 is not among the mail"),
        ("base.html.j2", "<!DOCTYPE html>", "<!doctype html>", "must start with <!DOCTYPE html>"),
        ("style.css", ".sheet {", ".sheet:hover {", "the rule for `.sheet:hover` works in no"),
        ("style.css", "background-color: #fffdf9", "color: rgb(1 2 3 / 50%)", "older way"),
    ],
    ids=lambda value: value if isinstance(value, str) and "." in value[:12] else "",
)
def test_what_is_wrong_is_told_with_file_line_and_remedy(own, check, name, old, new, words):
    changed(own, name, old, new)

    is_ok, said = check()

    assert not is_ok
    assert f"{name}, line " in said
    assert words in said
    assert "Traceback" not in said


@pytest.mark.parametrize("name", ["digest.html.j2", "digest.txt.j2"])
def test_a_digest_that_cannot_be_left_is_refused(own, check, name):
    text = (MAILS / name).read_text("utf-8").replace("{{ links.unsubscribe }}", "here")
    (own / "email" / name).write_text(text, "utf-8")

    assert check() == (
        False,
        f"{name} does not show `links.unsubscribe`: a reader needs it, so put "
        "{{ links.unsubscribe }} into the template.",
    )


def test_a_template_in_another_encoding_is_named(own, check):
    (own / "email" / "test.txt.j2").write_bytes(b"caf\xe9")

    is_ok, said = check()

    assert not is_ok
    assert said.startswith("test.txt.j2")


def test_a_page_that_is_written_wrongly_is_named(own, check):
    (own / "web" / "landing.html").write_text('{% extends "base.html" %}\n{% if %}', "utf-8")

    is_ok, said = check()

    assert not is_ok
    assert said.startswith("landing.html, line 2: ")


@pytest.mark.parametrize("command", [["serve", "--port", "0"], ["up"]], ids=" ".join)
def test_nothing_starts_with_broken_templates(own, capsys, command):
    changed(own, "digest.html.j2", "{{ digest.count }}", "{{ digest.cuont }}")

    code = run(command)

    said = capsys.readouterr().err
    assert code == 1
    assert "digest.html.j2, line" in said
    assert "served on" not in said
    assert "The newsletter runs." not in said


def test_a_worker_does_not_start_with_broken_templates(own, redis_url, tmp_path, start_celery):
    changed(own, "digest.html.j2", "{{ digest.count }}", "{{ digest.cuont }}")

    worker = start_celery(settings_for(tmp_path, redis_url=redis_url, templates_dir=own), "refused")

    wait_until(lambda: worker.poll() is not None, seconds=30)
    assert worker.returncode != 0
    assert "newsletter: digest.html.j2, line" in (tmp_path / "refused.log").read_text()
