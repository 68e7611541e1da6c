"""The page where readers choose: topics, mutes, when, what; and a pause."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

from fastapi import APIRouter, Response

from newsletter.core.schedule import LONGEST_WINDOW, midnight_of
from newsletter.core.subscribers import Status, Subscriber
from newsletter.errors import ChoiceError
from newsletter.web.forms import WishesForm, check_pause, form_of, read_form
from newsletter.web.link_pages import LinkPages
from newsletter.web.pages import Fields
from newsletter.web.previews import preview_of
from newsletter.web.view import READ
from newsletter.web.widgets import choices

# What a redirect back to the page says was done; anything else in the query says nothing.
DONE = {"saved": "?saved=1#content", "paused": "?saved=paused#content"}
_SPANS = {"week": timedelta(days=7), "month": timedelta(days=30)}


def add_preferences(router: APIRouter, pages: LinkPages) -> None:
    """The routes of choosing and pausing."""
    newsletter = pages.newsletter

    def show(
        subscriber: Subscriber, form: WishesForm, *, status: int = 200, **values: object
    ) -> Response:
        given = {
            "form": form,
            "errors": {},
            "previews": {},
            "done": "",
            "is_unsaved": False,
            "is_suppressed": newsletter.is_suppressed(subscriber),
            "most_days": LONGEST_WINDOW,
            "tomorrow": pages.today(subscriber) + timedelta(days=1),
            **choices(),
        }
        return pages.page("preferences.html", subscriber, given | values, status=status)

    @router.api_route("/preferences/{token}", methods=READ)
    def preferences_page(token: str, saved: str = "") -> Response:
        subscriber = newsletter.subscriber_of(token)
        done = "paused" if saved == "paused" else "saved" if saved else ""
        return show(subscriber, form_of(subscriber.wishes), done=done)

    @router.post("/preferences/{token}")
    def preferences(token: str, fields: Fields) -> Response:
        subscriber = newsletter.subscriber_of(token)
        form = read_form(fields, before=form_of(subscriber.wishes))
        button = fields.get("do", "save")
        if button.startswith("preview-"):
            errors, previews = preview_of(newsletter, form, button)
            return show(subscriber, form, errors=errors, previews=previews, is_unsaved=True)
        if button != "save":
            return show(subscriber, form.pressed(button), is_unsaved=True)
        wishes, errors = form.wishes(today=newsletter.today())
        if errors:
            return show(subscriber, form, status=422, errors=errors)
        newsletter.change_wishes(token, wishes)
        return pages.back(subscriber, DONE["saved"])

    @router.api_route("/preferences/{token}/pause", methods=READ)
    def pause_page(token: str) -> Response:
        return pages.back(newsletter.subscriber_of(token), "#pause")

    @router.post("/preferences/{token}/pause")
    def pause(token: str, fields: Fields) -> Response:
        subscriber = newsletter.subscriber_of(token)
        if fields.get("do") == "resume":
            newsletter.pause(token, until=None)
            return pages.back(subscriber, DONE["saved"])
        try:
            day = _asked_day(fields, today=pages.today(subscriber))
        except ChoiceError as error:
            typed = replace(form_of(subscriber.wishes), paused_until=fields.get("paused_until", ""))
            return show(subscriber, typed, status=422, errors={"paused_until": error})
        zone = subscriber.wishes.time_zone
        newsletter.pause(token, until=midnight_of(day, zone))
        is_running = subscriber.status is Status.ACTIVE
        return pages.back(subscriber, DONE["paused" if is_running else "saved"])


def _asked_day(fields: Mapping[str, str], *, today: date) -> date:
    """The day on which the pause ends, by a button or as typed. Raises ChoiceError."""
    span = _SPANS.get(fields.get("do", ""))
    if span is not None:
        return today + span
    return check_pause(fields.get("paused_until", "").strip(), today=today)
