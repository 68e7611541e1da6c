"""The demo as a stranger runs it: a process, from nothing, that leaves nothing running."""

import email.policy
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest

RECORDED = Path(__file__).resolve().parents[3].parent / "shared/data/hf_daily_papers"


@pytest.fixture
def temp(tmp_path) -> Path:
    (tmp_path / "temp").mkdir()
    return tmp_path / "temp"


def start(temp: Path, *words: object, **environment: str) -> subprocess.Popen[str]:
    """`newsletter demo WORDS`, in a temporary folder of its own."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("NEWSLETTER_")}
    return subprocess.Popen(
        [sys.executable, "-m", "newsletter", "demo", *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**kept, "TMPDIR": str(temp), "MARK_OF_TEST": str(temp), **environment},
    )


@pytest.fixture
def demo(temp) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start demos that have ended when the test has."""
    started: list[subprocess.Popen[str]] = []

    def begin(*words: object, **environment: str) -> subprocess.Popen[str]:
        started.append(start(temp, *words, **environment))
        return started[-1]

    yield begin
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def finish(process: subprocess.Popen[str], seconds: float = 200) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=seconds)
    return process.returncode, out, err


def processes_of(temp: Path) -> list[str]:
    """The commands of all living processes that got this temporary folder from a test."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            environment = (place / "environ").read_bytes()
            if f"MARK_OF_TEST={temp}".encode() in environment.split(b"\0"):
                found.append((place / "cmdline").read_text().replace("\0", " "))
        except OSError:
            continue
    return [command for command in found if command]


def wait_until(is_so: Callable[[], object], seconds: float = 90) -> None:
    give_up = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < give_up, "it did not happen in time"
        time.sleep(0.05)


needs_proc = pytest.mark.skipif(
    not Path("/proc/self/environ").exists(), reason="processes are found by their environment"
)


@dataclass(frozen=True)
class Ended:
    """A demo that ran to its end. temp: its temporary folder."""

    code: int
    out: str
    err: str
    temp: Path

    @property
    def told(self) -> dict[str, Any]:
        return json.loads(self.out)


@pytest.fixture(scope="module")
def ended(tmp_path_factory) -> Ended:
    """One demo for many tests: in a folder with a long name, for an account set up wrongly."""
    temp = tmp_path_factory.mktemp("a" * 100)
    wrong = {
        "NEWSLETTER_DATABASE_URL": "mysql://nowhere",
        "NEWSLETTER_REDIS_URL": "redis://127.0.0.1:1/0",
        "NEWSLETTER_SMTP_URL": "smtp://127.0.0.1:1",
        "NEWSLETTER_FROM_FILE": "/nowhere",
        "CELERY_BROKER_URL": "redis://127.0.0.1:1/0",
    }
    return Ended(*finish(start(temp, "--no-serve", "--json", **wrong)), temp=temp)


def test_the_demo_tells_machines_who_got_what(ended):
    told = ended.told

    assert list(told) == ["edition", "papers", "sent", "subscribers", "inbox"]
    assert (told["edition"], told["papers"], len(told["subscribers"])) == ("2026-06-16", 25, 6)
    got = [one for one in told["subscribers"] if one["papers"]]
    assert told["sent"] == len(got) == 5
    for one in told["subscribers"]:
        assert list(one) == ["address", "topics", "papers", "message_id"]
        assert (one["message_id"] is None) == (one["papers"] == [])


def test_the_inbox_holds_each_accepted_message_after_the_end(ended):
    mails = [
        message_from_bytes(path.read_bytes(), policy=email.policy.default)
        for path in Path(ended.told["inbox"]).glob("*.eml")
    ]

    wanted = {(s["address"], s["message_id"]) for s in ended.told["subscribers"] if s["papers"]}
    assert {(mail["To"], mail["Message-ID"]) for mail in mails} == wanted


def test_nothing_but_the_mails_is_left(ended):
    left = [path for path in ended.temp.rglob("*") if path.is_file() and path.suffix != ".eml"]

    assert left == []


@needs_proc
def test_no_process_is_left_after_the_end(ended):
    assert processes_of(ended.temp) == []


def test_settings_of_the_account_and_a_long_temporary_folder_do_not_matter(ended):
    assert ended.code == 0, ended.err
    assert ended.told["sent"] == 5
    assert ended.told["inbox"].startswith(str(ended.temp))


def served(process: subprocess.Popen[str]) -> tuple[str, str]:
    """The address of the inbox, once it is told, and what was said until then."""
    assert process.stderr is not None
    said = ""
    for line in process.stderr:
        said += line
        if found := re.search(r"http://127\.0\.0\.1:\d+/inbox", line):
            return found[0], said
    raise AssertionError(f"the demo ended before it served anything: {said}")


def page(url: str) -> str:
    """As it is in the end: on a busy machine it is said to be late at first, with a 503."""
    answers: list[str] = []

    def is_there() -> bool:
        with suppress(urllib.error.HTTPError), urllib.request.urlopen(url, timeout=30) as answer:
            answers.append(answer.read().decode())
        return bool(answers)

    wait_until(is_there)
    return answers[0]


@pytest.fixture(scope="module")
def stopped(request, tmp_path_factory) -> tuple[Ended, Path, list[str]]:
    """(a demo that served until it got this signal, where its mails were to go, its pages)."""
    temp, mails = tmp_path_factory.mktemp("stopped"), tmp_path_factory.mktemp("out") / "mails"
    process = start(temp, "--out", mails, COLUMNS="200")
    try:
        inbox, said = served(process)
        pages = [page(inbox), page(inbox.removesuffix("/inbox"))]
        process.send_signal(request.param)
        code, out, err = finish(process)
    finally:
        process.kill()
    return Ended(code, out, said + err, temp=temp), mails, pages


by_each_stop = pytest.mark.parametrize(
    "stopped",
    [
        pytest.param(signal.SIGINT, id="Ctrl-C"),
        pytest.param(signal.SIGTERM, id="terminated", marks=pytest.mark.faults),
    ],
    indirect=True,
)


@needs_proc
@by_each_stop
def test_the_pages_are_served_until_a_stop_is_asked_for(stopped):
    ended, _, (inbox, first) = stopped

    assert "ada@example.org" in inbox
    assert first
    assert ended.code == 0
    assert processes_of(ended.temp) == []


@by_each_stop
def test_the_mails_go_where_out_says_and_people_see_who_got_what(stopped):
    ended, mails, _ = stopped

    assert ended.code == 0
    assert f"The mails stay in {mails}." in ended.err
    assert len(list(mails.glob("*.eml"))) == 5
    # and people see each reader, their papers and why
    assert "ada@example.org  7 papers" in ended.out
    assert re.search(r"EvoArena: .* LLM Agents in Dynamic Environments +title:agent\*", ended.out)
    assert "no mail: nothing matched" in ended.out
    assert "25 papers, 6 readers, 5 mails sent, 1 without a match" in ended.out


def test_a_folder_that_holds_something_is_never_filled(demo, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")

    code, _, err = finish(demo("--no-serve", "--out", tmp_path))

    assert code == 1
    assert "not empty" in err
    assert len(err.strip().splitlines()) == 1


@needs_proc
@pytest.mark.faults
def test_two_demos_at_once_do_not_meet(demo, temp):
    both = [demo("--no-serve", "--json"), demo("--no-serve", "--json")]

    told = [json.loads(finish(process)[1]) for process in both]

    assert [one["sent"] for one in told] == [5, 5]
    assert told[0]["inbox"] != told[1]["inbox"]
    assert all(len(list(Path(one["inbox"]).glob("*.eml"))) == 5 for one in told)
    assert processes_of(temp) == []


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--data", "/nowhere/at/all"], "no folder '/nowhere/at/all'"),
        (["--date", "1999-01-01"], "The demo brings along 2026-06-16"),
    ],
    ids=["no such folder", "no such day"],
)
def test_days_that_are_not_there_are_one_sentence_that_says_what_is(demo, words, sentence):
    code, out, err = finish(demo("--no-serve", *words))

    assert (code, out) == (1, "")
    assert sentence in err
    assert len(err.strip().splitlines()) == 1


def test_a_day_that_cannot_be_read_is_told_with_the_reason(demo, tmp_path):
    (tmp_path / "days").mkdir()
    (tmp_path / "days/2026-06-16.json").write_text('[{"paper": {"id": ')

    code, out, err = finish(demo("--no-serve", "--data", tmp_path / "days"))

    assert (code, out) == (1, "")
    assert "2026-06-16" in err
    assert "Traceback" not in err


@pytest.mark.skipif(not RECORDED.is_dir(), reason="the recorded days are not beside the project")
def test_every_entry_of_a_recorded_day_is_a_paper(demo):
    day = RECORDED / "2026-06-18.json"

    code, out, err = finish(demo("--no-serve", "--json", "--data", RECORDED, "--date", day.stem))

    assert code == 0, err
    told = json.loads(out)
    assert told["edition"] == "2026-06-18"
    assert told["papers"] == len(json.loads(day.read_text()))
    assert told["sent"] == sum(bool(one["papers"]) for one in told["subscribers"])


def test_a_port_that_is_taken_is_refused_when_it_was_asked_for(demo):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        code, _, err = finish(demo("--port", port))

    assert code == 1
    assert port in err
    assert "--port" in err


@needs_proc
@pytest.mark.faults
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM], ids=["killed", "terminated"])
@pytest.mark.parametrize("moment", [0.4, 1.5])
def test_no_process_is_left_whenever_the_demo_is_ended(demo, temp, how, moment):
    process = demo("--no-serve", "--json")
    time.sleep(moment)  # the moment itself is what is tried, whatever happens in it

    process.send_signal(how)
    process.communicate(timeout=90)

    wait_until(lambda: processes_of(temp) == [])


@needs_proc
@pytest.mark.faults
def test_a_worker_that_is_killed_is_replaced_and_every_mail_arrives(demo, temp):
    process = demo("--no-serve", "--json")
    wait_until(lambda: [c for c in processes_of(temp) if is_worker(c)])

    kill_workers(temp)
    code, out, err = finish(process)

    assert code == 0, err
    assert "worker ended by itself (signal 9)" in err
    assert json.loads(out)["sent"] == 5
    assert processes_of(temp) == []


def is_worker(command: str) -> bool:
    return "-m celery" in command and "guard.py" not in command


def kill_workers(temp: Path) -> None:
    for place in Path("/proc").glob("[0-9]*"):
        try:
            is_ours = f"MARK_OF_TEST={temp}".encode() in (place / "environ").read_bytes()
            if is_ours and is_worker((place / "cmdline").read_text().replace("\0", " ")):
                os.kill(int(place.name), signal.SIGKILL)
        except OSError:
            continue
