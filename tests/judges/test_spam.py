"""SpamAssassin, with its local rules only, finds nothing to hold against a mail of ours."""

import re
import shutil
import subprocess

import pytest

pytestmark = pytest.mark.browser  # what judges the looks runs together
MOST = 0.1  # points; 5 make spam
JUDGED = re.compile(r"demo|nasty|pictures|counted|recorded")  # nearly a second for each


@pytest.fixture(scope="session")
def verdicts(few_mails) -> dict[str, str]:
    """What is said of each mail; one run for all, since reading the rules takes seconds."""
    if shutil.which("spamassassin") is None:
        pytest.skip("SpamAssassin is not installed: `.ci/run` installs it")
    named = {number: mail for number, mail in enumerate(few_mails) if JUDGED.search(mail.name)}
    box = b"".join(as_in_a_mailbox(mail.content, number) for number, mail in named.items())
    done = subprocess.run(
        ["spamassassin", "--local", "--mbox"], input=box, capture_output=True, check=True
    )
    found = {}
    for message in re.split(rb"(?m)^From MAILER-DAEMON .*\n", done.stdout)[1:]:
        number = int(re.search(rb"(?m)^X-Judged: (\d+)$", message)[1])
        status = re.search(rb"(?m)^X-Spam-Status: [^\n]*(?:\n\s[^\n]*)*", message)[0]
        found[named[number].name] = " ".join(status.decode().split())
    assert len(found) == len(named), done.stderr.decode()
    return found


def as_in_a_mailbox(content: bytes, number: int) -> bytes:
    """The message as one of an mbox, numbered, since they come back in any order."""
    lines = re.sub(rb"(?m)^(>*From )", rb">\1", content.replace(b"\r\n", b"\n"))
    return b"From MAILER-DAEMON Tue Jun 16 07:00:02 2026\nX-Judged: %d\n%s\n" % (number, lines)


def test_no_mail_looks_like_spam(verdicts):
    points = {
        name: float(re.search("score=(-?[0-9.]+)", said)[1]) for name, said in verdicts.items()
    }

    bad = [f"{name}: {verdicts[name]}" for name, found in points.items() if found > MOST]
    assert not bad, "\n".join(bad)


def test_every_mail_was_understood(verdicts):
    """What cannot be parsed may get few points all the same."""
    assert not [
        said for said in verdicts.values() if re.search("MISSING_|INVALID_|_MALF|BAD_", said)
    ]


def test_the_judge_knows_spam():
    if shutil.which("spamassassin") is None:
        pytest.skip("SpamAssassin is not installed: `.ci/run` installs it")
    # The test string that every filter of this kind knows, as EICAR is for viruses.
    spam = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"
    message = f"From: a@example.org\nSubject: x\n\n{spam}\n".encode()

    done = subprocess.run(
        ["spamassassin", "--local"], input=message, capture_output=True, check=True
    )

    assert b"X-Spam-Flag: YES" in done.stdout
