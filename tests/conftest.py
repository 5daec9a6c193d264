"""Fixtures: a clock, a running hub, a shop with a paired register and device."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.clock import ManualClock
from tests.running import RunningHub, running
from tests.shop import Shop

LONGEST_FIRST = ("faults", "model", "simulation", "web")
"""Folders whose tests take seconds each."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """No worker is left alone in the end with what takes long. Within a folder the order stays."""
    here = Path(__file__).parent
    rank = {name: position for position, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: rank.get(item.path.relative_to(here).parts[0], len(rank)))


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
