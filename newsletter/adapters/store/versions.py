"""Which version of the tables there is, and which this program needs.

Every command asks, and to import Alembic for the answer would take 0.07 s each time.
"""

from pathlib import Path

from sqlalchemy import Connection, inspect, text

MIGRATIONS = Path(__file__).with_name("migrations")


def current_version(connection: Connection) -> str | None:
    """The last migration that ran; None before the first."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found


def newest_version() -> str:
    """The last migration of this program: they are one line, numbered and named as their files."""
    return max(path.stem for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))
