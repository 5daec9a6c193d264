"""Network faults: whatever becomes of a connection, nothing is lost or doubled, and everybody learns the outcome."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from tests.faults import network, network_plan
from tests.faults.campaign import by_itself, check
from tests.faults.crowd import Size
from tests.faults.nursery_client import Nursery

pytestmark = pytest.mark.timeout(900)  # each is many runs, which have time limits of their own

RUNS = 10


@pytest.mark.parametrize("first", range(1, 51, RUNS))
async def test_every_connection_may_break_at_any_message(first: int) -> None:
    report = await check("network", by_itself(network.run), range(first, first + RUNS))
    struck = sum(count for name, count in report.counts.items() if name.startswith("struck"))
    assert struck >= RUNS, "most plans meet their messages, or they prove nothing"


def test_ten_seeds_are_all_kinds() -> None:
    assert {network_plan.Plan.of(seed).kind for seed in range(1, RUNS + 1)} == set(network_plan.KINDS)


async def test_a_slow_reader_is_felt(tmp_path: Path) -> None:
    """The narrow pipes are narrow enough: a register that reads nothing is closed, comes back and misses nothing."""
    stops_reading = network_plan.Fault("slow", network_plan.REGISTER_FRAMES, nth=2, seconds=math.inf)
    plan = network_plan.slow_plan((stops_reading,), Size(registers=1, pos=0, payments=12, waits=0, moves=0))
    async with Nursery() as nursery:
        counts = await network.play(nursery, tmp_path, 1, plan)
    assert counts["closed as slow consumers"] >= 1
