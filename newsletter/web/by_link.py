"""All pages behind a signed link, and the two that a mail asks for: confirm, and a new address."""

from fastapi import APIRouter, Response

from newsletter.app import Newsletter
from newsletter.core.papers import Paper
from newsletter.core.subscribers import Subscriber
from newsletter.web.account import add_account
from newsletter.web.cards import PageCard, cards_of
from newsletter.web.door import Door
from newsletter.web.leaving import add_leaving
from newsletter.web.link_pages import LinkPages
from newsletter.web.preferences import add_preferences
from newsletter.web.view import READ, View

SHOWN = 5  # papers, to one who has just confirmed


def link_router(newsletter: Newsletter, view: View, door: Door) -> APIRouter:
    """Routes that take a token. Every one raises LinkError, which the bad-link page answers."""
    pages = LinkPages(newsletter, view)
    router = pages.router()
    _add_confirming(router, pages)
    add_preferences(router, pages)
    add_account(router, pages, door)
    add_leaving(router, pages)
    return router


def _add_confirming(router: APIRouter, pages: LinkPages) -> None:
    newsletter = pages.newsletter

    @router.api_route("/confirm/{token}", methods=READ)
    def confirm_page(token: str) -> Response:
        return pages.page("confirm.html", newsletter.confirm_token(token))

    @router.post("/confirm/{token}")
    def confirm(token: str) -> Response:
        subscriber = newsletter.confirm(token)
        return pages.page("confirmed.html", subscriber, _coming(newsletter, subscriber))

    @router.api_route("/address/{token}", methods=READ)
    def new_address_page(token: str) -> Response:
        subscriber, address = newsletter.new_address(token)
        if subscriber.address == address:
            return pages.page("moved.html", subscriber)
        return pages.plain("move.html", {"new": address})

    @router.post("/address/{token}")
    def move(token: str) -> Response:
        return pages.page("moved.html", newsletter.move(token))


def _coming(newsletter: Newsletter, subscriber: Subscriber) -> dict[str, object]:
    """What the first digest would hold today: sections with their first cards, SHOWN in all."""
    digest, papers = newsletter.upcoming(subscriber)
    sections: list[tuple[str, list[PageCard]]] = []
    room = SHOWN
    for section in digest.sections if digest else ():
        found: list[Paper] = [
            papers[pick.paper_id] for pick in section.picks if pick.paper_id in papers
        ]
        if found and room > 0:
            sections.append((section.topic, cards_of(found[:room])))
            room -= len(found[:room])
    return {"sections": sections, "total": len(digest.paper_ids) if digest else 0}
