"""What the pages' tests share: a site to change, with its reader, and one to look at."""

import pytest
from builders import MONDAY, Clock, a_newsletter, a_paper, add_reader
from fastapi.testclient import TestClient
from pages_walk import BASE, BUSY
from public_site import PAPERS

from newsletter.adapters.queue import MemoryQueue
from newsletter.adapters.store.papers import add_papers
from newsletter.web import create_app


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def newsletter(tmp_path, clock):
    papers = [a_paper(number, upvotes=30 - number) for number in range(1, 13)]
    with a_newsletter(tmp_path, papers=papers, clock=clock, queue=MemoryQueue()) as made:
        made.pull(MONDAY.date())
        yield made


@pytest.fixture
def client(newsletter):
    with TestClient(
        create_app(newsletter, timing=BUSY), base_url=BASE, raise_server_exceptions=False
    ) as made:
        yield made


@pytest.fixture
def ada(newsletter):
    """An active reader."""
    return add_reader(newsletter, "ada", "agents", "robots", hour=7, time_zone="Europe/Berlin")


@pytest.fixture(scope="session")
def visitor(tmp_path_factory):
    """The client of a site with papers of two days; nobody changes it."""
    folder = tmp_path_factory.mktemp("public")
    with a_newsletter(folder, clock=Clock(), queue=MemoryQueue()) as made:
        with made.store.write() as session:
            add_papers(session, PAPERS, now=MONDAY)
        app = create_app(made, timing=BUSY)
        with TestClient(app, base_url=BASE, raise_server_exceptions=False) as client:
            yield client
