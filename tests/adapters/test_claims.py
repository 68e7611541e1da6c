"""How claims find their rows: along an index, whatever else the ledger holds."""

from datetime import UTC, datetime

import pytest
from builders import MONDAY, a_newsletter, a_paper, add_reader, settings_for
from sqlalchemy import event

from newsletter.adapters.queue import MemoryQueue
from newsletter.adapters.store.claims import claim


@pytest.fixture
def statements(tmp_path):
    """Each statement of one hand-over and one sweep, with SQLite's plan for it."""
    settings = settings_for(tmp_path)
    parts = {"papers": [a_paper(1)], "queue": MemoryQueue()}
    with a_newsletter(tmp_path, settings=settings, **parts) as newsletter:
        add_reader(newsletter, "ada")
        newsletter.pull(MONDAY.date())
        newsletter.plan_range(0, MONDAY.date(), everyone=True)
        plans: dict[str, list[str]] = {}

        @event.listens_for(newsletter.store._writer, "before_cursor_execute")
        def explain(connection, _cursor, statement, values, _context, is_many):
            if "deliveries" in statement and not is_many:
                plan = connection.connection.cursor().execute(
                    f"EXPLAIN QUERY PLAN {statement}", values
                )
                plans[statement] = [row[3] for row in plan]

        assert newsletter.send_waiting() == 1
        newsletter.sweep()
        yield plans


def test_a_claim_and_a_sweep_never_read_the_whole_ledger(statements):
    assert len(statements) > 5
    for statement, plan in statements.items():
        assert not any(step.startswith("SCAN deliveries") for step in plan), (statement, plan)


def test_on_postgresql_a_claim_finds_what_it_takes_by_key(tmp_path, bare_postgres_url):
    settings = settings_for(tmp_path, database_url=bare_postgres_url)
    parts = {"papers": [a_paper(1)], "queue": MemoryQueue()}
    with a_newsletter(tmp_path, settings=settings, **parts) as newsletter:
        add_reader(newsletter, "ada")
        newsletter.pull(MONDAY.date())
        newsletter.plan_range(0, MONDAY.date(), everyone=True)
        plans = []

        @event.listens_for(newsletter.store._writer, "before_cursor_execute")
        def explain(connection, _cursor, statement, values, _context, _is_many):
            if "RETURNING deliveries.id" in statement:
                cursor = connection.connection.cursor()
                cursor.execute("SET LOCAL enable_seqscan = off")  # a ledger of one row is read so
                plans.append([row[0] for row in cursor.execute(f"EXPLAIN {statement}", values)])

        assert newsletter.send_waiting() == 1
        assert plans
        for plan in plans:
            assert any("Cond: (id = ANY (" in step for step in plan), plan


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_a_claim_knows_to_the_microsecond_when_it_was_planned(database, tmp_path, request):
    url = f"sqlite:///{tmp_path / 'newsletter.db'}"
    if database == "postgres":
        url = request.getfixturevalue("postgres_url") + "&options=-c%20timezone=Asia/Kathmandu"
    planned_at = datetime(2026, 6, 15, 23, 59, 59, 999_999, tzinfo=UTC)
    parts = {"papers": [a_paper(1)], "clock": lambda: planned_at, "queue": MemoryQueue()}
    with a_newsletter(
        tmp_path, settings=settings_for(tmp_path, database_url=url), **parts
    ) as newsletter:
        add_reader(newsletter, "ada")
        newsletter.pull(MONDAY.date())
        newsletter.plan_range(0, MONDAY.date(), everyone=True)
        with newsletter.store.write() as session:
            (claimed,) = claim(session, now=planned_at, most=9)

    assert claimed.planned_at == planned_at
