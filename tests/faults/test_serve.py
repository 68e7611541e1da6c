"""`newsletter serve` as it really runs: several processes, their ends, and what they print."""

import os
import re
import signal
import subprocess
import sys
import urllib.request
from contextlib import suppress

import pytest
from builders import ENDED, add_reader, children_of, settings_for, state_of, wait_until

from newsletter.app import Newsletter
from newsletter.core.tokens import Purpose, make_token
from newsletter.settings import as_environment

pytestmark = pytest.mark.faults


@pytest.fixture
def serve(tmp_path):
    """(the process, its address, the settings, the file that it prints to): two processes serve."""
    settings = settings_for(tmp_path)
    with Newsletter(settings) as newsletter:
        newsletter.upgrade()
    log = tmp_path / "serve.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "newsletter", "-v", "serve", "--port", "0", "--processes", "2"],
            env={**os.environ, **as_environment(settings)}, stdout=out, stderr=out,
        )  # fmt: skip
    wait_until(lambda: re.search(r"port (\d+)\.", log.read_text()) or process.poll() is not None)
    port = re.search(r"port (\d+)\.", log.read_text())[1]
    yield process, f"http://127.0.0.1:{port}", settings, log
    process.kill()
    process.wait(10)


def is_alive(pid: int) -> bool:
    return state_of(pid) not in ENDED


def answers(base: str) -> bool:
    with suppress(OSError), urllib.request.urlopen(f"{base}/healthz", timeout=5) as answer:
        return answer.read() == b"ok\n"
    return False


def test_a_process_that_dies_is_replaced_and_the_pages_stay(serve):
    process, base, _, _ = serve
    wait_until(lambda: answers(base) and len(children_of(process.pid)) == 2)
    victim = children_of(process.pid)[0]

    os.kill(victim, signal.SIGKILL)

    assert answers(base)
    wait_until(
        lambda: victim not in children_of(process.pid) and len(children_of(process.pid)) == 2
    )
    assert answers(base)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_no_process_stays_behind_however_it_ends(serve, number):
    process, base, _, _ = serve
    wait_until(lambda: answers(base) and len(children_of(process.pid)) == 2)
    children = children_of(process.pid)

    process.send_signal(number)

    process.wait(30)
    wait_until(lambda: not any(map(is_alive, children)))
    assert not answers(base)


def test_what_it_prints_holds_no_token_and_no_address(serve):
    process, base, settings, log = serve
    with Newsletter(settings) as newsletter:
        reader = add_reader(newsletter, "ada", "agents")
        token = make_token(Purpose.MANAGE, reader.id, keys=newsletter.letterhead.keys)
    wait_until(lambda: answers(base))

    for path in (f"/preferences/{token}", f"/confirm/{token}", f"/nowhere/{token}?x={token}"):
        with suppress(urllib.error.HTTPError):
            urllib.request.urlopen(base + path, timeout=10).read()
    body = b"address=ada%40example.org&topics-0-filter=agents"
    with suppress(urllib.error.HTTPError):
        urllib.request.urlopen(f"{base}/subscribe", data=body, timeout=10).read()
    process.send_signal(signal.SIGTERM)
    process.wait(30)

    printed = log.read_text()
    assert "route=/preferences/{token} status=200" in printed
    assert token not in printed
    assert "ada" not in printed
