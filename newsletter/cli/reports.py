"""Bounces and complaints: what a stored report says, without a database."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from newsletter.cli.choices import MANAGE
from newsletter.cli.words import say

if TYPE_CHECKING:
    from newsletter.core.reports import Report

STDIN = "-"


def add_to(app: typer.Typer) -> None:
    nouns = typer.Typer(no_args_is_help=True, help="Bounces and complaints.")
    nouns.command("classify", epilog="Example: newsletter reports classify bounce.eml")(classify)
    app.add_typer(nouns, name="reports", rich_help_panel=MANAGE)


def classify(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE...", help="Messages as they came in, one a file; - for standard input."
        ),
    ],
) -> None:
    """Tell what reports say, one line of JSON a file; nobody is suppressed by it."""
    from newsletter.core.reports import parse_report

    is_unread = False
    for file in files:
        try:
            raw = _bytes_of(file)
        except OSError as problem:
            is_unread = True
            say(
                f"{file} cannot be read ({problem.strerror or problem}): name a file with one mail."
            )
            continue
        print(json.dumps(_as_json(file, parse_report(raw))), flush=True)
    if is_unread:
        raise typer.Exit(1)


def _bytes_of(file: str) -> bytes:
    """The beginning of a file, as much as is looked at; raises OSError."""
    from newsletter.core.reports import MAX_REPORT_BYTES

    if file == STDIN:
        return sys.stdin.buffer.read(MAX_REPORT_BYTES)
    with Path(file).open("rb") as opened:
        return opened.read(MAX_REPORT_BYTES)


def _as_json(file: str, report: "Report") -> dict[str, object]:
    return {
        "file": file,
        "records": [
            {
                "recipient": record.recipient,
                "kind": record.kind.value,
                "status": record.status,
                "cause": record.cause,
            }
            for record in report.records
        ],
    }
