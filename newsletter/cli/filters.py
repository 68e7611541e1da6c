"""The topic filter language, without a database: check a text, try it on recorded days."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from newsletter.cli import filter_import, filter_test
from newsletter.cli.choices import MANAGE, Json
from newsletter.cli.filter_text import FilterCommand, FilterText
from newsletter.cli.words import amount, print_json, result, say
from newsletter.errors import NotFound

if TYPE_CHECKING:
    from newsletter.core.papers import Paper


def add_to(app: typer.Typer) -> None:
    nouns = typer.Typer(no_args_is_help=True, help="Try out a topic filter.")
    for verb, command, epilog in (
        ("check", check, """Example: newsletter filter check '"long context" has:code'"""),
        ("match", match, "Example: newsletter filter match 'agent*' --data recorded-days"),
        ("import", filter_import.import_filter, filter_import.EPILOG),
    ):
        nouns.command(verb, cls=FilterCommand, epilog=epilog)(command)
    filter_test.add_to(nouns)
    app.add_typer(nouns, name="filter", rich_help_panel=MANAGE)


def check(text: FilterText) -> None:
    """Say how a filter is understood, in its standard form; exit code 2 where it is not."""
    from newsletter.core.filters import parse_filter

    result(str(parse_filter(text)))


def match(
    text: FilterText,
    data: Annotated[
        Path, typer.Option("--data", help="A day as recorded JSON, or a folder of such days.")
    ],
    is_json: Json = False,
) -> None:
    """List the recorded papers that a filter selects."""
    from newsletter.core.filters import parse_filter
    from newsletter.core.matching import PaperIndex
    from newsletter.core.matching.index import positions

    wanted = parse_filter(text)
    index = PaperIndex(recorded_papers(data))
    found = [index.papers[k] for k in positions(index.match(wanted))]
    if is_json:
        print_json({"papers": [paper.id for paper in found]})
        return
    for paper in found:
        result(f"{paper.id}  {paper.title}")
    say(f"{len(found)} of {amount(len(index.papers), 'paper')}.")


def recorded_papers(data: Path) -> "list[Paper]":
    """The papers of a file or of all days in a folder, each work once. Raises NotFound."""
    from newsletter.adapters.sources.folder import FolderSource

    source = FolderSource(data)
    papers: dict[str, Paper] = {}
    days = source.days()
    if not days and data.is_file():  # its name tells no day, so any will do
        days = (datetime.now(UTC).date(),)
    for day in days:
        fetched = source.fetch(day, validators={})
        for sentence in fetched.skipped:
            say(f"Skipped {sentence}")
        papers.update((paper.id, paper) for paper in fetched.papers)
    if not papers:
        raise NotFound(f"{data} holds no recorded papers: name a file or a folder of JSON days.")
    return list(papers.values())
