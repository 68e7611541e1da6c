"""Measure this machine: how fast matching, mails, hand-over and a whole day are here."""

from dataclasses import asdict
from typing import Any

import typer

from newsletter.cli.choices import MANAGE
from newsletter.cli.words import print_json, result


def add_to(app: typer.Typer) -> None:
    nouns = typer.Typer(no_args_is_help=True, help="Measure the speed of this machine.")
    app.add_typer(nouns, name="bench", rich_help_panel=MANAGE)


def tell(measured: Any, *, is_json: bool) -> None:
    """A dataclass of figures: as one JSON document, or with a line for each."""
    figures: dict[str, Any] = asdict(measured)
    if is_json:
        print_json(figures)
        return
    for name, value in figures.items():
        shown = f"{value:,.2f}" if isinstance(value, float) else f"{value:,}"
        result(f"{name.replace('_', ' '):<24}{shown:>16}")
