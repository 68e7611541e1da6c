"""`newsletter preview`: a digest on stdout or in a file, as it is sent."""

import pytest
from bundled_day import DAY

pytestmark = pytest.mark.usefixtures("by_relay")


def test_a_preview_is_plain_text_on_stdout(newsletter, ada, smtp_sink):
    newsletter("pull", "--date", DAY)

    code, out, _ = newsletter("preview", ada, "--edition", DAY)

    assert code == 0
    assert "Agents" in out
    assert "<html" not in out
    assert smtp_sink.accepted == []


@pytest.mark.parametrize(
    ("name", "begins"), [("m.eml", b"From: "), ("m.html", b"<!DOCTYPE html>"), ("m.txt", b"")]
)
def test_a_preview_is_written_in_the_form_of_the_files_name(
    newsletter, mailed, tmp_path, name, begins
):
    code, out, err = newsletter("preview", mailed, "--edition", DAY, "--out", tmp_path / name)

    assert (code, out) == (0, "")
    assert name in err
    content = (tmp_path / name).read_bytes()
    assert begins in content[:2000]
    assert b"Agents" in content or name == "m.eml"


def test_a_preview_as_a_message_is_what_was_sent(newsletter, mailed, tmp_path, smtp_sink):
    newsletter("preview", mailed, "--edition", DAY, "--out", tmp_path / "mail.eml")

    sent = smtp_sink.accepted[0].content
    assert (tmp_path / "mail.eml").read_bytes() == sent


def test_a_preview_replaces_a_file_only_when_told_to(newsletter, mailed, tmp_path):
    there = tmp_path / "mail.html"
    there.write_text("kept")
    command = ("preview", mailed, "--edition", DAY, "--out", there)

    code, _, err = newsletter(*command)
    assert (code, there.read_text()) == (1, "kept")
    assert err == f"{there} is there already: name another file, or replace it with --force.\n"

    code, _, err = newsletter(*command, "--force")
    assert code == 0
    assert there.read_bytes().startswith(b"<!DOCTYPE html>")


def test_a_preview_knows_three_forms(newsletter, mailed, tmp_path):
    code, _, err = newsletter("preview", mailed, "--out", tmp_path / "mail.pdf")

    assert code == 2
    assert ".eml, .html or .txt" in " ".join(err.split())
    assert not list(tmp_path.glob("mail.*"))


def test_a_preview_for_nobody_we_know_says_so(newsletter):
    code, out, err = newsletter("preview", "nobody@example.org")

    assert (code, out) == (1, "")
    assert "nobody@example.org" in err
