"""Alembic's entrance; it always works on the connection that Store.upgrade hands it."""

from alembic import context

from newsletter.adapters.store.tables import Row

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Row.metadata,
    render_as_batch=True,  # SQLite changes a table by copying it
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
