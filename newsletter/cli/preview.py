"""See one reader's mail without sending it."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from newsletter.cli.choices import EVERY_DAY, Address, Edition
from newsletter.cli.opening import opened
from newsletter.cli.words import amount, say
from newsletter.errors import Refused

if TYPE_CHECKING:
    from newsletter.core.results import Preview

# What is written by how the file's name ends: the message as it is sent, or one of its parts.
FORMS: "dict[str, Callable[[Preview], bytes]]" = {
    ".eml": lambda shown: shown.message,
    ".html": lambda shown: shown.rendered.html.encode(),
    ".txt": lambda shown: shown.rendered.text.encode(),
}


def add_to(app: typer.Typer) -> None:
    app.command(
        epilog="Example: newsletter preview ada@example.org --out mail.html",
        rich_help_panel=EVERY_DAY,
    )(preview)


def _out(text: str) -> Path:
    path = Path(text)
    if path.suffix.lower() not in FORMS:
        raise typer.BadParameter(f"{text!r} must end in .eml, .html or .txt.")
    return path


def preview(
    address: Address,
    edition: Edition = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", parser=_out, metavar="FILE", help="A .eml, .html or .txt file."),
    ] = None,
    is_forced: Annotated[
        bool, typer.Option("--force", help="Replace the file where there is one.")
    ] = False,
) -> None:
    """Show what a reader would get, or did get; without --out as plain text."""
    if out is not None and out.exists() and not is_forced:
        raise Refused(f"{out} is there already: name another file, or replace it with --force.")
    with opened() as newsletter:
        shown = newsletter.preview(address, edition=edition)
    if out is None:
        typer.echo(shown.rendered.text, nl=False)
        return
    content = FORMS[out.suffix.lower()](shown)
    with out.open("wb" if is_forced else "xb") as file:
        file.write(content)
    say(f"Wrote {out} ({amount(len(content), 'byte')}).")
