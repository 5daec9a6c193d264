"""A real SQLite store on a real file, with the clock in the test's hand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.entropy import Entropy
from hub.store.sqlite import SqliteStore, open_sqlite
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
