"""Measure this machine: how fast matching, mails, hand-over and a whole day are here."""

from dataclasses import asdict
from typing import Annotated, Any

import typer

from newsletter.cli.choices import MANAGE, Json
from newsletter.cli.words import print_json, progress, result

Subscribers = Annotated[
    int, typer.Option("--subscribers", min=1, metavar="N", help="So many readers.")
]
Papers = Annotated[int, typer.Option("--papers", min=1, metavar="P", help="So many papers.")]


def add_to(app: typer.Typer) -> None:
    nouns = typer.Typer(no_args_is_help=True, help="Measure the speed of this machine.")
    nouns.command("day", epilog="Example: newsletter bench day --subscribers 20000")(day)
    app.add_typer(nouns, name="bench", rich_help_panel=MANAGE)


def day(
    subscribers: Subscribers = 20_000,
    papers: Papers = 50,
    smtp: Annotated[
        str, typer.Option(metavar="URL", help="A relay on this machine; default a sink of its own.")
    ] = "",
    database: Annotated[
        str, typer.Option(metavar="URL", help="Another one is made beside it; default SQLite.")
    ] = "",
    redis: Annotated[
        str, typer.Option(metavar="URL", help="Two empty databases; default an embedded server.")
    ] = "",
    workers: Annotated[int, typer.Option(min=1, max=64, metavar="W", help="Worker processes.")] = 2,
    delay: Annotated[
        int, typer.Option(min=0, max=10_000, metavar="MS", help="The sink answers so late.")
    ] = 0,
    is_json: Json = False,
) -> None:
    """Play a whole edition: plan, render and hand over, through real workers."""
    from newsletter.bench.day import measure

    with progress() as show:
        measured = measure(
            subscribers=subscribers,
            papers=papers,
            workers=workers,
            smtp_url=smtp,
            database_url=database,
            redis_url=redis,
            delay_ms=delay,
            show=show,
        )
    tell(measured, is_json=is_json)


def tell(measured: Any, *, is_json: bool) -> None:
    """A dataclass of figures: as one JSON document, or with a line for each."""
    figures: dict[str, Any] = asdict(measured)
    if is_json:
        print_json(figures)
        return
    for name, value in figures.items():
        shown = (
            "–" if value is None else f"{value:,.2f}" if isinstance(value, float) else f"{value:,}"
        )
        result(f"{name.replace('_', ' '):<24}{shown:>16}")
