"""See it all work in a few seconds, without setting anything up."""

from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from newsletter.cli.choices import START, Json, PagesPort
from newsletter.cli.opening import parse_day
from newsletter.cli.words import print_json, progress, say

if TYPE_CHECKING:
    from newsletter.cli.demo_shown import Shown
    from newsletter.cli.demo_stage import Stage
    from newsletter.cli.stopping import Stopping

LOOK_SECONDS = 0.5


def add_to(app: typer.Typer) -> None:
    app.command(epilog="Example: newsletter demo --port 8080", rich_help_panel=START)(demo)


def demo(
    port: PagesPort = None,
    no_serve: Annotated[
        bool,
        typer.Option(
            "--no-serve", metavar="", help="End after the run instead of showing the pages."
        ),
    ] = False,
    is_json: Json = False,
    data: Annotated[
        Path | None,
        typer.Option("--data", metavar="DIR", help="A folder of other days: YYYY-MM-DD.json."),
    ] = None,
    day: Annotated[
        date | None,
        typer.Option(
            "--date", parser=parse_day, metavar="YYYY-MM-DD", help="One of them; default the last."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="A new folder for the mails; default in temp."),
    ] = None,
) -> None:
    """Run one real day for six readers on this machine, then show the mails and the pages.

    It uses servers of its own and none of your settings; only the folder with the mails stays.
    """
    from newsletter.cli.demo_stage import find_day, forget_environment, workspace
    from newsletter.cli.stopping import Stopping

    day, files = find_day(data, day)
    forget_environment()
    with Stopping() as stopping, workspace(out) as (folder, inbox), ExitStack() as stack:
        stage, shown = _play(
            stack, stopping, day, files, folder, inbox, port, is_served=not no_serve
        )
        _tell(shown, is_json=is_json)
        if not no_serve:
            _serve(stack, stage, stopping)
    for failed in shown.failed:
        say(f"The mail to {failed.address} was not sent: {failed.reply}")
    if shown.failed:
        raise typer.Exit(1)


def _play(
    stack: ExitStack,
    stopping: "Stopping",
    day: date,
    files: list[Path],
    folder: Path,
    inbox: Path,
    port: int | None,
    *,
    is_served: bool,
) -> "tuple[Stage, Shown]":
    from newsletter.cli.demo_run import Watch, run_the_day
    from newsletter.cli.demo_shown import what_came
    from newsletter.cli.demo_stage import add_readers, set_the_stage
    from newsletter.cli.local import open_place

    with progress() as show:
        show("Starting", 0, 0)
        place = open_place(stack, port) if is_served else None
        stage = set_the_stage(stack, day=day, files=files, data=folder, inbox=inbox, place=place)
        readers = add_readers(stage.newsletter)
        show("Starting", 1, 1)
        run_the_day(Watch(stage=stage, stopping=stopping, show=show))
    return stage, what_came(stage, readers)


def _tell(shown: "Shown", *, is_json: bool) -> None:
    from newsletter.cli.demo_shown import for_machines, for_people

    if is_json:
        print_json(for_machines(shown))
    else:
        for_people(shown)
    say(f"The mails stay in {shown.stage.inbox}.")


def _serve(stack: ExitStack, stage: "Stage", stopping: "Stopping") -> None:
    from newsletter.cli.local import INBOX_PATH, pages_with_inbox
    from newsletter.cli.site import Site

    assert stage.place is not None
    pages = pages_with_inbox(stage.newsletter, stage.inbox)
    stack.enter_context(Site(pages, stage.place.listening))
    say(f"  Mails   {stage.place.url}{INBOX_PATH}")
    say(f"  Pages   {stage.place.url}")
    say("Stop with Ctrl-C.")
    while not stopping.wait(LOOK_SECONDS):
        stage.children.tend()
