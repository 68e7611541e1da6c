"""What was collected: by year and day, by filter, and each paper by itself."""

from collections.abc import Mapping
from datetime import date
from itertools import groupby
from urllib.parse import urlencode

from fastapi import APIRouter, HTTPException, Request, Response

from newsletter.app import Newsletter
from newsletter.core.feeds import feed_address
from newsletter.core.mail.wording import cut_at_sentence, month_in_words
from newsletter.core.results import Place
from newsletter.errors import FilterError
from newsletter.web.answers import Answer, Kept
from newsletter.web.cards import cards_of, cards_of_matches, details_of, own_path, with_passage
from newsletter.web.view import HTML, NEWS, READ, View

MOST_DAYS = 20_000  # that the archive counts: fifty years
PAPERS_ON_PAGE = 30
FOUND_ON_PAGE = 50
LONGEST_DESCRIPTION = 160  # characters; search engines cut there
# Pages without a match that a search goes past by itself: each looks at some days of long ago and
# lets other visitors in between. Browsers give up after 20.
MOST_PAST = 10

Days = tuple[tuple[date, int], ...]


def archive_router(newsletter: Newsletter, view: View, kept: Kept) -> APIRouter:
    """Routes that only read papers."""
    router = APIRouter(include_in_schema=False, default_response_class=Response)

    @router.api_route("/archive", methods=READ)
    async def newest(request: Request) -> Response:
        return await kept.answer(request, lambda: year_page(None))

    @router.api_route("/archive/search", methods=READ)
    async def search(request: Request) -> Response:
        return await kept.answer(request, lambda: search_page(request.query_params))

    @router.api_route("/archive/{year}", methods=READ)
    async def of_year(request: Request, year: str) -> Response:
        return await kept.answer(request, lambda: year_page(year))

    @router.api_route("/papers/{day}", methods=READ)
    async def of_day(request: Request, day: str) -> Response:
        number = request.query_params.get("page", "1")
        return await kept.answer(request, lambda: day_page(day, number))

    @router.api_route("/paper/{name:path}", methods=READ)
    async def paper(request: Request, name: str) -> Response:
        return await kept.answer(request, lambda: paper_page(name))

    def year_page(asked: str | None) -> Answer:
        days = newsletter.paper_days(limit=MOST_DAYS)
        years = sorted({day.year for day, _ in days}, reverse=True)
        year = str(years[0]) if years and asked is None else asked
        if asked is not None and asked not in map(str, years):
            raise HTTPException(404, "No papers are kept for that year: see the archive.")
        months = _months(tuple(one for one in days if str(one[0].year) == year))
        values = {"year": year, "years": years, "months": months}
        path = "/archive" if asked is None else f"/archive/{year}"
        return view.answer("archive.html", values, path=path, headers=NEWS)

    def day_page(text: str, number: str) -> Answer:
        day, page = _day(text), _page(number)
        papers = newsletter.papers(day) if day is not None else ()
        shown = papers[(page - 1) * PAPERS_ON_PAGE : page * PAPERS_ON_PAGE]
        if day is None or not shown:
            raise HTTPException(404, "No papers are kept for that day: see the archive.")
        before, after = newsletter.days_beside(day)
        values = {
            "day": day,
            "total": len(papers),
            "cards": cards_of(shown),
            "first": (page - 1) * PAPERS_ON_PAGE + 1,
            "page": page,
            "pages": -(-len(papers) // PAPERS_ON_PAGE),
            "before": before,
            "after": after,
        }
        path = f"/papers/{day}" + (f"?page={page}" if page > 1 else "")
        return view.answer("papers.html", values, path=path, headers=NEWS)

    def paper_page(name: str) -> Answer:
        paper = newsletter.paper(name)
        if paper is None:
            raise HTTPException(404, "No paper of that name is kept: look for it in the archive.")
        details = details_of(paper)
        description = cut_at_sentence(details.card.abstract, LONGEST_DESCRIPTION)
        values = {"details": details, "description": description}
        return view.answer("paper.html", values, path=own_path(paper.id), headers=NEWS)

    def search_page(query: Mapping[str, str]) -> Answer:
        text = query.get("filter", "").strip()
        values: dict[str, object] = {
            "text": text, "errors": {}, "found": None, "cards": [], "following": "", "feed": "",
            "is_first": "before" not in query or "none" in query,
        }  # fmt: skip
        if text:
            try:
                values |= found(text, _place(query))
            except FilterError as error:
                values["errors"] = {"filter": error}
        past = _page(query.get("past", "0"))
        if values["following"] and not values["cards"] and past < MOST_PAST:
            further = {"past": past + 1} | ({"none": 1} if values["is_first"] else {})
            address = f"{view.root}/archive/search?{values['following']}&{urlencode(further)}"
            return Answer.of(b"", HTML, status=302, headers={**NEWS, "Location": address})
        status = 400 if values["errors"] else 200
        return view.answer("search.html", values, status=status, headers=NEWS)

    def found(text: str, start: Place | None) -> dict[str, object]:
        searched = newsletter.search(text, start=start, limit=FOUND_ON_PAGE)
        cards = [
            with_passage(card, match.paper.abstract, searched.filter)
            for match, card in zip(
                searched.matches, cards_of_matches(searched.matches, searched.filter), strict=True
            )
        ]
        return {
            "found": searched,
            "cards": cards,
            "by_day": [(day, list(group)) for day, group in groupby(cards, lambda card: card.on)],
            "following": _following(searched.filter, searched.following),
            "feed": feed_address(view.site, searched.filter),
        }

    return router


def _months(days: Days) -> list[tuple[str, list[tuple[date, int]]]]:
    """ "June 2026" and its days, the newest month and day first."""
    return [
        (month_in_words(year, month), list(found))
        for (year, month), found in groupby(days, lambda one: (one[0].year, one[0].month))
    ]


def _following(filter_text: str, place: Place | None) -> str:
    """The query of the next page, "" when there is none."""
    if place is None:
        return ""
    query = {"filter": filter_text, "before": place.day.isoformat()}
    return urlencode(query | ({"skip": str(place.skip)} if place.skip else {}))


def _place(query: Mapping[str, str]) -> Place | None:
    """Where a page begins, as its address says; from the newest day where it says nothing."""
    day = _day(query.get("before", ""))
    skip = query.get("skip", "0")
    is_number = skip.isascii() and skip.isdigit() and len(skip) <= 6
    return None if day is None else Place(day=day, skip=int(skip) if is_number else 0)


def _page(text: str) -> int:
    """A page's number; 0, which no page has, for what is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 6 else 0


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.isoformat() == text else None
