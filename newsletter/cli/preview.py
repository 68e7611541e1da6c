"""See one reader's mail without sending it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from newsletter.cli.choices import EVERY_DAY, Address, Edition
from newsletter.cli.opening import opened
from newsletter.cli.words import amount, say

if TYPE_CHECKING:
    from newsletter.core.results import Preview

SUFFIXES = (".eml", ".html", ".txt")


def add_to(app: typer.Typer) -> None:
    app.command(
        epilog="Example: newsletter preview ada@example.org --out mail.html",
        rich_help_panel=EVERY_DAY,
    )(preview)


def _out(text: str) -> Path:
    path = Path(text)
    if path.suffix.lower() not in SUFFIXES:
        raise typer.BadParameter(f"{text!r} must end in .eml, .html or .txt.")
    return path


def preview(
    address: Address,
    edition: Edition = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", parser=_out, metavar="FILE", help="A .eml, .html or .txt file."),
    ] = None,
) -> None:
    """Show what a reader would get, or did get; without --out as plain text."""
    with opened() as newsletter:
        shown = newsletter.preview(address, edition=edition)
    if out is None:
        typer.echo(shown.rendered.text)
        return
    content = _content(shown, out.suffix.lower())
    out.write_bytes(content)
    say(f"Wrote {out} ({amount(len(content), 'byte')}).")


def _content(shown: "Preview", suffix: str) -> bytes:
    if suffix == ".eml":
        return shown.message
    return (shown.rendered.html if suffix == ".html" else shown.rendered.text).encode()
