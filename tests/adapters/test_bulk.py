"""Many rows in one statement: all that was given is there, on either database."""

from datetime import timedelta

import pytest
from builders import MONDAY
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select
from sqlalchemy.exc import DBAPIError
from sqlmodel import col

from newsletter.adapters.store import Store
from newsletter.adapters.store.bulk import insert_many
from newsletter.adapters.store.deliveries import Sender, add_digests, digest_of
from newsletter.adapters.store.planning import edition_id
from newsletter.adapters.store.tables import DeliveryRow, MuteRow, SubscriberRow
from newsletter.core.delivery.states import Kind
from newsletter.core.digests import Digest, Pick, Section

SENDER = Sender(secret=b"a secret of some length", domain="papers.example.org")
AWKWARD = ("", "NULL", "null", '"', "\\", '\\"', "{a,b}", ",", "\x1f", "a\x1fb", "\n", "é👾", "'")
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=9)


PLAIN = {
    "status": "active",
    "time_zone": "UTC",
    "cadence": "daily",
    "weekday": 0,
    "hour": 7,
    "cap": 10,
    "domain": "example.org",
    "created_at": MONDAY,
    "ended_because": "",
}


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def store(request, tmp_path_factory):
    url = f"sqlite:///{tmp_path_factory.mktemp('bulk') / 'newsletter.db'}"
    if request.param == "postgres":
        server = request.getfixturevalue("postgres_server")
        url = server.url(server.create())
    store = Store(url)
    store.upgrade()
    with store.write() as session:
        readers = range(1, 4)
        insert_many(
            session,
            SubscriberRow,
            {
                "id": list(readers),
                "address": [f"r{n}@example.org" for n in readers],
                "address_key": [f"r{n}@example.org" for n in readers],
                "address_hash": [f"{n:064}" for n in readers],
                "thumbnails": [n == 2 for n in readers],
                "next_due_at": [MONDAY + timedelta(hours=n) for n in readers],
                "paused_until": [None, MONDAY, None],
            },
            shared=PLAIN,
        )
    yield store
    store.close()


def test_each_kind_of_value_is_read_back_as_it_was_given(store):
    with store.read() as session:
        rows = session.scalars(select(SubscriberRow).order_by(col(SubscriberRow.id))).all()

    assert [row.thumbnails for row in rows] == [False, True, False]
    assert [row.next_due_at - MONDAY for row in rows] == [timedelta(hours=n) for n in (1, 2, 3)]
    assert [row.paused_until for row in rows] == [None, MONDAY, None]
    assert {row.created_at for row in rows} == {MONDAY}


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.one_of(TEXTS, st.sampled_from(AWKWARD)), min_size=1, max_size=6))
def test_no_text_is_changed_or_taken_for_another(store, texts):
    with store.write() as session:
        insert_many(session, MuteRow, {"filter": texts}, shared={"subscriber_id": 1})
        found = session.scalars(select(col(MuteRow.filter)).order_by(col(MuteRow.id))).all()
        session.execute(delete(MuteRow))

    assert found == texts


def test_a_row_that_is_there_is_an_error_or_left_as_it_is(store):
    again = {"address": ["new@example.org"], "address_key": ["r1@example.org"]}
    shared = {**PLAIN, "address_hash": "0", "thumbnails": False}
    with store.write() as session:
        insert_many(session, SubscriberRow, again, shared=shared, is_once=True)
        found = session.scalars(select(col(SubscriberRow.address)).order_by(col(SubscriberRow.id)))
        assert found.first() == "r1@example.org"

    with pytest.raises(DBAPIError), store.write() as session:
        insert_many(session, SubscriberRow, again, shared=shared)


# SQLite knows no length of a text and keeps it whole.
@pytest.mark.parametrize("store", ["postgres"], indirect=True)
def test_a_text_that_is_too_long_is_refused_and_not_cut_off(store):
    given = {"address": ["l@example.org"], "address_key": ["l@example.org"]}
    shared = {**PLAIN, "address_hash": "0", "thumbnails": False}
    for column in ("language", "cadence"):
        with pytest.raises(DBAPIError, match="too long"), store.write() as session:
            insert_many(session, SubscriberRow, given, shared=shared | {column: "x" * 17})


def test_a_digest_is_kept_word_for_word(store):
    picks = tuple(Pick(paper_id=f"x:{n}", words=(word,)) for n, word in enumerate(AWKWARD))
    shared = Digest(sections=(Section(topic='A "topic", \\ é', picks=picks),))
    full = Digest(sections=shared.sections, left_out=(Pick(paper_id="y:1"), picks[0]), more=3)
    with store.write() as session:
        number = edition_id(session, Kind.DIGEST, MONDAY.date(), now=MONDAY)
        plan = ((number, MONDAY.date()), {1: shared, 2: full, 3: shared})
        add_digests(session, *plan, sender=SENDER, now=MONDAY)
        add_digests(session, plan[0], {1: full}, sender=SENDER, now=MONDAY)

    with store.read() as session:
        rows = session.scalars(select(DeliveryRow).order_by(col(DeliveryRow.subscriber_id))).all()
    assert [digest_of(row.digest) for row in rows] == [shared, full, shared]
    assert len({row.message_id for row in rows}) == 3
