"""When a digest is due: in the reader's time zone, on their days, once a day whatever clocks do."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.core.schedule import (
    Cadence,
    check_cadence,
    check_time_zone,
    check_weekday,
    edition_of,
    next_due,
    time_zone_meant,
    window_days,
)
from newsletter.errors import ChoiceError

ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "UTC"]


def due(cadence=Cadence.DAILY, *, hour=7, weekday=0, time_zone="Europe/Berlin", after):
    return next_due(cadence, hour=hour, weekday=weekday, time_zone=time_zone, after=after)


def utc(*parts):
    return datetime(*parts, tzinfo=UTC)


def all_due(first, last, **choices):
    """Every due instant after `first` up to `last`."""
    instant, found = first, []
    while (instant := due(after=instant, **choices)) <= last:
        found.append(instant)
    return found


def test_a_daily_digest_is_due_at_the_readers_own_hour():
    assert due(after=utc(2026, 1, 5, 5, 59)) == utc(2026, 1, 5, 6)
    assert due(after=utc(2026, 7, 5, 4, 59)) == utc(2026, 7, 5, 5)


def test_the_next_one_is_strictly_later():
    assert due(after=utc(2026, 1, 5, 6)) == utc(2026, 1, 6, 6)


def test_weekdays_skip_saturday_and_sunday():
    friday = utc(2026, 1, 9, 6)

    assert due(Cadence.WEEKDAYS, after=friday) == utc(2026, 1, 12, 6)


def test_weekdays_are_those_of_the_readers_place():
    sunday_evening_utc = utc(2026, 1, 11, 20)  # Monday morning in Auckland

    found = due(Cadence.WEEKDAYS, hour=10, time_zone="Pacific/Auckland", after=sunday_evening_utc)

    assert found == utc(2026, 1, 11, 21)


def test_a_weekly_digest_keeps_its_weekday():
    assert due(Cadence.WEEKLY, weekday=2, after=utc(2026, 1, 7, 6)) == utc(2026, 1, 14, 6)


def test_a_monthly_digest_is_due_on_the_first():
    assert due(Cadence.MONTHLY, after=utc(2026, 1, 1, 6)) == utc(2026, 2, 1, 6)
    assert due(Cadence.MONTHLY, after=utc(2026, 11, 20)) == utc(2026, 12, 1, 6)


def test_an_hour_that_the_clocks_skip_is_due_right_after():
    night = utc(2026, 3, 28, 12)  # on the 29th Berlin's clocks go from 2 to 3

    assert due(hour=2, after=night) == utc(2026, 3, 29, 1)
    assert due(hour=3, after=night) == utc(2026, 3, 29, 1)


def test_an_hour_that_comes_twice_is_due_the_first_time_only():
    first = due(hour=2, after=utc(2026, 10, 24, 12))

    assert first == utc(2026, 10, 25, 0)
    assert due(hour=2, after=first) == utc(2026, 10, 26, 1)


def test_half_an_hour_of_summer_time_is_kept():
    assert due(hour=2, time_zone="Australia/Lord_Howe", after=utc(2026, 10, 3, 12)) == utc(
        2026, 10, 3, 15, 30
    )


def test_a_day_that_a_zone_left_out_has_no_digest():
    days = all_due(utc(2011, 12, 28), utc(2012, 1, 2), time_zone="Pacific/Apia")

    local = [instant.astimezone(ZoneInfo("Pacific/Apia")).date() for instant in days]
    assert date(2011, 12, 29) in local
    assert date(2011, 12, 30) not in local
    assert date(2011, 12, 31) in local
    assert len(set(local)) == len(local)


@pytest.mark.parametrize("time_zone", ZONES)
@pytest.mark.parametrize("hour", [0, 1, 2, 3, 23])
def test_each_local_day_of_a_year_has_exactly_one_digest(time_zone, hour):
    zone = ZoneInfo(time_zone)
    instants = all_due(utc(2025, 12, 31), utc(2027, 1, 2), hour=hour, time_zone=time_zone)

    days = [instant.astimezone(zone).date() for instant in instants]

    assert [day for day in days if day.year == 2026] == [
        date(2026, 1, 1) + timedelta(days=n) for n in range(365)
    ]


@given(
    st.sampled_from(list(Cadence)),
    st.integers(0, 23),
    st.integers(0, 6),
    st.sampled_from(ZONES),
    st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)),
)
def test_what_is_due_is_later_within_a_month_and_the_first_of_its_kind(
    cadence, hour, weekday, time_zone, after
):
    found = next_due(cadence, hour=hour, weekday=weekday, time_zone=time_zone, after=after)

    assert after < found <= after + timedelta(days=32)
    assert found.utcoffset() == timedelta(0)
    between = after + (found - after) / 2
    assert found == next_due(
        cadence, hour=hour, weekday=weekday, time_zone=time_zone, after=between
    )


def test_the_edition_is_the_date_where_the_reader_is():
    midnight_in_berlin = utc(2026, 6, 17, 22)

    assert edition_of(midnight_in_berlin, "Europe/Berlin") == date(2026, 6, 18)
    assert edition_of(midnight_in_berlin, "America/New_York") == date(2026, 6, 17)


def test_a_window_is_longer_than_the_longest_wait_for_the_next_digest():
    longest_wait = {"daily": 1, "weekdays": 3, "weekly": 7, "monthly": 31}

    assert all(window_days(cadence) > longest_wait[cadence] for cadence in Cadence)


def test_a_monday_reader_gets_what_came_on_friday_evening():
    monday = date(2026, 1, 12)

    first = monday - timedelta(days=window_days(Cadence.WEEKDAYS) - 1)

    assert first == date(2026, 1, 9)  # Friday


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("Europe/Berln", "did you mean Europe/Berlin?"),
        ("europe/berlin", "did you mean Europe/Berlin?"),
        ("berlin", "did you mean Europe/Berlin?"),
        ("New York", "did you mean America/New_York?"),
        ("", "such as Europe/Berlin"),
        ("../../etc/passwd", "such as Europe/Berlin"),
        ("localtime", "choose a name"),
        ("+02:00", "choose a name"),
        ("x\0" * 5000, "choose a name"),
    ],
)
def test_a_wrong_time_zone_is_named_with_the_one_that_was_meant(name, hint):
    with pytest.raises(ChoiceError) as caught:
        check_time_zone(name)

    assert hint in str(caught.value)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("berlin", "Europe/Berlin"),
        ("New York", "America/New_York"),
        (" EUROPE/london ", "Europe/London"),
        ("istanbul", "Europe/Istanbul"),
        ("utc", "UTC"),
        ("Mars", "Mars"),
        ("", ""),
    ],
)
def test_a_city_stands_for_its_time_zone(typed, meant):
    assert time_zone_meant(typed) == meant


@pytest.mark.parametrize(
    ("choice", "value"),
    [("hour", 24), ("hour", -1), ("hour", 7.5), ("hour", True), ("weekday", 7), ("cadence", "x")],
)
def test_a_choice_out_of_its_range_is_named(choice, value):
    choices = {"cadence": Cadence.DAILY, "hour": 7, "weekday": 0} | {choice: value}

    with pytest.raises(ChoiceError, match=repr(value).replace(".", r"\.")):
        next_due(
            choices["cadence"],
            hour=choices["hour"],
            weekday=choices["weekday"],
            time_zone="UTC",
            after=utc(2026, 1, 1),
        )


def test_a_misspelt_cadence_is_answered_with_the_right_one():
    with pytest.raises(ChoiceError, match="did you mean weekdays"):
        check_cadence("weekday")
    assert check_cadence("monthly") is Cadence.MONTHLY
    assert check_weekday(6) == 6


def test_an_instant_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="no time zone"):
        due(after=datetime(2026, 1, 1))
