"""The page where readers leave, come back, or get fewer mails instead."""

from collections.abc import Callable
from datetime import timedelta

from fastapi import APIRouter, Response

from newsletter.core.schedule import midnight_of
from newsletter.core.subscribers import LEFT_BY_READER, Status, Subscriber
from newsletter.web.link_pages import LinkPages
from newsletter.web.pages import Fields
from newsletter.web.view import READ

PAUSE = timedelta(days=30)


def add_leaving(router: APIRouter, pages: LinkPages) -> None:
    """The routes of the link that leaves; it also does the little that makes leaving needless."""
    newsletter = pages.newsletter

    def pause(token: str) -> Subscriber:
        subscriber = newsletter.unsubscribe_token(token)
        until = midnight_of(pages.today(subscriber) + PAUSE, subscriber.wishes.time_zone)
        return newsletter.pause_instead(token, until=until)

    instead: dict[str, tuple[str, Callable[[str], Subscriber]]] = {
        "undo": ("Good to have you back", newsletter.resubscribe),
        "weekly": ("Once a week, then", newsletter.weekly_instead),
        "pause": ("A month of quiet", pause),
    }

    @router.api_route("/unsubscribe/{token}", methods=READ)
    def unsubscribe_page(token: str) -> Response:
        return leave_page(newsletter.unsubscribe_token(token))

    @router.post("/unsubscribe/{token}")
    def unsubscribe(token: str, fields: Fields) -> Response:
        button = fields.get("do", "")
        if button in instead:
            title, act = instead[button]
            values = {"title": title, "is_back": button == "undo"}
            return pages.page("resubscribed.html", act(token), values)
        # RFC 8058 section 3.1: no cookie, no redirect, whatever the body's encoding.
        because = "page" if button == "leave" else "one click"
        return leave_page(newsletter.unsubscribe(token, because=because))

    def leave_page(subscriber: Subscriber) -> Response:
        left_by_themselves = subscriber.ended_because in LEFT_BY_READER
        values = {
            "may_undo": left_by_themselves and subscriber.confirmed_at is not None,
            "may_choose": subscriber.status is Status.ACTIVE,
            "is_weekly": subscriber.wishes.cadence in ("weekly", "monthly"),
        }
        return pages.page("unsubscribe.html", subscriber, values)
