"""The database killed, cut off in mid-commit, locked or full: nothing is sent that no row says."""

import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from threading import Timer

import pytest
from builders import MONDAY, a_newsletter, a_paper, add_reader, settings_for, wait_until
from proxy import Proxy
from world import CONNECTIONS, dice

from newsletter.adapters.queue import Task
from newsletter.adapters.smtp import MemoryTransport
from newsletter.adapters.store.engine import BUSY_TIMEOUT_SECONDS
from newsletter.core.delivery.states import State

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]

READERS = 600


def test_a_postgresql_killed_again_and_again_loses_and_doubles_nothing(make_world):
    world, chance = make_world("postgres"), dice()
    world.plan(READERS)
    worker = world.start()
    wait_until(lambda: world.is_ready(worker))
    world.newsletter.ring(Task.SEND)

    for moment in sorted(chance.sample(range(READERS - 20), 3)):
        world.wait_for(moment)
        world.postgres.kill()
        world.postgres.start()
    world.settle()

    world.assert_holds(readers=READERS)


@pytest.fixture
def line(postgres_server) -> Iterator[Proxy]:
    """The way to PostgreSQL."""
    line = Proxy(postgres_server.folder / ".s.PGSQL.5432")
    line.start()
    yield line
    line.stop()


def test_what_was_handed_over_while_the_database_was_away_is_recorded_when_it_is_back(
    tmp_path, postgres_server, line
):
    name = postgres_server.create()
    url = f"postgresql+psycopg://postgres@127.0.0.1:{line.port}/{name}"
    transport, settings = CuttingTransport(line), settings_for(tmp_path, database_url=url)
    with a_newsletter(
        tmp_path, papers=[a_paper()], settings=settings, transport=transport
    ) as newsletter:
        add_reader(newsletter, "ada")
        newsletter.run(MONDAY.date(), everyone=True)

        assert len(transport.sent) == 1
        assert newsletter.counts(MONDAY.date()) == {State.SENT: 1}


class CuttingTransport(MemoryTransport):
    """Cuts the line to the database behind its first batch, for a second."""

    def __init__(self, line: Proxy) -> None:
        super().__init__()
        self._line = line

    def send_many(self, letters, *, accepted):
        yield from super().send_many(letters, accepted=accepted)
        if not self._line.is_refusing:
            self._line.is_refusing = True
            self._line.cut()
            Timer(1.0, self._mend).start()

    def _mend(self) -> None:
        self._line.is_refusing = False


@pytest.mark.parametrize("is_passed_on", [False, True], ids=["unheard", "heard, not answered"])
def test_a_commit_that_is_cut_loses_and_doubles_nothing(make_world, is_passed_on):
    world, chance = make_world("postgres", proxied=["postgres"]), dice()
    world.plan(READERS)
    worker = world.start()
    wait_until(lambda: world.is_ready(worker))
    proxy = world.proxies["postgres"]
    world.newsletter.ring(Task.SEND)

    for number in range(1, 7):
        proxy.cut_at(b"COMMIT", is_passed_on=is_passed_on, skips=chance.randint(0, 3))
        wait_until(lambda number=number: proxy.has_cut >= number or _is_done(world))
    world.settle()

    assert proxy.has_cut
    world.assert_holds(readers=READERS)


def test_an_sqlite_that_another_program_locks_for_long_loses_and_doubles_nothing(make_world):
    world = make_world()
    world.plan(READERS)
    world.start()
    world.newsletter.ring(Task.SEND)
    world.wait_for(50)

    with closing(sqlite3.connect(world.settings.data_dir / "newsletter.db")) as other:
        other.isolation_level = None
        other.execute("PRAGMA busy_timeout=10000")
        other.execute("BEGIN IMMEDIATE")
        time.sleep(BUSY_TIMEOUT_SECONDS + 1)  # what is waited for here is their time-out
        other.execute("ROLLBACK")
    world.settle()

    verdict = world.verdict()
    assert verdict.missing == verdict.unknown == verdict.unsaid == frozenset()
    assert verdict.states == {State.SENT: READERS}
    assert verdict.doubled == 0


@pytest.fixture
def small_disk(tmp_path):
    """A folder on a disk of 8 MB, where one can be mounted."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a small disk needs mount -t tmpfs, which is not allowed here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_loses_and_doubles_nothing(make_world, small_disk):
    url = f"sqlite:///{small_disk / 'newsletter.db'}"
    world = make_world(database_url=url)
    world.plan(READERS)
    worker = world.start()
    wait_until(lambda: world.is_ready(worker))
    world.newsletter.ring(Task.SEND)
    world.wait_for(50)

    _fill(small_disk / "ballast")
    wait_until(lambda: "database or disk is full" in world.log(worker))
    taken = world.relay.count("taken")
    (small_disk / "ballast").unlink()
    world.settle()

    assert taken < READERS
    verdict = world.verdict()
    assert verdict.missing == verdict.unknown == verdict.unsaid == frozenset()
    assert verdict.states == {State.SENT: READERS}
    assert verdict.doubled <= CONNECTIONS


def _fill(path) -> None:
    with path.open("wb", buffering=0) as ballast:
        try:
            while True:
                ballast.write(bytes(4096))
        except OSError:
            return


def _is_done(world) -> bool:
    return world.relay.count("taken") >= READERS
