"""Dates in the languages that a reader may choose; all else is in English.

Names and order as in Unicode's CLDR, for a date in the middle of a line.
"""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from newsletter.core.mail.wording import day_in_words
from newsletter.core.text import cut
from newsletter.errors import ChoiceError

ENGLISH = "en"


@dataclass(frozen=True, slots=True)
class Language:
    """name: its own. weekdays: from Monday. months: as they stand after a day's number."""

    name: str
    form: str
    weekdays: tuple[str, ...]
    months: tuple[str, ...]


def _language(name: str, form: str, weekdays: str, months: str) -> Language:
    return Language(name, form, tuple(weekdays.split()), tuple(months.split()))


_OTHERS = {
    "cs": _language(
        "Čeština",
        "{weekday} {day}. {month} {year}",
        "pondělí úterý středa čtvrtek pátek sobota neděle",
        "ledna února března dubna května června července srpna září října listopadu prosince",
    ),
    "da": _language(
        "Dansk",
        "{weekday} den {day}. {month} {year}",
        "mandag tirsdag onsdag torsdag fredag lørdag søndag",
        "januar februar marts april maj juni juli august september oktober november december",
    ),
    "de": _language(
        "Deutsch",
        "{weekday}, {day}. {month} {year}",
        "Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag",
        "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    ),
    "es": _language(
        "Español",
        "{weekday}, {day} de {month} de {year}",
        "lunes martes miércoles jueves viernes sábado domingo",
        "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    ),
    "fr": _language(
        "Français",
        "{weekday} {day} {month} {year}",
        "lundi mardi mercredi jeudi vendredi samedi dimanche",
        "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    ),
    "it": _language(
        "Italiano",
        "{weekday} {day} {month} {year}",
        "lunedì martedì mercoledì giovedì venerdì sabato domenica",
        "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre "
        "dicembre",
    ),
    "nb": _language(
        "Norsk",
        "{weekday} {day}. {month} {year}",
        "mandag tirsdag onsdag torsdag fredag lørdag søndag",
        "januar februar mars april mai juni juli august september oktober november desember",
    ),
    "nl": _language(
        "Nederlands",
        "{weekday} {day} {month} {year}",
        "maandag dinsdag woensdag donderdag vrijdag zaterdag zondag",
        "januari februari maart april mei juni juli augustus september oktober november december",
    ),
    "pl": _language(
        "Polski",
        "{weekday}, {day} {month} {year}",
        "poniedziałek wtorek środa czwartek piątek sobota niedziela",
        "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października "
        "listopada grudnia",
    ),
    "pt": _language(
        "Português",
        "{weekday}, {day} de {month} de {year}",
        "segunda-feira terça-feira quarta-feira quinta-feira sexta-feira sábado domingo",
        "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    ),
    "sv": _language(
        "Svenska",
        "{weekday} {day} {month} {year}",
        "måndag tisdag onsdag torsdag fredag lördag söndag",
        "januari februari mars april maj juni juli augusti september oktober november december",
    ),
    "tr": _language(
        "Türkçe",
        "{day} {month} {year} {weekday}",
        "Pazartesi Salı Çarşamba Perşembe Cuma Cumartesi Pazar",
        "Ocak Şubat Mart Nisan Mayıs Haziran Temmuz Ağustos Eylül Ekim Kasım Aralık",
    ),
}
# Code and own name, English first.
LANGUAGES = ((ENGLISH, "English"), *((code, one.name) for code, one in _OTHERS.items()))


def check_language(code: str) -> str:
    """The code. Raises ChoiceError for a language whose dates we cannot write."""
    if code == ENGLISH or code in _OTHERS:
        return code
    known = ", ".join(code for code, _ in LANGUAGES)
    raise ChoiceError(f"the language of dates is {cut(code, 40)!r}: choose one of {known}")


@lru_cache(maxsize=1024)
def day_in(language: str, day: date) -> str:
    """ "Thursday, 18 June 2026", "jeudi 18 juin 2026". A language that is not known is English."""
    found = _OTHERS.get(language)
    if found is None:
        return day_in_words(day)
    return found.form.format(
        weekday=found.weekdays[day.weekday()],
        day=day.day,
        month=found.months[day.month - 1],
        year=day.year,
    )
