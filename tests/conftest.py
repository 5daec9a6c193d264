"""Fixtures: a clock, a running hub, a shop with a paired register and device."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import hypothesis
import pytest

from tests.clock import ManualClock
from tests.running import RunningHub, running
from tests.shop import Shop

COLOURS = ("FORCE_COLOR", "PY_COLORS", "CLICOLOR_FORCE", "GITHUB_ACTIONS")
"""Variables that make a program draw its output though no person sees it."""

for name in tuple(os.environ):
    # What a developer has set for a hub, or a build server for the way out, is not meant for these hubs on loopback.
    if name.startswith("HUB_") or name.lower().endswith("_proxy") or name in COLOURS:
        del os.environ[name]

# How long an example takes says how busy the machine is. The same examples each time: a red run is about the change
# that it tries; new ones are drawn by scripts/torture.
hypothesis.settings.register_profile(
    "tests", deadline=None, derandomize=True, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("tests")

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
