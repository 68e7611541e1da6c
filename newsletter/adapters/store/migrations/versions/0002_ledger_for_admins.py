"""What admins ask of the ledger: tries that failed, readers by domain, counts without a scan."""

import sqlalchemy as sa
from alembic import op

revision = "0002_ledger_for_admins"
down_revision = "0001_first_tables"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")  # SQLite counts up by itself in INTEGER
PENDING = "state = 'pending'"
UNSENT = "state IN ('failed', 'skipped', 'expired', 'review')"
# An address has one @: nothing that was stored could quote a second one.
SET_DOMAIN = {
    "sqlite": "UPDATE subscribers SET domain = substr(address_key, instr(address_key, '@') + 1)",
    "postgresql": "UPDATE subscribers SET domain = split_part(address_key, '@', 2)",
}


def upgrade() -> None:
    op.create_table(
        "attempts",
        sa.Column("id", BIG, nullable=False),
        sa.Column("delivery_id", BIG, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("code", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["deliveries.id"],
            name=op.f("fk_attempts_delivery_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempts")),
    )
    op.create_index(op.f("ix_attempts_delivery_id"), "attempts", ["delivery_id"])

    # A default lets SQLite add the column in place: copying the table would remove its readers'
    # topics and deliveries with the old one.
    op.add_column("subscribers", sa.Column("domain", sa.Text(), server_default="", nullable=False))
    op.execute(SET_DOMAIN[op.get_context().dialect.name])
    op.create_index("ix_subscribers_domain", "subscribers", ["domain", "id"])

    op.create_index(
        "ix_deliveries_unsent",
        "deliveries",
        ["state", "edition_id", "subscriber_id"],
        sqlite_where=sa.text(UNSENT),
        postgresql_where=sa.text(UNSENT),
    )
    op.drop_index("ix_deliveries_waiting", "deliveries")
    op.create_index(
        "ix_deliveries_waiting",
        "deliveries",
        ["edition_id", "next_at", "subscriber_id"],
        sqlite_where=sa.text(PENDING),
        postgresql_where=sa.text(PENDING),
    )
