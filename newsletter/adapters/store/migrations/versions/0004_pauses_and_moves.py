"""Since when a reader pauses, in which language they read dates, and who moves to which address."""

import sqlalchemy as sa
from alembic import op

revision = "0004_pauses_and_moves"
down_revision = "0003_reports"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    # Defaults let SQLite add the columns in place: copying the table would remove its readers'
    # topics and deliveries with the old one.
    op.add_column(
        "subscribers",
        sa.Column("language", sa.String(length=16), server_default="en", nullable=False),
    )
    op.add_column("subscribers", sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True))

    op.create_table(
        "recipients",
        sa.Column("delivery_id", BIG, autoincrement=False, nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("address_key", sa.Text(), nullable=False),
        sa.Column("address_hash", sa.String(length=64), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["deliveries.id"],
            name=op.f("fk_recipients_delivery_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("delivery_id", name=op.f("pk_recipients")),
    )
    for column in ("address_hash", "added_at"):
        op.create_index(op.f(f"ix_recipients_{column}"), "recipients", [column])
