"""What a filter would have brought lately: beside a form while it is typed, and as a page."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from fastapi import APIRouter, Request, Response

from newsletter.app import Newsletter
from newsletter.core.backtest import BackTest
from newsletter.errors import FilterError
from newsletter.web.answers import Answer, Kept
from newsletter.web.cards import PageCard, cards_of_matches
from newsletter.web.charts import Chart, chart_of
from newsletter.web.forms import EXAMPLES, Errors, WishesForm
from newsletter.web.view import NEWS, READ, View

DAYS = 30
MOST_OF_THEM = timedelta(days=22)  # between the first and the last day with papers
SHOWN = 3  # papers, beside a form
SHOWN_ON_PAGE = 10
MOST_WARNINGS = 4
_ROW = re.compile(r"(?:topics|mutes)-[0-9]{1,2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicPreview:
    """total: papers of the last `days` days; a_day, over: of those on a day with papers, in words.
    chart: None where no day has any. cards: the newest. warnings: sentences.
    """

    filter: str
    total: int
    days: int
    a_day: str
    over: str
    chart: Chart | None
    cards: tuple[PageCard, ...]
    warnings: tuple[str, ...]


def preview_of(
    newsletter: Newsletter, form: WishesForm, button: str
) -> tuple[Errors, dict[int, TopicPreview]]:
    """The preview of the row that the button names ("preview-2"), by row; or its error."""
    row = button.removeprefix("preview-")
    number = int(row) if row.isascii() and row.isdigit() and len(row) <= 3 else -1
    if not 0 <= number < len(form.topics):
        return {}, {}
    try:
        return {}, {number: try_filter(newsletter, form.topics[number].filter)}
    except FilterError as error:
        return {f"topics-{number}-filter": error}, {}


def try_filter(newsletter: Newsletter, text: str, *, shown: int = SHOWN) -> TopicPreview:
    """What this filter would have brought. Raises FilterError."""
    tested = newsletter.back_test(text, days=DAYS, most=shown, is_fresh=False)
    return TopicPreview(
        filter=tested.filter,
        total=tested.total,
        days=DAYS,
        a_day=_a_day(tested),
        over=_over(tested),
        chart=chart_of(tested.days, span=DAYS),
        cards=tuple(cards_of_matches(tested.matches[:shown], tested.filter)),
        warnings=tuple(hint.text for hint in tested.warnings[:MOST_WARNINGS]),
    )


def _a_day(tested: BackTest) -> str:
    """ "4.2 papers a day", "1 paper a day"; of a rare one "fewer than one paper a day"."""
    if 0 < tested.per_day < 0.95:
        return "fewer than one paper a day" if tested.per_day >= 0.1 else "a paper now and then"
    shown = f"{tested.per_day:.1f}".removesuffix(".0")
    return f"{shown} paper{'' if shown == '1' else 's'} a day"


def _over(tested: BackTest) -> str:
    """ "over the last 30 days"; of a site that began later "on the 4 days with papers"."""
    if tested.days and tested.days[-1].date - tested.days[0].date >= MOST_OF_THEM:
        return f"over the last {tested.span} days"
    count = len(tested.days)
    return "on the one day that has papers" if count == 1 else f"on the {count} days with papers"


def preview_router(newsletter: Newsletter, view: View, kept: Kept) -> APIRouter:
    """Routes that try filters; they keep nothing and know nobody."""
    router = APIRouter(include_in_schema=False, default_response_class=Response)

    @router.api_route("/preview", methods=READ)
    async def preview(request: Request) -> Response:
        query = request.query_params
        of = query.get("of", "")
        if of == "examples":
            return await kept.answer(request, lambda: part(of, _of_examples(query)))
        if _ROW.fullmatch(of):
            name = of if of.startswith("mutes") else f"{of}-filter"
            return await kept.answer(request, lambda: part(name, query.get(name, "")))
        return await kept.answer(request, lambda: page(query.get("filter", "")))

    def part(name: str, text: str) -> Answer:
        """What stands below the field of this name. An error is no failure while one types."""
        values: dict[str, object] = {"name": name, "errors": {}, "found": None}
        if text.strip():
            try:
                values["found"] = try_filter(newsletter, text)
            except FilterError as error:
                values["errors"] = {name: error}
        values["is_mute"] = name.startswith("mutes")
        return view.answer("_preview.html", values, headers=NEWS)

    def page(text: str) -> Answer:
        values: dict[str, object] = {"text": text, "errors": {}, "found": None}
        if text.strip():
            try:
                values["found"] = try_filter(newsletter, text, shown=SHOWN_ON_PAGE)
            except FilterError as error:
                values["errors"] = {"filter": error}
        status = 400 if values["errors"] else 200
        return view.answer("preview.html", values, status=status, headers=NEWS)

    return router


def picked_examples(fields: Mapping[str, str]) -> tuple[int, ...]:
    """Which of the examples are ticked, in their order."""
    return tuple(number for number in range(len(EXAMPLES)) if f"example-{number}" in fields)


def _of_examples(fields: Mapping[str, str]) -> str:
    """The ticked examples as one filter, "" for none."""
    picked = [EXAMPLES[number].filter for number in picked_examples(fields)]
    return picked[0] if len(picked) == 1 else " OR ".join(f"({one})" for one in picked)
