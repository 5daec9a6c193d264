"""A real SQLite store on a real file, with the clock in the test's hand."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from hub.entropy import Entropy
from hub.store.sqlite import SqliteStore, open_sqlite
from hub.store.sqlite.session import SqliteSession
from tests.clock import ManualClock
from tests.running import make_settings


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "hub.db"


@pytest.fixture
def broken() -> list[str]:
    """What `on_broken` was told, a line a call."""
    return []


@pytest.fixture
async def store(path: Path, clock: ManualClock, broken: list[str]) -> AsyncIterator[SqliteStore]:
    settings = make_settings(path.parent, write_queue_limit=50, batch_limit=10)
    opened = await open_sqlite(
        path, clock=clock, settings=settings, entropy=Entropy(), on_broken=lambda: broken.append("broken")
    )
    yield opened
    await opened.close()


@pytest.fixture
def plans(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """How SQLite plans each statement that sessions run from here on; ask for it before the hub."""
    found: dict[str, str] = {}

    def open_session(self: SqliteSession, connection: sqlite3.Connection, *, remembers: bool) -> None:
        def execute(sql: str, parameters: Any) -> sqlite3.Cursor:
            if sql not in found:
                steps = connection.execute(f"EXPLAIN QUERY PLAN {sql}", parameters)
                found[sql] = " / ".join(step[3] for step in steps)
            return connection.execute(sql, parameters)

        self._execute = execute  # type: ignore[assignment]  # with all parameters given
        self.remembers = remembers

    monkeypatch.setattr(SqliteSession, "__init__", open_session)
    return found
