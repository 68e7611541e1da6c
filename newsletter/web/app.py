"""The site over one Newsletter."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from newsletter.app import Newsletter
from newsletter.errors import LinkError, Refused, Unavailable
from newsletter.web.answers import Kept
from newsletter.web.api import api_router, is_api, problem
from newsletter.web.archive import archive_router
from newsletter.web.by_link import link_router
from newsletter.web.digest_view import digest_router
from newsletter.web.door import Door
from newsletter.web.feeds import feed_router
from newsletter.web.hooks import hooks_router
from newsletter.web.pages import public_router
from newsletter.web.previews import preview_router
from newsletter.web.service import service_router
from newsletter.web.shield import Shield, Timing, only_from_here
from newsletter.web.sitemaps import sitemap_router
from newsletter.web.view import View

log = logging.getLogger(__name__)

# What a reader sees by status; a page's own words come after it.
TITLES = {
    400: "This cannot be read",
    403: "This form came from elsewhere",
    404: "There is no such page",
    405: "This page cannot do that",
    413: "That is too much at once",
}
WAIT_SECONDS = "60"
TIMING = Timing()


def create_app(
    newsletter: Newsletter,
    *,
    timing: Timing = TIMING,
    clock: Callable[[], float] = time.time,
) -> FastAPI:
    """The pages of this newsletter. Whoever adds routes of their own finds Jinja2's environment
    in `app.state.templates`. clock: seconds since 1970, of the forms' stamps.
    """
    view = View(newsletter.settings.templates_dir, brand=newsletter.letterhead.brand)
    door, kept = Door(newsletter, view, clock=clock), Kept()
    # The framework's own pages on the description would load scripts from elsewhere.
    app = FastAPI(title=newsletter.letterhead.brand.name, docs_url=None, redoc_url=None,
                  lifespan=_readying(newsletter),
                  dependencies=[Depends(only_from_here(newsletter.settings.base_url))])  # fmt: skip
    app.state.templates = view.environment
    app.include_router(public_router(newsletter, view, kept, door))
    app.include_router(door.router())
    app.include_router(preview_router(newsletter, view, kept))
    app.include_router(archive_router(newsletter, view, kept))
    app.include_router(feed_router(newsletter, kept))
    app.include_router(sitemap_router(newsletter, view, kept))
    app.include_router(api_router(newsletter))
    app.include_router(link_router(newsletter, view, door))
    app.include_router(digest_router(newsletter))
    app.include_router(service_router(newsletter, view))
    app.include_router(hooks_router(newsletter))
    _add_answers(app, view)
    app.add_middleware(
        Shield,
        failure=lambda request: _failure(request, view),
        late=lambda request: _unavailable(request, view),
        timing=timing,
    )
    return app


def _readying(newsletter: Newsletter) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    """Has made ready while the site starts what the first preview and digest would wait for."""

    def ready() -> None:
        try:
            newsletter.back_test("*")
            newsletter.rehearse_digest_page()
        except Exception as problem:  # noqa: BLE001 - the pages that need it will say so
            log.warning("papers_not_ready because=%s", type(problem).__name__)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        getting_ready = asyncio.create_task(run_in_threadpool(ready))
        yield
        await getting_ready

    return lifespan


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
    def unavailable(request: Request, __: Unavailable) -> Response:
        return _unavailable(request, view)

    @app.exception_handler(RequestValidationError)
    def misread(_: Request, error: RequestValidationError) -> Response:
        """Only programs ask so that the framework judges; pages read what they get themselves."""
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"][1:]))
        return problem(f"{place}: {first['msg']}", status=422)

    @app.exception_handler(HTTPException)
    def no_page(request: Request, error: HTTPException) -> Response:
        title = TITLES.get(error.status_code, "That did not work")
        if is_api(request):
            return problem(title, status=error.status_code, headers=error.headers)
        # The framework's own words ("Not Found") say no more than the title.
        words = error.detail if str(error.detail).endswith(".") else ""
        values = {"title": title, "problem": words}
        return view.page("problem.html", values, status=error.status_code, headers=error.headers)


def _failure(request: Request, view: View) -> Response:
    if is_api(request):
        return problem("Something went wrong here, and the log says what.", status=500)
    return view.page("failure.html", status=500)


def _unavailable(request: Request, view: View) -> Response:
    headers = {"Retry-After": WAIT_SECONDS}
    if is_api(request):
        return problem("Something it needs does not answer now.", status=503, headers=headers)
    return view.page("unavailable.html", status=503, headers=headers)
