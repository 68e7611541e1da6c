"""The arguments and options that several commands share, with one help text each."""

from datetime import date
from typing import Annotated

import typer

from newsletter.cli.opening import parse_day

START, EVERY_DAY, MANAGE = "Start here", "Every day", "Manage"

Json = Annotated[
    bool, typer.Option("--json", metavar="", help="Print one JSON document on stdout.")
]
Day = Annotated[
    date | None,
    typer.Option("--date", parser=parse_day, metavar="YYYY-MM-DD", help="The day; default today."),
]
EditionArgument = Annotated[
    date,
    typer.Argument(parser=parse_day, metavar="EDITION", help="The edition's date, YYYY-MM-DD."),
]
Edition = Annotated[
    date | None,
    typer.Option("--edition", parser=parse_day, metavar="YYYY-MM-DD", help="One edition only."),
]
Limit = Annotated[
    int, typer.Option("--limit", min=1, max=100_000, metavar="ROWS", help="At most so many rows.")
]
Address = Annotated[str, typer.Argument(metavar="ADDRESS", help="The reader's mail address.")]
PagesPort = Annotated[
    int | None,
    typer.Option(
        min=1, max=65535, metavar="PORT", help="The pages' port; default the first free from 8000."
    ),
]
