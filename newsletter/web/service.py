"""What machines ask a site for: health, readiness, robots.txt, files."""

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import PlainTextResponse

from newsletter.app import Newsletter
from newsletter.errors import NewsletterError
from newsletter.web.pages import READ
from newsletter.web.view import View

ROBOTS = """User-agent: *
Disallow: /confirm/
Disallow: /preferences/
Disallow: /unsubscribe/
Disallow: /view/
Disallow: /recover
Disallow: /inbox
"""


def service_router(newsletter: Newsletter, view: View) -> APIRouter:
    """Routes without a page."""
    router = APIRouter(include_in_schema=False, default_response_class=Response)

    @router.api_route("/healthz", methods=READ)
    def healthy() -> Response:
        return PlainTextResponse("ok\n")

    @router.api_route("/readyz", methods=READ)
    def ready() -> Response:
        """Whether the database answers and has today's tables; the log says why not."""
        try:
            newsletter.store.check_tables()
        except NewsletterError:
            return PlainTextResponse("the database is not ready\n", 503)
        return PlainTextResponse("ready\n")

    @router.api_route("/robots.txt", methods=READ)
    def robots() -> Response:
        return PlainTextResponse(ROBOTS, headers={"Cache-Control": "public, max-age=3600"})

    @router.api_route("/static/{name}", methods=READ)
    def static(name: str, request: Request) -> Response:
        found = view.file(name, request)
        if found is None:
            raise HTTPException(404)
        return found

    return router
