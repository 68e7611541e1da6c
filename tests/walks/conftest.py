"""What the walks share: a desk that sends on purpose, and its first reader."""

import pytest
from builders import add_reader
from reader_desk import Desk


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
