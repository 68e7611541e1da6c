"""The database: SQLite by default, PostgreSQL by its address. Services use it directly."""

from newsletter.adapters.store.engine import Store

__all__ = ["Store"]
