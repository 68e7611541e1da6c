"""An Atom feed for every filter."""

from datetime import UTC, datetime

from fastapi import APIRouter, Request, Response

from newsletter.app import Newsletter
from newsletter.core.feeds import Feed, build_feed
from newsletter.errors import FilterError
from newsletter.web.answers import Answer, Kept
from newsletter.web.view import READ

DAYS = 30
MOST_ENTRIES = 100
ATOM_TYPE = "application/atom+xml; charset=utf-8"
HOURLY = {"Cache-Control": "public, max-age=1800"}
NO_PAPERS_AT = datetime(2026, 1, 1, tzinfo=UTC)  # a feed must have a date, also before any paper


def feed_router(newsletter: Newsletter, kept: Kept) -> APIRouter:
    """The one route; a filter that cannot be read is answered by what is wrong with it."""
    router = APIRouter(include_in_schema=False, default_response_class=Response)

    @router.api_route("/feed.xml", methods=READ)
    async def feed(request: Request) -> Response:
        return await kept.answer(request, lambda: _feed(request.query_params.get("filter", "")))

    def _feed(text: str) -> Answer:
        try:
            tested = newsletter.back_test(
                text if text.strip() else "*", days=DAYS, most=MOST_ENTRIES
            )
        except FilterError as error:
            words = f"This filter cannot be read: {error}\n"
            return Answer.of(words.encode(), "text/plain; charset=utf-8", status=400)
        changed_at = newsletter.papers_changed_at()
        head = Feed(
            name=newsletter.letterhead.brand.name,
            site=newsletter.letterhead.brand.base_url.rstrip("/"),
            filter=tested.filter if text.strip() else "",
            empty_at=changed_at or NO_PAPERS_AT,
        )
        papers = [match.paper for match in tested.matches[:MOST_ENTRIES]]
        content = build_feed(head, papers)
        return Answer.of(content, ATOM_TYPE, headers=HOURLY, modified_at=changed_at)

    return router
