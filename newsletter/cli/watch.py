"""An edition as it goes out: counts, rate and time left, refreshed in place."""

import time
from typing import Annotated, Any

import typer

from newsletter.cli.choices import EVERY_DAY, Json
from newsletter.cli.opening import opened, parse_day
from newsletter.cli.watch_shown import document, line, shown
from newsletter.cli.watch_view import View
from newsletter.cli.words import out, print_json, result, say
from newsletter.core.delivery.states import State
from newsletter.errors import NotFound

LOOKS_APART = 1.0  # between the two looks that one snapshot's rate takes


def add_to(app: typer.Typer) -> None:
    app.command(epilog="Example: newsletter watch 2026-06-16", rich_help_panel=EVERY_DAY)(watch)


def watch(
    edition: Annotated[
        Any,
        typer.Argument(
            parser=parse_day,
            metavar="EDITION",
            help="Its date; default the last one of which mails wait.",
        ),
    ] = None,
    interval: Annotated[
        float, typer.Option("--interval", min=0.5, metavar="SECONDS", help="Between two looks.")
    ] = 2.0,
    once: Annotated[
        bool, typer.Option("--once", metavar="", help="One snapshot, and no more.")
    ] = False,
    is_json: Json = False,
) -> None:
    """See an edition go out: sent, time left, bounces, complaints; Ctrl-C ends the looking only."""
    with opened() as newsletter:
        day = edition or newsletter.newest_edition()
        if day is None:
            raise NotFound("There is no edition yet: `newsletter run` makes one.")
        view = View(newsletter, day)
        if once or is_json:
            if view.tally.left and view.edition.state == "open":
                time.sleep(LOOKS_APART)
                view.look()
            _print(view, is_json=is_json)
            return
        console = out()
        if console.is_terminal:
            _live(view, interval)
        else:
            _lines(view, interval)


def _live(view: View, interval: float) -> None:
    from rich.live import Live

    try:
        with Live(shown(view), console=out(), auto_refresh=False, transient=False) as live:
            while view.tally.left:
                time.sleep(interval)
                view.look()
                live.update(shown(view), refresh=True)
    except KeyboardInterrupt:
        stays = "stays held" if view.edition.state == "held" else "goes on by itself"
        say(f"The looking ended; the edition {stays}.")
        return
    _say_end(view)


def _lines(view: View, interval: float) -> None:
    """For a file or a pipe: a line for each look."""
    try:
        while True:
            result(line(view))
            if not view.tally.left:
                break
            time.sleep(interval)
            view.look()
    except KeyboardInterrupt:
        return
    _say_end(view)


def _print(view: View, *, is_json: bool) -> None:
    if is_json:
        print_json(document(view))
    else:
        out().print(shown(view))


def _say_end(view: View) -> None:
    if view.tally.of(State.FAILED, State.REVIEW):
        say(f"Why mails did not go out: `newsletter editions show {view.day}`.")
    else:
        say("Nothing is left to send.")
