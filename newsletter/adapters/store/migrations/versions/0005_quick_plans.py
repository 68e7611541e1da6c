"""PostgreSQL plans a day without looking up each reader, and still forgets all with a reader."""

from alembic import op

revision = "0005_quick_plans"
down_revision = "0004_pauses_and_moves"

# What the foreign keys did when an edition or a reader was removed.
FORGET = """
CREATE FUNCTION forget_deliveries() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME = 'editions' THEN
        DELETE FROM deliveries WHERE edition_id = OLD.id;
    ELSE
        DELETE FROM deliveries WHERE subscriber_id = OLD.id;
    END IF;
    RETURN NULL;
END $$
"""


def upgrade() -> None:
    if op.get_context().dialect.name != "postgresql":
        return  # SQLite keeps its foreign keys: they cost it little, and to go they take a copy
    for column in ("edition_id", "subscriber_id"):
        op.drop_constraint(f"fk_deliveries_{column}", "deliveries", type_="foreignkey")
    op.execute(FORGET)
    for table in ("editions", "subscribers"):
        op.execute(
            f"CREATE TRIGGER forget_deliveries AFTER DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION forget_deliveries()"
        )
