"""What the database holds, to be compared before and after."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import Any

from tests.running import RunningHub

Contents = dict[str, list[tuple[Any, ...]]]


def contents(hub: RunningHub) -> Contents:
    """Every row of every table, as committed."""
    path = hub.settings.data_dir / "hub.db"
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        return {table: sorted(database.execute(f"SELECT * FROM {table}"), key=repr) for table in tables}
