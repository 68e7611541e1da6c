"""Measure this machine: how fast matching, mails, hand-over and a whole day are here."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import typer

from newsletter.cli.choices import MANAGE
from newsletter.cli.words import print_json, result

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def add_to(app: typer.Typer) -> None:
    nouns = typer.Typer(no_args_is_help=True, help="Measure the speed of this machine.")
    app.add_typer(nouns, name="bench", rich_help_panel=MANAGE)


def tell(measured: "DataclassInstance", *, is_json: bool) -> None:
    """What was measured: one JSON document, or a line for each figure."""
    figures: dict[str, Any] = asdict(measured)
    if is_json:
        print_json(figures)
        return
    for name, value in figures.items():
        shown = f"{value:,.2f}" if isinstance(value, float) else f"{value:,}"
        result(f"{name.replace('_', ' '):<24}{shown:>16}")
