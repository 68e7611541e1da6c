"""All commands under one name, and the one place where errors become sentences and exit codes.

0 done, 1 could not, 2 asked wrongly or set up wrongly, 70 a bug, 130 stopped by Ctrl-C.
"""

import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from newsletter.cli import (
    bench,
    daily,
    database,
    deliveries,
    demo,
    editions,
    filters,
    health,
    helping,
    mistakes,
    preview,
    reports,
    resend,
    serve,
    subscribers,
    suppress,
    up,
    watch,
    why,
)

app = typer.Typer(
    name="newsletter",
    help="The day's trending research papers, matched to each reader's own topics, by mail.",
    epilog="Begin with: newsletter demo",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main() -> None:
    """The console script."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Do what the arguments say; the exit code. Prints, and never raises an Exception."""
    try:
        command = typer.main.get_command(app)
        if {"-h", "--help"} & set(arguments) or len(arguments) < 2:  # a noun alone shows its help
            helping.tidy(command)
        command(args=list(arguments), prog_name="newsletter")
        return 0
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # `newsletter … | head` has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # noqa: BLE001 - nobody is ever shown a traceback
        return mistakes.explain(error)


def _print_version(is_asked: bool) -> None:
    if is_asked:
        from importlib.metadata import version

        typer.echo(f"newsletter {version('newsletter')}")
        raise typer.Exit


@app.callback()
def _common(
    _: Annotated[
        bool,
        typer.Option(
            "--version",
            metavar="",
            callback=_print_version,
            is_eager=True,
            help="Print the version and leave.",
        ),
    ] = False,
    verbose: Annotated[
        bool,
        typer.Option(
            "--verbose", "-v", metavar="", help="Tell on stderr what happens, event by event."
        ),
    ] = False,
) -> None:
    from newsletter.cli.words import set_up_log, set_up_streams

    # Celery prefers these to what it is told: another program's broker would get our doorbells.
    for name in [name for name in os.environ if name.startswith("CELERY_")]:
        del os.environ[name]
    set_up_streams()
    set_up_log(is_verbose=verbose)


for noun in (
    demo,
    up,
    daily,
    resend,
    watch,
    preview,
    health,
    serve,
    subscribers,
    deliveries,
    editions,
    why,
    reports,
    suppress,
    filters,
    database,
    bench,
):
    noun.add_to(app)
