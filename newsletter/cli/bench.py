"""Measure this machine: how fast matching, mails, hand-over and a whole day are here."""

from dataclasses import asdict
from pathlib import Path
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
    nouns.command("match", epilog="Example: newsletter bench match --subscribers 1000000")(match)
    nouns.command("day", epilog="Example: newsletter bench day --subscribers 20000")(day)
    nouns.command("send", epilog="Example: newsletter bench send --messages 20000 --size 40000")(
        send
    )
    nouns.command("render", epilog="Example: newsletter bench render --readers 50000")(render)
    nouns.command("pages", epilog="Example: newsletter bench pages --visitors 200")(pages)
    app.add_typer(nouns, name="bench", rich_help_panel=MANAGE)


def match(
    subscribers: Subscribers = 1_000_000,
    papers: Papers = 500,
    data: Annotated[
        Path | None,
        typer.Option("--data", help="Real abstracts: a day as recorded JSON, or a folder of days."),
    ] = None,
    is_json: Json = False,
) -> None:
    """Compile every reader's filter, match and rank the papers: the best ten for each."""
    from newsletter.bench.match import measure
    from newsletter.cli.filters import recorded_papers

    recorded = recorded_papers(data) if data else ()
    with progress() as show:
        measured = measure(subscribers=subscribers, papers=papers, recorded=recorded, show=show)
    tell(measured, is_json=is_json)


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


def send(
    messages: Annotated[int, typer.Option(min=1, metavar="N", help="So many mails.")] = 20_000,
    size: Annotated[
        int, typer.Option(min=500, max=10_000_000, metavar="BYTES", help="Of each mail.")
    ] = 40_000,
    connections: Annotated[
        int | None,
        typer.Option(min=1, max=1000, metavar="C", help="Default: as many as make it faster."),
    ] = None,
    smtp: Annotated[
        str, typer.Option(metavar="URL", help="The relay to measure; default a sink of its own.")
    ] = "",
    delay: Annotated[
        int, typer.Option(min=0, max=10_000, metavar="MS", help="The sink answers so late.")
    ] = 0,
    is_really_meant: Annotated[
        bool, typer.Option("--really", help="Send to a relay that is not on this machine.")
    ] = False,
    is_json: Json = False,
) -> None:
    """Hand over personal mails of one size: the transport alone."""
    from newsletter.bench.send import measure

    with progress() as show:
        measured = measure(
            messages=messages,
            size=size,
            connections=connections,
            smtp_url=smtp,
            delay_ms=delay,
            is_really_meant=is_really_meant,
            show=show,
        )
    tell(measured, is_json=is_json)


def render(
    readers: Annotated[
        int, typer.Option("--readers", min=1, metavar="N", help="So many readers.")
    ] = 50_000,
    papers: Papers = 50,
    is_json: Json = False,
) -> None:
    """Make personal messages: every reader another digest of ten papers."""
    from newsletter.bench.render import measure

    with progress() as show:
        measured = measure(readers=readers, papers=papers, show=show)
    tell(measured, is_json=is_json)


def pages(
    visitors: Annotated[
        int, typer.Option("--visitors", min=1, max=2000, metavar="N", help="So many people.")
    ] = 200,
    seconds: Annotated[
        int, typer.Option("--seconds", min=1, max=3600, metavar="S", help="For so long.")
    ] = 20,
    pause: Annotated[
        float, typer.Option(min=0, max=60, metavar="S", help="Each looks at a page for so long.")
    ] = 1.0,
    processes: Annotated[
        int, typer.Option(min=1, max=64, metavar="P", help="Processes of the server.")
    ] = 2,
    url: Annotated[
        str, typer.Option(metavar="URL", help="Pages on this machine; default a server of its own.")
    ] = "",
    is_json: Json = False,
) -> None:
    """Let visitors open the landing page and try filters: how long they wait."""
    from newsletter.bench.pages import measure

    with progress() as show:
        measured = measure(
            visitors=visitors,
            seconds=seconds,
            pause_seconds=pause,
            processes=processes,
            url=url,
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
