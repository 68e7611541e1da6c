"""An operator's own templates: each mistake is told with its place before anything is sent."""

import pytest
from jinja2 import ChoiceLoader, DictLoader, FileSystemLoader

from newsletter.core.delivery.states import Kind
from newsletter.core.mail.rendering import Renderer
from newsletter.errors import TemplateProblem


def with_templates(mail_templates, **changed):
    """The shipped templates with some of them replaced; `__` in a name stands for a dot."""
    files = {name.replace("__", "."): text for name, text in changed.items()}
    return Renderer(ChoiceLoader([DictLoader(files), FileSystemLoader(mail_templates)]))


def test_the_shipped_templates_are_in_order(renderer):
    assert renderer.check() == []


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        (
            "cards__html__j2",
            "{% macro card(paper, reason) %}{{ reason }}{% endmacro %}"
            "{% macro reason(words) %}<p title='a > {{ words }}'>x</p>{% endmacro %}",
            "within a tag",
        ),
        ("test__txt__j2", "one\n{% if %}", "test.txt.j2, line 2"),
        ("test__txt__j2", "one\n\n{{ brand.nmae }}", "test.txt.j2, line 3"),
        (
            "cards__html__j2",
            "{% macro card(paper, reason) %}{{ reason }}{% endmacro %}",
            "no macro",
        ),
        ("digest__html__j2", "<!doctype html><p>{{ digest.body }}", "<!DOCTYPE html>"),
        ("digest__txt__j2", "{{ digest.body }}", "links.preferences"),
        ("test__html__j2", "{% extends 'nowhere.html.j2' %}", "nowhere.html.j2"),
        ("digest__subject__txt__j2", "{{ 1 / 0 }}", "digest.subject.txt.j2, line 1"),
        (
            "digest__html__j2",
            "<!DOCTYPE html>\n<p>{{ digest.body }}{{ links.preferences | upper }}"
            "{{ links.unsubscribe }}",
            "without a filter",
        ),
    ],
    ids=[
        "words in a tag",
        "syntax",
        "unknown name",
        "missing part",
        "no doctype",
        "no way to the preferences",
        "missing file",
        "division by zero",
        "changed link",
    ],
)
def test_a_broken_template_is_named_with_its_place(mail_templates, name, text, problem):
    problems = with_templates(mail_templates, **{name: text}).check()

    assert any(problem in sentence for sentence in problems), problems


def test_what_only_the_page_on_the_web_shows_is_rehearsed_too(mail_templates):
    footer = "{% block foot %}{% if not links.unsubscribe %}{{ nothing }}{% endif %}{% endblock %}"
    changed = mail_templates.joinpath("digest.html.j2").read_text().partition("{% block foot %}")[0]

    problems = with_templates(mail_templates, digest__html__j2=changed + footer).check()

    assert any("digest.html.j2" in sentence and "nothing" in sentence for sentence in problems)


def test_a_broken_template_file_is_named_by_file_and_line(tmp_path, mail_templates):
    for file in mail_templates.iterdir():
        (tmp_path / file.name).write_text(file.read_text())
    broken = (tmp_path / "cards.html.j2").read_text().replace("paper.title", "paper.titel", 1)
    (tmp_path / "cards.html.j2").write_text(broken)
    line = next(n for n, text in enumerate(broken.splitlines(), 1) if "titel" in text)

    problems = Renderer(tmp_path).check()

    assert any(f"cards.html.j2, line {line}" in sentence for sentence in problems), problems


def test_a_broken_template_is_told_when_used(mail_templates, mail_links, mail_brand):
    renderer = with_templates(mail_templates, test__html__j2="{{ nothing }}")

    with pytest.raises(TemplateProblem, match=r"test\.html\.j2, line 1"):
        renderer.note(Kind.TEST, links=mail_links(), brand=mail_brand)
