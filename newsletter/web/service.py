"""What machines ask a site for: health, readiness, robots.txt, files."""

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import PlainTextResponse

from newsletter.app import Newsletter
from newsletter.web.view import READ, View

ROBOTS = """User-agent: *
Disallow: /confirm/
Disallow: /preferences/
Disallow: /unsubscribe/
Disallow: /view/
Disallow: /recover
Disallow: /inbox
Disallow: /preview
Disallow: /archive/search
Disallow: /api/
"""


def service_router(newsletter: Newsletter, view: View) -> APIRouter:
    """Routes without a page."""
    router = APIRouter(include_in_schema=False, default_response_class=Response)

    @router.api_route("/healthz", methods=READ)
    async def healthy() -> Response:
        """Whether this process answers, however busy its threads are."""
        return PlainTextResponse("ok\n")

    @router.api_route("/readyz", methods=READ)
    def ready() -> Response:
        """Whether pages can be served: the database and Redis, and how old the papers are."""
        found = newsletter.ready()
        lines = "".join(f"{one.name}: {one.words}\n" for one in found)
        return PlainTextResponse(lines, 200 if all(one.is_ok for one in found) else 503)

    @router.api_route("/robots.txt", methods=READ)
    def robots() -> Response:
        words = f"{ROBOTS}\nSitemap: {view.site}/sitemap.xml\n"
        return PlainTextResponse(words, headers={"Cache-Control": "public, max-age=3600"})

    @router.api_route("/favicon.ico", methods=READ)
    def icon(request: Request) -> Response:
        """For programs that ask for it by habit; our pages name it themselves."""
        return static("icon.svg", request)

    @router.api_route("/static/{name}", methods=READ)
    def static(name: str, request: Request) -> Response:
        found = view.file(name, request)
        if found is None:
            raise HTTPException(404)
        return found

    return router
