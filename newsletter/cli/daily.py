"""What happens every day, by hand: pull and run."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from newsletter.cli.choices import EVERY_DAY, Day, Json
from newsletter.cli.opening import opened
from newsletter.cli.words import amount, print_json, progress, result, say

if TYPE_CHECKING:
    from newsletter.core.delivery.states import State
    from newsletter.core.results import Pulled, Ran

WAITING = ("pending", "sending")  # tried again by itself: by a worker, or by the next run
LOST = ("failed", "review")  # a person must look


def add_to(app: typer.Typer) -> None:
    app.command(epilog="Example: newsletter pull --date 2026-06-16", rich_help_panel=EVERY_DAY)(
        pull
    )
    app.command(epilog="Example: newsletter run --everyone", rich_help_panel=EVERY_DAY)(run)


def pull(day: Day = None, is_json: Json = False) -> None:
    """Fetch the day's papers from every source."""
    with opened() as newsletter, progress() as show:
        pulled = newsletter.pull(
            day, is_forced=True, progress=lambda done, total: show("pull", done, total)
        )
    if is_json:
        print_json({"pulled": pulled})
    else:
        show_pulled(pulled)
    if any(one.problem for one in pulled):
        raise typer.Exit(1)


def run(
    day: Day = None,
    everyone: Annotated[
        bool, typer.Option("--everyone", metavar="", help="Also those whose hour has not come.")
    ] = False,
    is_json: Json = False,
) -> None:
    """Pull, plan and send now, for all who are due; nobody gets the same digest twice."""
    with opened() as newsletter, progress() as show:
        ran = newsletter.run(day, everyone=everyone, progress=show)
    if is_json:
        print_json(ran)
    else:
        show_ran(ran)
    if any(one.problem for one in ran.pulled) or _count(ran.counts, WAITING + LOST):
        raise typer.Exit(1)


def show_pulled(pulled: "tuple[Pulled, ...]") -> None:
    for one in pulled:
        if one.problem:
            say(f"{one.source}, {one.day}: nothing came. {one.problem}")
        elif one.is_unchanged:
            result(f"{one.source}, {one.day}: nothing new since the last look.")
        else:
            result(f"{one.source}, {one.day}: {amount(one.papers, 'paper')}, {one.added} new.")
        for sentence in one.skipped:
            say(f"{one.source}: skipped {sentence}")
    if not pulled:
        result("Nothing was due.")


def show_ran(ran: "Ran") -> None:
    show_pulled(ran.pulled)
    planned = ran.planned
    result(
        f"Edition {ran.edition}: {amount(planned.readers, 'reader')} looked at, "
        f"{amount(planned.digests, 'digest')} planned, {planned.without_match} without a match"
        + (f", {planned.served} had theirs already." if planned.served else ".")
    )
    if ran.counts:
        result("Deliveries: " + counted(ran.counts) + ".")
    see = f"see `newsletter deliveries list --edition {ran.edition}`."
    if waiting := _count(ran.counts, WAITING):
        say(f"{amount(waiting, 'delivery waits', 'deliveries wait')} for another try: {see}")
    if lost := _count(ran.counts, LOST):
        say(f"{amount(lost, 'delivery', 'deliveries')} did not get through: {see}")


def counted(counts: "Mapping[State, int]") -> str:
    """`5 sent, 1 failed`."""
    shown = [f"{number:,} {state.value}" for state, number in counts.items() if number]
    return ", ".join(shown) or "none"


def _count(counts: "Mapping[State, int]", states: tuple[str, ...]) -> int:
    return sum(number for state, number in counts.items() if state.value in states)
