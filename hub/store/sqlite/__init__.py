"""The embedded store: one SQLite file, one writing connection, commands committed in groups."""

from hub.store.sqlite.store import SqliteStore, open_sqlite

__all__ = ["SqliteStore", "open_sqlite"]
