"""How far back a digest looks, and further after a pause."""

from datetime import UTC, date, datetime

import pytest

from newsletter.core.schedule import Cadence, days_covered, midnight_of

EDITION = date(2026, 6, 30)


@pytest.mark.parametrize(
    ("cadence", "days"),
    [(Cadence.DAILY, 3), (Cadence.WEEKDAYS, 4), (Cadence.WEEKLY, 8), (Cadence.MONTHLY, 32)],
)
def test_without_a_pause_a_digest_covers_its_cadences_window(cadence, days):
    assert days_covered(cadence, edition=EDITION, paused_on=None) == days


@pytest.mark.parametrize(
    ("cadence", "paused_on", "days"),
    [
        (Cadence.DAILY, date(2026, 6, 20), 13),
        (Cadence.WEEKLY, date(2026, 6, 20), 18),
        (Cadence.DAILY, EDITION, 3),
        (Cadence.DAILY, date(2026, 7, 2), 3),
        (Cadence.DAILY, date(2026, 1, 1), 32),
        (Cadence.MONTHLY, date(2026, 6, 20), 32),
    ],
    ids=["ten days", "weekly", "the same day", "after it", "half a year", "monthly"],
)
def test_after_a_pause_it_reaches_back_to_where_the_pause_began_and_never_beyond_32_days(
    cadence, paused_on, days
):
    assert days_covered(cadence, edition=EDITION, paused_on=paused_on) == days


def test_a_day_begins_at_midnight_where_the_reader_is():
    assert midnight_of(date(2026, 7, 1), "Europe/Berlin") == datetime(2026, 6, 30, 22, tzinfo=UTC)
