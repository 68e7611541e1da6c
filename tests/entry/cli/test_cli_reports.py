"""`newsletter reports classify`: a line of JSON a file, without settings or a database."""

import io
import json
from pathlib import Path

import pytest

from newsletter.cli.root import run

REPORTS = Path(__file__).parents[2] / "fixtures" / "reports"


@pytest.fixture
def classify(monkeypatch, capsys):
    """Run the command where no setting is set; exit code, what each line says, and the words."""

    def classify(*files, stdin=b""):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        code = run(["reports", "classify", *(str(file) for file in files)])
        captured = capsys.readouterr()
        return code, [json.loads(line) for line in captured.out.splitlines()], captured.err

    return classify


def test_each_file_has_a_line_in_the_order_asked(classify):
    files = [REPORTS / "qmail-two.eml", REPORTS / "vacation.eml"]

    code, lines, err = classify(*files)

    assert (code, err) == (0, "")
    assert lines == [
        {
            "file": str(files[0]),
            "records": [
                {"recipient": "ada@kelp.example", "kind": "hard", "status": "5.1.2",
                 "cause": "no such domain"},
                {"recipient": "ben@kelp.example", "kind": "soft", "status": "5.2.2",
                 "cause": "mailbox full"},
            ],
        },
        {"file": str(files[1]), "records": []},
    ]  # fmt: skip


def test_a_hidden_reader_is_null(classify):
    _, lines, _ = classify(REPORTS / "arf-redacted.eml")

    assert [record["recipient"] for record in lines[0]["records"]] == [None]


def test_standard_input_is_read_by_its_sign(classify):
    code, lines, _ = classify("-", stdin=(REPORTS / "james.eml").read_bytes())

    assert code == 0
    assert lines[0]["file"] == "-"
    assert lines[0]["records"][0]["kind"] == "hard"


def test_a_file_that_cannot_be_read_is_told_and_the_others_are_still_read(classify, tmp_path):
    code, lines, err = classify(tmp_path / "none.eml", tmp_path, REPORTS / "james.eml")

    assert code == 1
    assert [line["file"] for line in lines] == [str(REPORTS / "james.eml")]
    assert f"{tmp_path / 'none.eml'} cannot be read (No such file or directory)" in err
    assert f"{tmp_path} cannot be read (Is a directory)" in err


def test_without_a_file_it_was_asked_wrongly(classify):
    code, lines, err = classify()

    assert (code, lines) == (2, [])
    assert "FILE" in err
