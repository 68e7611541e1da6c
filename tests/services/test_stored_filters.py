"""Filters as they were stored, when the language has changed since."""

import pytest
from builders import MONDAY, a_newsletter, a_paper, add_reader
from sqlalchemy import update
from sqlmodel import col

from newsletter.adapters.store.tables import MuteRow, TopicRow

DAY = MONDAY.date()


@pytest.fixture
def newsletter(tmp_path):
    papers = [a_paper(1), a_paper(2, title="Maps of robots", abstract="")]
    newsletter = a_newsletter(tmp_path, papers=papers)
    newsletter.pull(DAY)
    return newsletter


def spoil(newsletter, row, text):
    """Make a stored text one that the language knows no more."""
    with newsletter.store.write() as session:
        session.execute(
            update(row).where(col(row.filter) == text).values(filter=f"formerly:{text}")
        )


@pytest.mark.parametrize("rows", [TopicRow, MuteRow])
def test_a_text_that_cannot_be_read_any_more_is_left_out_and_named(newsletter, caplog, rows):
    add_reader(newsletter, "ada", "agents", "robots", mutes=("weather",))
    spoil(newsletter, rows, "robots" if rows is TopicRow else "weather")

    planned = newsletter.plan_range(0, DAY, everyone=True)

    assert planned.digests == 1
    assert "unknown field `formerly:`" in caplog.text


def test_a_reader_of_nothing_that_can_be_read_gets_nothing_and_the_others_get_theirs(newsletter):
    add_reader(newsletter, "ada", "agents")
    add_reader(newsletter, "bob", "robots")
    spoil(newsletter, TopicRow, "agents")

    assert newsletter.plan_range(0, DAY, everyone=True).digests == 1
