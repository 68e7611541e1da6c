"""Papers at hand: read once, and again as soon as they change."""

from datetime import timedelta

import pytest
from builders import MONDAY, Clock, a_paper, open_store

from newsletter.adapters.store.at_hand import PapersAtHand
from newsletter.adapters.store.papers import add_papers


@pytest.fixture
def store(tmp_path):
    return open_store(f"sqlite:///{tmp_path / 'newsletter.db'}", clock=Clock())


def test_a_paper_that_did_not_change_is_the_same_object(store):
    at_hand = PapersAtHand()
    with store.write() as session:
        add_papers(session, [a_paper(1), a_paper(2)], now=MONDAY)

    with store.read() as session:
        first = at_hand.with_ids(session, ["2606.00001", "2606.00002"])
        again = at_hand.with_ids(session, ["2606.00001"])

    assert first == {"2606.00001": a_paper(1), "2606.00002": a_paper(2)}
    assert again["2606.00001"] is first["2606.00001"]


def test_a_paper_that_changed_is_read_again(store):
    at_hand = PapersAtHand()
    with store.write() as session:
        add_papers(session, [a_paper(1, upvotes=7)], now=MONDAY)
    with store.read() as session:
        at_hand.with_ids(session, ["2606.00001"])

    with store.write() as session:
        add_papers(session, [a_paper(1, upvotes=8)], now=MONDAY + timedelta(hours=1))
    with store.read() as session:
        found = at_hand.with_ids(session, ["2606.00001"])

    assert found["2606.00001"].upvotes == 8


def test_a_paper_that_is_gone_is_left_out_and_no_more_are_kept_than_allowed(store):
    at_hand = PapersAtHand(most=2)
    with store.write() as session:
        add_papers(session, [a_paper(number) for number in range(1, 6)], now=MONDAY)

    with store.read() as session:
        for number in range(1, 6):
            found = at_hand.with_ids(session, [f"2606.{number:05d}", "gone"])
            assert found == {f"2606.{number:05d}": a_paper(number)}

    assert len(at_hand._kept) <= 2
