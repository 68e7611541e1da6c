"""Migrations make today's tables, on both databases, whoever starts them and how often."""

import ast
import subprocess
import sys
import time
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, inspect, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from newsletter.adapters.store import Store
from newsletter.adapters.store.tables import Row, SubscriberRow
from newsletter.adapters.store.versions import MIGRATIONS
from newsletter.errors import NewsletterError, StoreUnavailable

VERSIONS = sorted((MIGRATIONS / "versions").glob("*.py"))
VERSION_TABLE = "alembic_version"
# What a second `newsletter db upgrade` is: a process of its own. Alembic keeps its context in
# globals, so two threads of one process would disturb each other without any database.
UPGRADE = """
import sys
from newsletter.adapters.store import Store
store = Store(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
print("ran", *store.upgrade(), flush=True)
"""


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def database_url(request, tmp_path) -> str:
    """Address of an empty database."""
    if request.param == "SQLite":
        return f"sqlite:///{tmp_path / 'newsletter.db'}"
    return request.getfixturevalue("bare_postgres_url")


@pytest.fixture
def store(database_url):
    store = Store(database_url)
    yield store
    store.close()


@pytest.fixture
def engine(database_url):
    engine = create_engine(database_url, poolclass=NullPool)
    yield engine
    engine.dispose()


def test_the_migrations_make_todays_tables(store, engine):
    store.upgrade()

    with engine.connect() as connection:
        # Not the foreign keys: which database has which, Alembic does not know. See the test below.
        options = {"compare_type": True, "include_object": is_no_foreign_key}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, Row.metadata) == []


def test_every_column_key_and_index_is_the_one_that_the_tables_ask_for(store, engine):
    store.upgrade()
    migrated = shape_of(engine)
    drop_everything(engine)
    Row.metadata.create_all(engine)

    assert migrated == shape_of(engine)


def test_a_second_upgrade_changes_nothing(store, engine):
    ran = store.upgrade()
    migrated = shape_of(engine)

    assert ran == [path.stem for path in VERSIONS]
    assert store.upgrade() == []
    assert shape_of(engine) == migrated


def test_a_migration_that_fails_leaves_nothing_behind(store, engine):
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE topics (id INTEGER)"))

    with pytest.raises((NewsletterError, DBAPIError)):
        store.upgrade()

    assert inspect(engine).get_table_names() == ["topics"]


def test_tables_that_are_not_there_are_refused_with_the_command_that_makes_them(store):
    with pytest.raises(StoreUnavailable, match="newsletter db upgrade"):
        store.check_tables()

    store.upgrade()
    store.check_tables()


def test_tables_of_a_newer_program_are_refused_in_one_sentence(store, engine):
    store.upgrade()
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '9999_from_tomorrow'"))

    with pytest.raises(NewsletterError, match="9999_from_tomorrow"):
        store.upgrade()


def test_a_worker_on_tables_of_an_older_program_hears_what_to_do(store, engine):
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, VERSIONS[0].stem)

    with pytest.raises(StoreUnavailable, match="newsletter db upgrade"), store.read() as session:
        session.execute(select(SubscriberRow.language))


def test_two_upgrades_at_the_same_time_both_end_well(database_url, engine):
    with begun(engine) as hold:
        first, second = (start_upgrade(database_url) for _ in range(2))
        if engine.dialect.name == "postgresql":
            wait_until_two_wait(engine)
        hold.rollback()

    ran = sorted(end_of(one) for one in (first, second))
    assert ran == ["ran", " ".join(["ran", *(path.stem for path in VERSIONS)])]


def test_the_migrations_are_one_line_and_named_as_their_files():
    script = ScriptDirectory(str(MIGRATIONS))

    assert [step.revision for step in script.walk_revisions()][::-1] == [p.stem for p in VERSIONS]
    assert len(script.get_heads()) == 1


@pytest.mark.parametrize("path", VERSIONS, ids=lambda path: path.stem)
def test_no_migration_offers_a_way_back(path):
    names = {node.name for node in ast.walk(tree_of(path)) if isinstance(node, ast.FunctionDef)}

    assert "upgrade" in names
    assert "downgrade" not in names


@pytest.mark.parametrize("path", VERSIONS, ids=lambda path: path.stem)
def test_no_migration_imports_todays_tables(path):
    modules = {
        alias.name if isinstance(node, ast.Import) else node.module or ""
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }

    assert not [name for name in modules if name.startswith(("newsletter", "sqlmodel"))]


def is_no_foreign_key(_found: object, _name: str, kind: str, *_: object) -> bool:
    return kind != "foreign_key_constraint"


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def shape_of(engine: Engine) -> dict:
    """All that the database says about its tables, in an order that does not matter."""
    found = inspect(engine)
    return {
        table: {
            "columns": {
                column["name"]: (str(column["type"]), column["nullable"], column["default"])
                for column in found.get_columns(table)
            },
            "key": found.get_pk_constraint(table),
            "foreign": sorted(map(repr, found.get_foreign_keys(table))),
            "unique": sorted(map(repr, found.get_unique_constraints(table))),
            "indexes": sorted(
                (index["name"], index["column_names"], index["unique"], condition_of(index))
                for index in found.get_indexes(table)
            ),
            "checks": sorted(map(repr, found.get_check_constraints(table))),
        }
        for table in found.get_table_names()
        if table != VERSION_TABLE
    }


def condition_of(index: dict) -> str:
    """For which rows a partial index stands, as the database words it."""
    options = index.get("dialect_options", {})
    return " ".join(str(options[key]) for key in sorted(options) if key.endswith("_where"))


def drop_everything(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text(f"DROP TABLE {VERSION_TABLE}"))
        Row.metadata.drop_all(connection)


def begun(engine: Engine) -> Connection:
    """A transaction that every upgrade must wait for."""
    connection = engine.connect()
    if engine.dialect.name == "sqlite":
        connection.connection.driver_connection.isolation_level = None
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.execute(text(f"CREATE TABLE {VERSION_TABLE} (version_num text)"))
    return connection


def start_upgrade(url: str) -> subprocess.Popen:
    process = subprocess.Popen(
        [sys.executable, "-c", UPGRADE, url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "ready\n"
    process.stdin.write("\n")
    process.stdin.flush()
    return process


def wait_until_two_wait(engine: Engine) -> None:
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    give_up = time.monotonic() + 30
    while True:
        with engine.connect() as connection:  # a transaction would see the same answer for ever
            if connection.scalar(waiting) == 2:
                return
        assert time.monotonic() < give_up, "the two upgrades never met"
        time.sleep(0.02)


def end_of(process: subprocess.Popen) -> str:
    said, problem = process.communicate(timeout=60)
    assert process.returncode == 0, problem[-2000:]
    return said.strip()
