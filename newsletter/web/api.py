"""What programs may ask for, as JSON; `/openapi.json` describes it."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from newsletter.app import Newsletter
from newsletter.core.backtest import MAX_DAYS, Match
from newsletter.core.mail.cards import readable_title
from newsletter.core.mail.wording import safe_url
from newsletter.core.papers import Paper
from newsletter.errors import FilterError, NewsletterError
from newsletter.web.view import NEWS

DAYS = 30
MOST_MATCHES = 50
PREFIX = "/api/"


class Problem(BaseModel):
    """Why there is no answer. column: where in the filter, from 1; only for a filter."""

    problem: str
    column: int | None = None


class PaperOut(BaseModel):
    """One paper. What is not known is null, or an empty list."""

    id: str
    title: str
    featured_on: date
    page: str | None
    authors: list[str]
    abstract: str
    upvotes: int | None
    comments: int | None
    code_stars: int | None
    keywords: list[str]
    categories: list[str]


class MatchOut(BaseModel):
    """A paper that a filter selects. matched: the terms of the filter that brought it."""

    paper: PaperOut
    matched: list[str]


class DayOut(BaseModel):
    """One day's papers and how many of them the filter selects."""

    day: date
    papers: int
    matches: int


class WarningOut(BaseModel):
    """Something about the filter that one may want to change."""

    kind: str
    text: str


class PreviewOut(BaseModel):
    """What a filter would have brought. filter: as it was understood. per_day: matches on a day
    that has papers. days: only those that have papers, oldest first. latest: the newest matches.
    """

    filter: str
    span_days: int
    total: int
    per_day: float
    days: list[DayOut]
    latest: list[MatchOut]
    warnings: list[WarningOut]


class HealthOut(BaseModel):
    """latest_day: the last day that has papers; null before the first."""

    status: Literal["ok"]
    latest_day: date | None


Responses = dict[int | str, dict[str, Any]]
AWAY: Responses = {503: {"model": Problem, "description": "Something it needs is away; try again"}}
WRONG: Responses = {422: {"model": Problem, "description": "A parameter cannot be used"}}


def api_router(newsletter: Newsletter) -> APIRouter:
    """Routes that are described; all of them only read."""
    router = APIRouter(prefix="/api", responses=AWAY)

    @router.get(
        "/preview",
        summary="What a filter would have brought in the last days",
        response_model=PreviewOut,
        responses={400: {"model": Problem, "description": "The filter cannot be read"}, **WRONG},
    )
    def preview(
        response: Response,
        text: Annotated[str, Query(alias="filter", max_length=4096, examples=["agent* -survey"])],
        days: Annotated[int, Query(ge=1, le=MAX_DAYS)] = DAYS,
        limit: Annotated[int, Query(ge=0, le=MOST_MATCHES)] = 10,
    ) -> Response | PreviewOut:
        response.headers.update(NEWS)
        try:
            tested = newsletter.back_test(text, days=days, most=limit, is_fresh=False)
        except FilterError as error:
            return problem(error.problem, column=error.column, status=400)
        return PreviewOut(
            filter=tested.filter,
            span_days=tested.span,
            total=tested.total,
            per_day=round(tested.per_day, 2),
            days=[DayOut(day=d.date, papers=d.papers, matches=d.matches) for d in tested.days],
            latest=[_match(match) for match in tested.matches[:limit]],
            warnings=[WarningOut(kind=one.kind, text=one.text) for one in tested.warnings],
        )

    @router.get(
        "/papers/{day}",
        summary="The papers of one day, most upvoted first",
        response_model=list[PaperOut],
        responses={404: {"model": Problem, "description": "No paper is kept for it"}, **WRONG},
    )
    def papers(
        response: Response, day: Annotated[date, Path(examples=["2026-06-16"])]
    ) -> Response | list[PaperOut]:
        response.headers.update(NEWS)
        found = newsletter.papers(day)
        if not found:
            return problem(f"No papers are kept for {day}.", status=404)
        return [_paper(paper) for paper in found]

    @router.get("/health", summary="Whether it answers", response_model=HealthOut)
    def health(response: Response) -> Response | HealthOut:
        response.headers["Cache-Control"] = "no-store"
        try:
            newsletter.store.check_tables()
            days = newsletter.paper_days(limit=1)
        except NewsletterError:  # the log says why
            return problem("The database is not ready.", status=503)
        return HealthOut(status="ok", latest_day=days[0][0] if days else None)

    return router


def is_api(request: Request) -> bool:
    """Whether a program asks, which wants JSON also where something is wrong."""
    return request.url.path.startswith(PREFIX)


def problem(
    words: str, *, status: int, column: int | None = None, headers: Mapping[str, str] | None = None
) -> Response:
    """An answer that says what is wrong."""
    content = Problem(problem=words, column=column).model_dump()
    return JSONResponse(content, status, headers=dict(headers or {}))


def _match(match: Match) -> MatchOut:
    return MatchOut(paper=_paper(match.paper), matched=list(match.words))


def _paper(paper: Paper) -> PaperOut:
    return PaperOut(
        id=paper.id,
        title=readable_title(paper),
        featured_on=paper.featured_on,
        page=safe_url(paper.page) or None,
        authors=list(paper.authors),
        abstract=paper.abstract,
        upvotes=paper.upvotes,
        comments=paper.comments,
        code_stars=paper.code_stars,
        keywords=list(paper.keywords),
        categories=list(paper.categories),
    )
