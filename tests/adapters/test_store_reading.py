"""Whoever reads sees one moment, on either database."""

import pytest
from builders import open_store
from sqlalchemy import text

COUNT = text("SELECT count(*) FROM suppressions")
ADD = text("INSERT INTO suppressions (address_hash, reason, since_at) VALUES ('x', 'y', :now)")


@pytest.fixture(params=["sqlite", "postgres"])
def store(request, tmp_path):
    url = f"sqlite:///{tmp_path / 'newsletter.db'}"
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_url")
    store = open_store(url)
    yield store
    store.close()


def test_what_is_committed_while_somebody_reads_is_not_seen_by_them(store):
    with store.read() as reading:
        before = reading.scalar(COUNT)
        with store.write() as writing:
            writing.execute(ADD, {"now": store.now(writing)})

        assert reading.scalar(COUNT) == before == 0

    with store.read() as reading:
        assert reading.scalar(COUNT) == 1
