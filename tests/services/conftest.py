"""What the services' tests share: a desk on each database."""

import pytest
from subscription_desk import Desk

from newsletter.adapters.store import Store


@pytest.fixture(params=["sqlite", "postgres"])
def desk(request, tmp_path):
    url = f"sqlite:///{tmp_path}/n.db"
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_url")
    store = Store(url)
    store.upgrade()
    yield Desk(store)
    store.close()
