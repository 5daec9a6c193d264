"""SIGKILL at swept system calls: nothing lost, nothing doubled, nothing corrupt."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.faults import kill
from tests.faults.campaign import by_itself, check
from tests.faults.crowd import Crowd
from tests.faults.hub_process import HubProcess
from tests.faults.nursery_client import Nursery, command
from tests.faults.tracer import Fault
from tests.faults.verdict import pronounce

pytestmark = pytest.mark.timeout(900)  # each is many runs, which have time limits of their own

CYCLES = 10


@pytest.mark.parametrize("first", range(1, 41, CYCLES))
async def test_killed_at_the_nth_call(first: int) -> None:
    report = await check("kill", by_itself(kill.run), range(first, first + CYCLES))
    killed = sum(count for name, count in report.counts.items() if name.startswith("killed at"))
    assert killed >= CYCLES - 2, "most plans reach their call, or they prove nothing"


async def test_the_command_itself(tmp_path: Path) -> None:
    """`python -m hub serve`, not a fork of the nursery, killed in the middle of a payment."""
    counts: Counter[str] = Counter()
    async with Nursery() as nursery:
        hub = HubProcess(nursery, tmp_path, **kill.SETTINGS)
        hub.adopt(await command(log=hub.log, environment=hub.environment))
        async with Crowd(hub.url, tmp_path, 1) as crowd:
            await crowd.open()
            fault = Fault("fdatasync", "signal=SIGKILL", 10)
            await hub.inject(fault)
            await kill.through(hub, crowd, counts, fault)
            case = await crowd.settle(hub.database)
        await hub.kill()
        pronounce(case, hub.database, hub.log)
    assert counts["killed at fdatasync"] == 1
