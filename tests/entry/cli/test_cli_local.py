"""What `up` and `demo` stand on: ports, the lock of a data folder, signals, the environment."""

import os
import signal
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi import FastAPI

from newsletter.cli.local import child_environment
from newsletter.cli.opening import current_settings, with_absolute_paths
from newsletter.cli.ports import open_port
from newsletter.cli.running import only_one, servers, tell
from newsletter.cli.site import Server
from newsletter.cli.stopping import Stopping
from newsletter.errors import Refused, SettingsError
from newsletter.settings import Settings


@pytest.fixture
def taken() -> socket.socket:
    with open_port("127.0.0.1", 0, is_fixed=True) as listening:
        yield listening


def test_the_next_free_port_is_used_when_the_first_is_taken(taken):
    port = taken.getsockname()[1]

    with open_port("127.0.0.1", port, is_fixed=False) as listening:
        assert listening.getsockname()[1] != port


def test_a_port_that_was_asked_for_and_is_taken_is_refused_with_what_to_do(taken):
    port = taken.getsockname()[1]

    with pytest.raises(Refused, match=rf"Port {port} .* taken .* --port"):
        open_port("127.0.0.1", port, is_fixed=True)


def test_an_address_of_another_machine_is_refused():
    with pytest.raises(Refused, match="cannot be used"):
        open_port("192.0.2.1", 0, is_fixed=True)


def test_a_name_that_is_no_address_is_refused():
    with pytest.raises(Refused, match="no address of this machine"):
        open_port("not a host", 8000, is_fixed=True)


def test_other_commands_find_the_servers_while_up_runs_and_not_after(tmp_path):
    told = {"redis_url": "unix:///run/r.sock?db=0", "smtp_url": "smtp://127.0.0.1:2525?tls=none"}

    with only_one(tmp_path):
        tell(tmp_path, told)
        found = servers(tmp_path)

    assert found == {"REDIS_URL": told["redis_url"], "SMTP_URL": told["smtp_url"]}
    assert servers(tmp_path) == {}


def test_the_servers_of_an_up_that_was_killed_are_not_used(tmp_path):
    code = (
        "import os, sys; from pathlib import Path; from newsletter.cli.running import *\n"
        "with only_one(Path(sys.argv[1])):\n"
        "    tell(Path(sys.argv[1]), {'redis_url': 'redis://localhost:1/0'})\n"
        "    os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code, tmp_path], check=False)

    assert (tmp_path / "up.json").exists()
    assert servers(tmp_path) == {}


def test_a_second_up_on_a_data_folder_is_refused_and_told_where_the_first_is(tmp_path):
    with only_one(tmp_path):
        tell(tmp_path, {"base_url": "http://127.0.0.1:8000"})
        with (
            pytest.raises(Refused, match=rf"at http://127.0.0.1:8000 \(process {os.getpid()}\)"),
            only_one(tmp_path),
        ):
            pass

    with only_one(tmp_path):
        pass  # and after the first has ended it may start


def test_a_data_folder_that_cannot_be_written_is_a_wrong_setting():
    with pytest.raises(SettingsError, match="NEWSLETTER_DATA_DIR"), only_one(Path("/dev/null/x")):
        pass


def test_the_file_with_the_servers_is_for_this_account_only(tmp_path):
    with only_one(tmp_path):
        tell(tmp_path, {"redis_url": "redis://localhost/0"})

        assert (tmp_path / "up.json").stat().st_mode & 0o077 == 0


def test_settings_that_are_given_win_over_a_running_up(tmp_path, monkeypatch):
    monkeypatch.setenv("NEWSLETTER_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("NEWSLETTER_REDIS_URL", "redis://redis.test:6379/0")

    with only_one(tmp_path):
        tell(tmp_path, {"redis_url": "redis://localhost/0", "smtp_url": "smtp://localhost:2525"})
        settings = current_settings()

    assert settings.redis_url == "redis://redis.test:6379/0"
    assert settings.smtp_url == "smtp://localhost:2525"


def test_the_first_signal_is_a_wish_and_the_second_is_obeyed_at_once():
    with Stopping() as stopping:
        assert not stopping.wait(0)
        signal.raise_signal(signal.SIGTERM)
        assert stopping.wait(60)
        assert stopping.exit_code == 128 + signal.SIGTERM
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_a_server_ends_that_was_asked_to_before_it_listened_to_signals():
    with Stopping() as stopping, open_port("127.0.0.1", 0, is_fixed=True) as listening:
        signal.raise_signal(signal.SIGTERM)
        server = Server(FastAPI(), stopping)

        server.run(sockets=[listening])

    assert not server.servers[0].is_serving()


def test_signals_mean_what_they_meant_before_once_it_is_over():
    before = signal.getsignal(signal.SIGTERM)

    with Stopping():
        pass

    assert signal.getsignal(signal.SIGTERM) is before


def test_children_get_our_settings_and_none_of_another_program(tmp_path, monkeypatch):
    monkeypatch.setenv("NEWSLETTER_SMTP_URL_FILE", "/run/secrets/smtp")
    monkeypatch.setenv("CELERY_BROKER_URL", "redis://elsewhere:6379/0")
    monkeypatch.setenv("LANG", "C.UTF-8")
    settings = Settings(database_url="sqlite:////d.db", data_dir=tmp_path, secret_keys=("k" * 16,))

    given = child_environment(settings)

    assert given["NEWSLETTER_DATABASE_URL"] == "sqlite:////d.db"
    assert given["NEWSLETTER_SECRET_KEYS"] == "k" * 16
    assert given["LANG"] == "C.UTF-8"
    assert not {"NEWSLETTER_SMTP_URL_FILE", "CELERY_BROKER_URL"} & set(given)


def test_relative_paths_stay_right_for_a_process_in_another_folder(tmp_path, monkeypatch):
    place = tmp_path / "50%, about"
    place.mkdir()
    monkeypatch.chdir(place)
    settings = Settings(
        database_url="sqlite:///n.db?timeout=3",
        data_dir=Path("data"),
        templates_dir=Path("mine"),
        sources="huggingface, folder:days%2C old,arxiv:cs.CL+cs.LG",
    )

    made = with_absolute_paths(settings)

    assert made.database_url == f"sqlite:///{place}/n.db?timeout=3"
    assert (made.data_dir, made.templates_dir) == (place / "data", place / "mine")
    folder = f"{tmp_path}/50%25%2C about/days%2C old"
    assert made.sources == f"huggingface,folder:{folder},arxiv:cs.CL+cs.LG"
    assert with_absolute_paths(made) == made


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "postgresql+psycopg://h/n"])
def test_an_address_without_a_relative_path_is_left_alone(url, tmp_path):
    settings = replace(Settings(database_url=url, data_dir=tmp_path), sources="huggingface")

    assert with_absolute_paths(settings).database_url == url
