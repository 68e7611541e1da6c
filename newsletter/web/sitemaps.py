"""The map for search engines: one of the pages that stay, and one for each month of papers."""

import re
from collections.abc import Iterator
from datetime import datetime
from itertools import groupby

from fastapi import APIRouter, HTTPException, Request, Response

from newsletter.app import Newsletter
from newsletter.core.sitemaps import build_index, build_sitemap
from newsletter.web.answers import Answer, Kept
from newsletter.web.archive import MOST_DAYS
from newsletter.web.cards import own_path
from newsletter.web.view import READ, View

XML = "application/xml; charset=utf-8"
HOURLY = {"Cache-Control": "public, max-age=3600"}
STAY = ("/", "/subscribe", "/archive")

Pages = Iterator[tuple[str, datetime | None]]


def sitemap_router(newsletter: Newsletter, view: View, kept: Kept) -> APIRouter:
    """Routes that name every page which anybody may see, and none of a reader."""
    router = APIRouter(include_in_schema=False, default_response_class=Response)

    @router.api_route("/sitemap.xml", methods=READ)
    async def index(request: Request) -> Response:
        return await kept.answer(request, lambda: Answer.of(_index(), XML, headers=HOURLY))

    @router.api_route("/sitemap/{name}.xml", methods=READ)
    async def one(request: Request, name: str) -> Response:
        return await kept.answer(request, lambda: Answer.of(_map(name), XML, headers=HOURLY))

    def _index() -> bytes:
        months = sorted({f"{day:%Y-%m}" for day, _ in newsletter.paper_days(limit=MOST_DAYS)})
        return build_index(f"{view.site}/sitemap/{name}.xml" for name in ("pages", *months))

    def _map(name: str) -> bytes:
        if name == "pages":
            return build_sitemap(_lasting())
        month = re.fullmatch(r"([0-9]{4})-(0[1-9]|1[0-2])", name)
        pages = list(_of_month(int(month[1]), int(month[2]))) if month and month[1] > "0000" else []
        if not pages:
            raise HTTPException(404)
        return build_sitemap(pages)

    def _lasting() -> Pages:
        years = sorted({day.year for day, _ in newsletter.paper_days(limit=MOST_DAYS)})
        for path in (*STAY, *(f"/archive/{year}" for year in years)):
            yield view.site + path, None

    def _of_month(year: int, month: int) -> Pages:
        """The days with their papers."""
        papers = newsletter.papers_of_month(year, month)
        for day, group in groupby(papers, lambda paper: paper[1]):
            of_day = list(group)
            yield f"{view.site}/papers/{day}", max(changed_at for _, _, changed_at in of_day)
            for paper_id, _, changed_at in of_day:
                yield view.site + own_path(paper_id), changed_at

    return router
