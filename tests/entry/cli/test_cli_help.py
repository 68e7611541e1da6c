"""Help in words, for every command there is."""

import re

import pytest
import typer

from newsletter.cli.root import app, run


def commands(command=None, path=()):
    command = command or typer.main.get_command(app)
    yield path
    for name, below in getattr(command, "commands", {}).items():
        yield from commands(below, (*path, name))


@pytest.mark.parametrize("path", [*commands()], ids=" ".join)
def test_no_help_names_a_type_of_the_language_it_is_written_in(path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")

    run([*path, "--help"])

    assert not re.search(r"<(?!=|x| )[A-Za-z]", re.sub(r"Example: .*", "", capsys.readouterr().out))


def test_choices_are_named_in_the_help(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")

    run(["deliveries", "list", "--help"])

    assert "One of pending, sending, sent, failed" in capsys.readouterr().out


def test_a_file_that_is_not_there_is_told_without_numbers_of_the_system(capsys):
    code = run(["suppress", "add", "--from", "/no/such/file", "--reason", "x"])

    assert code == 1
    assert "(No such file or directory)" in capsys.readouterr().err


def test_a_wrong_choice_is_told_in_a_whole_sentence(capsys):
    code = run(["filter", "check", "(agent"])

    assert code == 2
    assert capsys.readouterr().err.startswith("This bracket is never closed")


def test_the_name_of_a_file_stays_as_it_is(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in.csv").write_text("address,topic\n", encoding="utf-8")

    code = run(["subscribers", "import", "in.csv"])

    assert code == 2
    assert capsys.readouterr().err.startswith("in.csv has no column")
