"""What happens every day, by hand: pull, run, resend."""

import getpass
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from newsletter.cli.choices import EVERY_DAY, Day, EditionArgument, Json
from newsletter.cli.opening import opened, warn_without_relay
from newsletter.cli.words import amount, print_json, progress, result, say

if TYPE_CHECKING:
    from newsletter.core.delivery import State
    from newsletter.core.results import Pulled, Ran, Resent

WAITING = ("pending", "sending")  # tried again by itself: by a worker, or by the next run
LOST = ("failed", "review")  # a person must look


def add_to(app: typer.Typer) -> None:
    app.command(epilog="Example: newsletter pull --date 2026-06-16", rich_help_panel=EVERY_DAY)(
        pull
    )
    app.command(epilog="Example: newsletter run --everyone", rich_help_panel=EVERY_DAY)(run)
    app.command(
        epilog="Example: newsletter resend 2026-06-16 --to ada@example.org --dry-run",
        rich_help_panel=EVERY_DAY,
    )(resend)


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


def resend(
    edition: EditionArgument,
    to: Annotated[
        list[str], typer.Option("--to", metavar="ADDRESS", help="Who gets it; may be repeated.")
    ],
    reason: Annotated[
        str, typer.Option("--reason", help="Kept with the delivery, for whoever asks later.")
    ] = "resent by hand",
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", metavar="", help="Only say what would be sent, and to whom."),
    ] = False,
    is_json: Json = False,
) -> None:
    """Send an edition once more to exactly these readers: same papers, new message."""
    with opened() as newsletter:
        settings = newsletter.settings
        resent = newsletter.resend(
            edition, addresses=to, actor=actor(), because=reason, is_dry_run=dry_run
        )
    if is_json:
        print_json(resent)
    else:
        show_resent(resent)
    if resent.delivery_ids:
        warn_without_relay(settings)
    if resent.refused:
        raise typer.Exit(1)


def actor() -> str:
    """Who asks, for the audit: the account's name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's account without a name
        return "unknown"


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


def show_resent(resent: "Resent") -> None:
    refused = {address for address, _ in resent.refused}
    taken = [address for address in resent.addresses if address not in refused]
    if resent.is_dry_run:
        result(f"Would resend {amount(len(taken), 'digest')} of edition {resent.edition}:")
        for address in taken:
            result(f"  {address}")
    else:
        numbers = ", ".join(str(one) for one in resent.delivery_ids)
        label = "delivery" if len(resent.delivery_ids) == 1 else "deliveries"
        more = f", {label} {numbers}" if numbers else ""
        done = amount(len(resent.delivery_ids), "digest")
        result(f"Resent {done} (edition {resent.edition}{more}).")
    for address, why in resent.refused:
        say(f"Not to {address}: {why}")


def _count(counts: "Mapping[State, int]", states: tuple[str, ...]) -> int:
    return sum(number for state, number in counts.items() if state.value in states)
