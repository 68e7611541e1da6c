"""Migrations, run by Alembic: only an upgrade pays for its import."""

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.script.revision import RevisionError
from alembic.util import CommandError
from sqlalchemy import Connection

from newsletter.adapters.store.versions import MIGRATIONS, current_version
from newsletter.errors import StoreUnavailable


def upgrade(connection: Connection) -> list[str]:
    """Bring the tables to this version, in the caller's transaction; the migrations that ran."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    ran = _steps_from(current_version(connection), ScriptDirectory.from_config(config))
    if ran:
        command.upgrade(config, "head")
    return ran


def _steps_from(revision: str | None, script: ScriptDirectory) -> list[str]:
    try:
        steps = list(script.iterate_revisions("head", revision or "base"))
    except (CommandError, RevisionError):
        raise StoreUnavailable(
            f"The database has the tables of version {revision}, which this program does not know:"
            " a newer one made them. Run that version, or restore an older copy of the database."
        ) from None
    return [step.revision for step in steps[::-1]]
