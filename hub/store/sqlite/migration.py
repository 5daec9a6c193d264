"""Numbered migrations: each file is applied once, in order, in a transaction of its own.

`PRAGMA user_version` holds the number of the last one. A database that is newer than the program is refused.
"""

from __future__ import annotations

import sqlite3
from importlib.resources import files

from hub.errors import StoreUnavailable


class DatabaseTooNew(StoreUnavailable):
    """The database was written by a newer hub."""


def scripts() -> list[tuple[int, str]]:
    """The migrations as (number, SQL), in order."""
    folder = files("hub.store.sqlite") / "migrations"
    found = [
        (int(file.name.split("_")[0]), file.read_text()) for file in folder.iterdir() if file.name.endswith(".sql")
    ]
    return sorted(found)


def migrate(connection: sqlite3.Connection) -> int:
    """Bring the database up to date and return its version. Interrupted, it is either before or after a step."""
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    known = scripts()
    if version > known[-1][0]:
        raise DatabaseTooNew(
            f"the database has version {version}, this hub knows {known[-1][0]}: run the newer hub, or restore a backup"
        )
    for number, script in known:
        if number > version:
            connection.executescript(f"BEGIN IMMEDIATE;\n{script}\nPRAGMA user_version = {number};\nCOMMIT;")
            version = number
    return version
