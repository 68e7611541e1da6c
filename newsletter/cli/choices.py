"""The arguments and options that several commands share, with one help text each."""

import getpass
from datetime import UTC, date, datetime
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
MOST_NUMBER = 2**63 - 1  # no database numbers its rows higher
Yes = Annotated[bool, typer.Option("--yes", "-y", metavar="", help="Do not ask first.")]
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


def actor() -> str:
    """Who asks, for the audit: the account's name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's account without a name
        return "unknown"


def parse_reason(given: str) -> str:
    """For Typer: a reason that says something."""
    if not given.strip():
        raise typer.BadParameter("it is empty: say why, for who asks later.")
    return given


def parse_instant(given: str | datetime | None) -> datetime | None:
    """For Typer: an instant such as 2026-06-16T03:10, in UTC where it names no zone."""
    if given is None or isinstance(given, datetime):
        return given
    try:
        found = datetime.fromisoformat(given)
    except ValueError:
        raise typer.BadParameter(
            f"{given!r} is no instant: write it like 2026-06-16T03:10 or 2026-06-16T03:10+02:00."
        ) from None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
