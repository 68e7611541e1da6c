"""Dates in the reader's language."""

from datetime import date

import pytest

from newsletter.core.languages import LANGUAGES, check_language, day_in
from newsletter.errors import ChoiceError


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "Monday, 1 June 2026"),
        ("cs", "pondělí 1. června 2026"),
        ("da", "mandag den 1. juni 2026"),
        ("de", "Montag, 1. Juni 2026"),
        ("es", "lunes, 1 de junio de 2026"),
        ("fr", "lundi 1 juin 2026"),
        ("it", "lunedì 1 giugno 2026"),
        ("nb", "mandag 1. juni 2026"),
        ("nl", "maandag 1 juni 2026"),
        ("pl", "poniedziałek, 1 czerwca 2026"),
        ("pt", "segunda-feira, 1 de junho de 2026"),
        ("sv", "måndag 1 juni 2026"),
        ("tr", "1 Haziran 2026 Pazartesi"),
    ],
)
def test_a_day_is_written_as_its_language_does(language, words):
    assert day_in(language, date(2026, 6, 1)) == words


def test_every_language_has_seven_days_and_twelve_months_of_its_own():
    year = [date.fromordinal(date(2026, 1, 1).toordinal() + n) for n in range(365)]

    for language, _ in LANGUAGES:
        assert len({day_in(language, day) for day in year}) == 365


def test_a_language_that_is_not_known_is_refused_and_written_in_english():
    with pytest.raises(ChoiceError, match="choose one of en, cs"):
        check_language("tlh")
    assert day_in("tlh", date(2026, 6, 1)) == "Monday, 1 June 2026"
