"""The site over one Newsletter."""

from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException

from newsletter.app import Newsletter
from newsletter.errors import LinkError, Refused, Unavailable
from newsletter.web.by_link import link_router
from newsletter.web.digest_view import digest_router
from newsletter.web.pages import public_router
from newsletter.web.service import service_router
from newsletter.web.shield import Shield
from newsletter.web.view import View

# What a reader sees by status; a page's own words come after it.
TITLES = {
    400: "This cannot be read",
    403: "This form came from elsewhere",
    404: "There is no such page",
    405: "This page cannot do that",
    413: "That is too much at once",
}
WAIT_SECONDS = "60"


def create_app(newsletter: Newsletter) -> FastAPI:
    """The pages of this newsletter. Whoever adds routes of their own finds Jinja2's environment
    in `app.state.templates`.
    """
    view = View(newsletter.settings.templates_dir, brand=newsletter.letterhead.brand)
    app = FastAPI(title=newsletter.letterhead.brand.name, openapi_url=None)
    app.state.templates = view.environment
    app.include_router(public_router(newsletter, view))
    app.include_router(link_router(newsletter, view))
    app.include_router(digest_router(newsletter))
    app.include_router(service_router(newsletter, view))
    _add_answers(app, view)
    app.add_middleware(Shield, failure=lambda: view.page("failure.html", status=500))
    return app


def _add_answers(app: FastAPI, view: View) -> None:
    """What is said when a page cannot be had; never a traceback, never what was typed."""

    @app.exception_handler(LinkError)
    def bad_link(_: Request, error: LinkError) -> Response:
        return view.page("bad_link.html", {"problem": error}, status=400)

    @app.exception_handler(Refused)
    def refused(_: Request, error: Refused) -> Response:
        values = {"title": "That is not possible", "problem": error}
        return view.page("problem.html", values, status=409)

    @app.exception_handler(Unavailable)
    def unavailable(_: Request, __: Unavailable) -> Response:
        headers = {"Retry-After": WAIT_SECONDS}
        return view.page("unavailable.html", status=503, headers=headers)

    @app.exception_handler(HTTPException)
    def no_page(_: Request, error: HTTPException) -> Response:
        title = TITLES.get(error.status_code, "That did not work")
        # The framework's own words ("Not Found") say no more than the title.
        problem = error.detail if str(error.detail).endswith(".") else ""
        values = {"title": title, "problem": problem}
        return view.page("problem.html", values, status=error.status_code, headers=error.headers)
