"""No delivery without its reader and its edition, on either database, with foreign keys or not."""

import threading
from datetime import timedelta

import pytest
from builders import MONDAY, a_newsletter, a_paper, add_reader, settings_for, wait_until
from sqlalchemy import delete, insert, select, text
from sqlmodel import col

from newsletter.adapters.queue import MemoryQueue
from newsletter.adapters.store.deliveries import Sender, add_resends, add_single
from newsletter.adapters.store.deliveries import deliveries_with_ids as with_ids
from newsletter.adapters.store.subscribers import remove_subscriber
from newsletter.adapters.store.tables import DeliveryRow, EditionRow, SubscriberRow
from newsletter.core.delivery.states import Kind
from newsletter.services import editions

SENDER = Sender(secret=b"a secret of some length", domain="papers.example.org")
DAY = MONDAY.date()
on_postgresql = pytest.mark.parametrize("newsletter", ["postgres"], indirect=True)


@pytest.fixture(params=["sqlite", "postgres"])
def newsletter(request, tmp_path):
    """A service with two readers, for both of whom Monday's paper is planned."""
    url = f"sqlite:///{tmp_path / 'newsletter.db'}"
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_url")
    settings = settings_for(tmp_path, database_url=url)
    with a_newsletter(
        tmp_path, papers=[a_paper(1)], settings=settings, queue=MemoryQueue()
    ) as made:
        for name in ("ada", "bob"):
            add_reader(made, name)
        made.pull(DAY)
        made.plan_range(0, DAY, everyone=True)
        yield made


def rows_of(newsletter) -> list[tuple[int, int]]:
    """Reader and number of each delivery."""
    with newsletter.store.read() as session:
        columns = (col(DeliveryRow.subscriber_id), col(DeliveryRow.resend_no))
        return [tuple(row) for row in session.execute(select(*columns).order_by(*columns))]


def ids_of(session) -> list[int]:
    return list(session.scalars(select(col(DeliveryRow.id)).order_by(col(DeliveryRow.id))))


def test_a_reader_who_is_removed_by_hand_takes_their_deliveries_along(newsletter):
    with newsletter.store.write() as session:
        session.execute(delete(SubscriberRow).where(col(SubscriberRow.id) == 1))

    assert rows_of(newsletter) == [(2, 0)]


def test_an_edition_that_is_removed_by_hand_takes_its_deliveries_along(newsletter):
    with newsletter.store.write() as session:
        session.execute(delete(EditionRow))

    assert rows_of(newsletter) == []


def test_what_was_drafted_for_a_reader_who_is_then_removed_is_not_planned(newsletter):
    late = add_reader(newsletter, "cem")
    with newsletter.store.read() as session:
        draft = editions.draft(
            session,
            0,
            edition=DAY,
            everyone=True,
            seen=newsletter.parts.seen,
            indexes=newsletter._indexes,
            now=MONDAY,
        )
    assert draft.digests[DAY].keys() == {late.id}
    with newsletter.store.write() as session:
        remove_subscriber(session, late.id)

    with newsletter.store.write() as session:
        assert editions.plan(session, draft, sender=SENDER, now=MONDAY) is None
    assert rows_of(newsletter) == [(1, 0), (2, 0)]


def test_nothing_is_planned_for_a_reader_who_is_not_there(newsletter):
    with newsletter.store.write() as session:
        single = add_single(session, Kind.TEST, 77, sender=SENDER, now=MONDAY, most=1)

    assert single is None
    assert rows_of(newsletter) == [(1, 0), (2, 0)]


@on_postgresql  # SQLite lets one write at a time
def test_a_reader_cannot_be_removed_while_their_digest_is_planned_once_more(newsletter):
    removed = threading.Thread(target=lambda: remove(newsletter, 1))
    with newsletter.store.write() as session:
        originals = with_ids(session, ids_of(session))
        removed.start()
        wait_until(lambda: is_someone_waiting(newsletter))
        add_resends(session, originals, DAY, sender=SENDER, now=MONDAY, because="lost")
    removed.join()

    assert rows_of(newsletter) == [(2, 0), (2, 1)]


def test_a_digest_of_a_removed_reader_is_not_planned_once_more(newsletter):
    with newsletter.store.write() as session:
        ids = ids_of(session)
        remove_subscriber(session, 1)
        originals = with_ids(session, ids)

    assert [row.subscriber_id for row in originals] == [2]


@on_postgresql  # SQLite's foreign keys let none in
def test_a_delivery_without_a_reader_stops_no_other(newsletter):
    with newsletter.store.write() as session:
        (row,) = session.execute(
            select(DeliveryRow.__table__).where(col(DeliveryRow.subscriber_id) == 1)
        )
        lost = {**row._asdict(), "id": 99, "subscriber_id": 77}
        session.execute(insert(DeliveryRow), [{**lost, "next_at": MONDAY - timedelta(days=1)}])

    assert newsletter.send_waiting() == 2
    with newsletter.store.read() as session:
        found = session.get(DeliveryRow, 99)
    assert (found.state, found.last_text) == ("skipped", "the reader is not there")


def remove(newsletter, subscriber_id: int) -> None:
    with newsletter.store.write() as session:
        remove_subscriber(session, subscriber_id)


def is_someone_waiting(newsletter) -> bool:
    with newsletter.store.read() as session:
        waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return session.connection().scalar(waiting) > 0
