"""What the walks share: services over each database, a desk that sends on purpose, its reader."""

import pytest
from builders import a_newsletter, add_reader, settings_for
from reader_desk import Desk

from newsletter.adapters.queue import MemoryQueue


@pytest.fixture(params=["sqlite", "postgres"])
def database(request, tmp_path):
    if request.param == "sqlite":
        return settings_for(tmp_path)
    url = request.getfixturevalue("postgres_url")
    return settings_for(tmp_path, database_url=url)


@pytest.fixture
def service(database, tmp_path):
    """Makes a service over the test's database, with a queue that is looked at by hand."""
    made = []

    def make(papers=(), **parts):
        parts = {"queue": MemoryQueue(), **parts}
        made.append(a_newsletter(tmp_path, papers=papers, settings=database, **parts))
        return made[-1]

    yield make
    for newsletter in made:
        newsletter.close()


@pytest.fixture
def desk(request, tmp_path):
    url = f"sqlite:///{tmp_path}/n.db"
    if getattr(request, "param", "sqlite") == "postgres":
        url = request.getfixturevalue("postgres_url")
    made = Desk(tmp_path, url)
    yield made
    made.service.close()


@pytest.fixture
def ada(desk):
    """An active reader of everything, daily at seven."""
    return add_reader(desk.service, "ada", "*", cap=20)
