"""What the services' tests share: a desk on each database."""

import pytest
from builders import open_store
from subscription_desk import Desk


@pytest.fixture(params=["sqlite", "postgres"])
def desk(request, tmp_path):
    url = f"sqlite:///{tmp_path}/n.db"
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_url")
    store = open_store(url)
    yield Desk(store)
    store.close()
