"""Fixtures: a clock, a running hub, a shop with a paired register and device."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.clock import ManualClock
from tests.running import RunningHub, running
from tests.shop import Shop


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def hub(tmp_path: Path, clock: ManualClock) -> AsyncIterator[RunningHub]:
    """A hub with the default limits, in development mode."""
    async with running(tmp_path / "data", clock) as started:
        yield started


@pytest.fixture
async def shop(hub: RunningHub) -> Shop:
    """A hub, ready for `shop.device(…)` and `shop.register(…)`."""
    return Shop(hub)
