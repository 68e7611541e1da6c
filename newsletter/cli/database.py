"""The database's tables."""

import typer

from newsletter.cli.choices import MANAGE
from newsletter.cli.words import result


def add_to(app: typer.Typer) -> None:
    nouns = typer.Typer(no_args_is_help=True, help="Look after the database's tables.")
    nouns.command("upgrade", epilog="Example: newsletter db upgrade")(upgrade)
    nouns.callback()(_database)
    app.add_typer(nouns, name="db", rich_help_panel=MANAGE)


def _database() -> None:
    """Look after the database's tables."""  # with a callback, `db` stays a group of one


def upgrade() -> None:
    """Bring the tables to this version; nothing is lost, and twice is no error."""
    from newsletter.app import Newsletter
    from newsletter.cli.opening import current_settings

    with Newsletter.from_settings(current_settings()) as newsletter:
        ran = newsletter.upgrade()
    result(f"The tables are those of this version now: {', '.join(ran)}." if ran else
           "The tables are those of this version already.")  # fmt: skip
