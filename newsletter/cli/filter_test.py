"""What a filter would have brought lately: a chart, the papers, and what is odd about it."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from newsletter.cli.choices import Json
from newsletter.cli.filter_text import FilterCommand, FilterText
from newsletter.cli.opening import opened
from newsletter.cli.words import amount, clean, out, print_json
from newsletter.core.backtest import MAX_DAYS
from newsletter.errors import NotFound

if TYPE_CHECKING:
    from rich.text import Text

    from newsletter.core.backtest import BackTest, DayCount, Match

SHOWN = 10  # papers
BAR = 40  # columns of the longest bar
MOST_BARS = 31  # for more days there is one bar a week


def add_to(nouns: typer.Typer) -> None:
    nouns.command(
        "test",
        cls=FilterCommand,
        epilog="Example: newsletter filter test 'title:agent* -survey' --days 60",
    )(try_filter)


def try_filter(
    text: FilterText,
    days: Annotated[
        int, typer.Option(min=1, max=MAX_DAYS, metavar="DAYS", help="Look back so far.")
    ] = 30,
    is_json: Json = False,
) -> None:
    """Try a filter on the stored papers: how many a day, which ones, and what looks odd."""
    with opened() as newsletter:
        tested = newsletter.back_test(text, days=days)
    if not tested.days:
        raise NotFound("No paper is stored yet: fetch the day's papers with `newsletter pull`.")
    if is_json:
        print_json(_as_json(tested))
        return
    console = out()
    for line in _lines(tested, block="█" if console.encoding.startswith("utf") else "#"):
        console.print(line, soft_wrap=True)


def _lines(tested: "BackTest", *, block: str) -> "Iterator[Text]":
    from rich.text import Text

    yield Text(tested.filter, style="bold")
    yield from _chart(tested.days, block=block)
    found = f"{len(tested.matches)} of {amount(tested.papers, 'paper')}"
    with_papers = amount(len(tested.days), "day that has papers", "days that have papers")
    yield Text(f"{found} in {amount(tested.span, 'day')}: {tested.per_day:.1f} a day, over the "
               f"{with_papers}")  # fmt: skip
    if tested.matches:
        yield Text("")
    for match in tested.matches[:SHOWN]:
        yield from _paper(match)
    if len(tested.matches) > SHOWN:
        yield Text(f"and {len(tested.matches) - SHOWN} more; --json has them all")
    if tested.warnings:
        yield Text("")
    for hint in tested.warnings:
        yield Text.assemble(("! ", "bold yellow"), clean(hint.text))


def _chart(days: "Sequence[DayCount]", *, block: str) -> "Iterator[Text]":
    from rich.text import Text

    bars = _bars(days)
    longest = max((matches for _, matches, _ in bars), default=0)
    wide = len(str(longest))
    for label, matches, papers in bars:
        length = round(matches * BAR / longest) if longest else 0
        bar = block * max(length, 1 if matches else 0)
        yield Text.assemble(f"{label}  {matches:>{wide}} of {papers:<4} ", (bar, "green"))


def _bars(days: "Sequence[DayCount]") -> list[tuple[str, int, int]]:
    """(label, matches, papers) for each day, or for each week where that would be too many."""
    if len(days) <= MOST_BARS:
        return [(f"{day.date:%Y-%m-%d %a}", day.matches, day.papers) for day in days]
    weeks: dict[str, list[DayCount]] = {}
    for day in days:
        weeks.setdefault(f"{day.date:%G week %V}", []).append(day)
    return [
        (label, sum(day.matches for day in its), sum(day.papers for day in its))
        for label, its in weeks.items()
    ]


def _paper(match: "Match") -> "Iterator[Text]":
    from rich.text import Text

    paper = match.paper
    title = Text(clean(paper.title))
    for start, end in match.spans:
        title.stylize("bold underline", start, end)
    yield Text.assemble(f"{paper.featured_on}  {paper.id:<10}  ", title)
    words = ", ".join(
        f"{one.words} ({one.place})" if one.place else one.words for one in match.found
    )
    if words:
        yield Text(f"{'':12}{clean(words)}", style="dim")


def _as_json(tested: "BackTest") -> dict[str, object]:
    return {
        "filter": tested.filter,
        "days": tested.days,
        "per_day": round(tested.per_day, 2),
        "papers": [
            {
                "id": match.paper.id,
                "title": match.paper.title,
                "date": match.paper.featured_on,
                "words": match.words,
                "url": match.paper.page,
            }
            for match in tested.matches
        ],
        "warnings": tested.warnings,
    }
