"""Pages behind a signed link: confirm, preferences, unsubscribe.

The link is all the proof there is and all that is needed: no cookie, no password. GET and HEAD only
show, since mail programs and scanners open every link; a POST acts.
"""

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse

from newsletter.app import Newsletter
from newsletter.core.mail.wording import day_in_words
from newsletter.core.subscribers import LEFT_BY_READER, Subscriber
from newsletter.web.forms import CADENCES, WEEKDAYS, WishesForm, form_of, read_form
from newsletter.web.pages import READ, Fields
from newsletter.web.previews import preview_of
from newsletter.web.view import View
from newsletter.web.widgets import choices

PRIVATE = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow"}
SAVED = "?saved=1#content"


def link_router(newsletter: Newsletter, view: View) -> APIRouter:
    """Routes that take a token. Every one raises LinkError, which the bad-link page answers."""
    router = APIRouter(include_in_schema=False, default_response_class=Response)

    def page(template: str, values: Mapping[str, object], *, status: int = 200) -> Response:
        return view.page(template, values, status=status, headers=PRIVATE)

    def preferences_of(subscriber: Subscriber) -> str:
        return urlsplit(newsletter.pages_of(subscriber.id).preferences).path

    def editing(subscriber: Subscriber, form: WishesForm, **values: object) -> dict[str, object]:
        unsubscribe = urlsplit(newsletter.pages_of(subscriber.id).unsubscribe).path
        return _preferences(subscriber, form) | {"unsubscribe": unsubscribe} | values

    @router.api_route("/confirm/{token}", methods=READ)
    def confirm_page(token: str) -> Response:
        subscriber = newsletter.confirm_token(token)
        return page("confirm.html", {"subscriber": subscriber, "rhythm": rhythm_of(subscriber)})

    @router.post("/confirm/{token}")
    def confirm(token: str) -> Response:
        subscriber = newsletter.confirm(token)
        values = {
            "subscriber": subscriber,
            "next_at": _local(subscriber, subscriber.next_due_at),
            "preferences": preferences_of(subscriber),
        }
        return page("confirmed.html", values)

    @router.api_route("/preferences/{token}", methods=READ)
    def preferences_page(token: str, saved: str = "") -> Response:
        subscriber = newsletter.subscriber_of(token)
        values = editing(subscriber, form_of(subscriber.wishes), is_saved=bool(saved))
        return page("preferences.html", values)

    @router.post("/preferences/{token}")
    def preferences(token: str, fields: Fields) -> Response:
        subscriber = newsletter.subscriber_of(token)
        form = read_form(fields, before=form_of(subscriber.wishes))
        button = fields.get("do", "save")
        if button.startswith("preview-"):
            errors, previews = preview_of(newsletter, form, button)
            values = editing(subscriber, form, errors=errors, previews=previews, is_unsaved=True)
            return page("preferences.html", values)
        if button != "save":
            values = editing(subscriber, form.pressed(button), is_unsaved=True)
            return page("preferences.html", values)
        wishes, errors = form.wishes(today=newsletter.today())
        if errors:
            return page("preferences.html", editing(subscriber, form, errors=errors), status=422)
        newsletter.change_wishes(token, wishes)
        return RedirectResponse(f"{preferences_of(subscriber)}{SAVED}", 303, PRIVATE)

    @router.api_route("/unsubscribe/{token}", methods=READ)
    def unsubscribe_page(token: str) -> Response:
        subscriber = newsletter.unsubscribe_token(token)
        return page("unsubscribe.html", _leaving(subscriber))

    @router.post("/unsubscribe/{token}")
    def unsubscribe(token: str, fields: Fields) -> Response:
        if fields.get("do") == "undo":
            subscriber = newsletter.resubscribe(token)
            values = {
                "subscriber": subscriber,
                "next_at": _local(subscriber, subscriber.next_due_at),
                "preferences": preferences_of(subscriber),
            }
            return page("resubscribed.html", values)
        # RFC 8058 section 3.1: no cookie, no redirect, whatever the body's encoding.
        because = "page" if fields.get("do") == "leave" else "one click"
        subscriber = newsletter.unsubscribe(token, because=because)
        return page("unsubscribe.html", _leaving(subscriber))

    def _leaving(subscriber: Subscriber) -> dict[str, object]:
        left_by_themselves = subscriber.ended_because in LEFT_BY_READER
        return {
            "may_undo": left_by_themselves and subscriber.confirmed_at is not None,
            "subscriber": subscriber,
            "preferences": preferences_of(subscriber),
            "rhythm": rhythm_of(subscriber),
        }

    return router


def _preferences(subscriber: Subscriber, form: WishesForm) -> dict[str, object]:
    return {
        "subscriber": subscriber,
        "form": form,
        "errors": {},
        "previews": {},
        "next_at": _local(subscriber, subscriber.next_due_at),
        "is_saved": False,
        "is_unsaved": False,
        **choices(),
    }


def rhythm_of(subscriber: Subscriber) -> str:
    """ "Monday to Friday at 07:00, Europe/Berlin"."""
    wishes = subscriber.wishes
    days = dict(CADENCES)[wishes.cadence]
    if wishes.cadence == "weekly":
        days = f"Every {WEEKDAYS[wishes.weekday]}"
    return f"{days} at {wishes.hour:02}:00, {wishes.time_zone}"


def _local(subscriber: Subscriber, at: datetime | None) -> str:
    """ "Monday, 23 November 2026, 07:00 (Europe/Berlin)"; "" for never."""
    if at is None:
        return ""
    zone = subscriber.wishes.time_zone
    local = at.astimezone(ZoneInfo(zone))
    return f"{day_in_words(local.date())}, {local:%H:%M} ({zone})"
