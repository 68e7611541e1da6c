"""What all pages behind a signed link have in common.

The link is all the proof there is and all that is needed: no cookie, no password. GET and HEAD only
show, since mail programs and scanners open every link; a POST acts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse
from markupsafe import Markup

from newsletter.app import Newsletter
from newsletter.core.languages import ENGLISH, day_in
from newsletter.core.schedule import edition_of
from newsletter.core.subscribers import Subscriber
from newsletter.web.forms import CADENCES, WEEKDAYS
from newsletter.web.view import View

PRIVATE = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow"}


@dataclass(frozen=True, slots=True)
class LinkPages:
    """Makes the pages of one reader each; every one is private."""

    newsletter: Newsletter
    view: View

    def router(self) -> APIRouter:
        """For routes that take a token; each raises LinkError, which the bad-link page answers."""
        return APIRouter(include_in_schema=False, default_response_class=Response)

    def page(
        self,
        template: str,
        subscriber: Subscriber,
        values: Mapping[str, object] | None = None,
        *,
        status: int = 200,
    ) -> Response:
        """A page that knows its reader: `subscriber`, `preferences` and `unsubscribe` (paths),
        `rhythm` and `next_at` in words, `paused_until` as a day in words or "".
        """
        known = {
            "subscriber": subscriber,
            "preferences": self.preferences(subscriber),
            "unsubscribe": _path(self.newsletter.pages_of(subscriber.id).unsubscribe),
            "rhythm": rhythm_of(subscriber),
            "next_at": instant_in_words(subscriber, subscriber.next_due_at),
            "paused_until": self._pause_in_words(subscriber),
        }
        return self.plain(template, known | dict(values or {}), status=status)

    def plain(self, template: str, values: Mapping[str, object], *, status: int = 200) -> Response:
        """A page that names no reader."""
        return self.view.page(template, values, status=status, headers=PRIVATE)

    def preferences(self, subscriber: Subscriber) -> str:
        return _path(self.newsletter.pages_of(subscriber.id).preferences)

    def digest(self, subscriber: Subscriber, edition: date) -> str:
        """The path of this reader's digest on the web."""
        return _path(self.newsletter.pages_of(subscriber.id, edition=edition).view)

    def back(self, subscriber: Subscriber, after: str) -> Response:
        """To the preferences, after something was done. after: a query, such as "?saved=1"."""
        return RedirectResponse(f"{self.preferences(subscriber)}{after}", 303, PRIVATE)

    def today(self, subscriber: Subscriber) -> date:
        """Today's date where the reader is."""
        return edition_of(self.newsletter.now(), subscriber.wishes.time_zone)

    def _pause_in_words(self, subscriber: Subscriber) -> str:
        until = subscriber.wishes.paused_until
        if until is None or until <= self.newsletter.now():
            return ""
        zone = ZoneInfo(subscriber.wishes.time_zone)
        return day_in_words(subscriber, until.astimezone(zone).date())


def rhythm_of(subscriber: Subscriber) -> str:
    """ "Monday to Friday at 07:00, Europe/Berlin"."""
    wishes = subscriber.wishes
    days = dict(CADENCES)[wishes.cadence]
    if wishes.cadence == "weekly":
        days = f"Every {WEEKDAYS[wishes.weekday]}"
    return f"{days} at {wishes.hour:02}:00, {zone_in_words(wishes.time_zone)}"


def instant_in_words(subscriber: Subscriber, at: datetime | None) -> str:
    """ "Monday, 23 November 2026, 07:00 (Europe/Berlin)"; "" for never."""
    if at is None:
        return ""
    zone = subscriber.wishes.time_zone
    local = at.astimezone(ZoneInfo(zone))
    day = day_in_words(subscriber, local.date())
    return Markup("{}, {:%H:%M} ({})").format(day, local, zone_in_words(zone))


def zone_in_words(name: str) -> str:
    """ "America/New York"."""
    return name.replace("_", " ")


def day_in_words(subscriber: Subscriber, day: date) -> str:
    """The day in the reader's language; a foreign one says so, for those who hear the page."""
    language = subscriber.wishes.language
    words = day_in(language, day)
    if language == ENGLISH:
        return words
    return Markup('<span lang="{}">{}</span>').format(language, words)


def _path(url: str) -> str:
    return urlsplit(url).path
