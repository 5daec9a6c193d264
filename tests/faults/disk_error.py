"""EIO and ENOSPC at each of the first hundred writes and syncs: nothing is acknowledged that is not so.

The hub answers `store_unavailable`, or ends with exit code 70 and is started again by whoever looks after it; while it
cannot start because the disk still fails, it says so and ends. Then the disk works again and everything comes right.
The seed is the sweep: one hundred seeds are the first hundred calls of one kind.

    scripts/torture disk_error --seed 137 --cycles 1
"""

from __future__ import annotations

import asyncio
import itertools
import random
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hub.server import EXIT_STORE_BROKEN
from tests.faults.campaign import Counts, Violation
from tests.faults.crowd import Crowd, Size
from tests.faults.hub_process import HubProcess
from tests.faults.kill import EAGER_CHECKPOINTS, SETTINGS
from tests.faults.nursery_client import Nursery
from tests.faults.tracer import Fault
from tests.faults.verdict import pronounce

CALLS = 100
KINDS = tuple(itertools.product(("pwrite64", "fdatasync"), ("EIO", "ENOSPC"), (False, True)))
"""Call, error, and whether it is counted from the start of a hub on an empty folder, not from the start of the work."""

EXIT_CANNOT_START = 1


@dataclass(frozen=True)
class Plan:
    """What the seed says."""

    fault: Fault
    at_start: bool
    patches: tuple[str, ...]
    payments: int = 8

    @classmethod
    def of(cls, seed: int) -> Plan:
        kind, call_number = divmod(seed - 1, CALLS)
        call, error, at_start = KINDS[kind % len(KINDS)]
        chance = random.Random(f"disk error {seed}")
        lasting = chance.random() < 0.5
        fault = Fault(call, f"error={error}", call_number + 1, lasting)
        return cls(fault, at_start, (EAGER_CHECKPOINTS,) if chance.random() < 0.4 else ())


async def run(nursery: Nursery, folder: Path, seed: int) -> Counts:
    plan = Plan.of(seed)
    counts: Counts = Counter({f"{plan.fault.effect.partition('=')[2]} on {plan.fault.call}": 1})
    hub = HubProcess(nursery, folder, patches=plan.patches, **SETTINGS)
    await hub.start(plan.fault if plan.at_start else None)
    async with Crowd(hub.url, folder, seed, Size(payments=plan.payments, device_faults=0.1)) as crowd:
        work = asyncio.create_task(_work(hub, crowd, plan))
        try:
            await _look_after(hub, plan, work, counts)
            await work
        finally:
            work.cancel()
        # A hub that lived through it is not trusted for long either: it must be fine after a restart.
        await hub.stop()
        await hub.start()
        case = await crowd.settle(hub.database)
        crowd.history.save(folder / "history.jsonl")
    await hub.kill()
    pronounce(case, hub.database, hub.log)
    counts["reached" if hub.errors_injected else "not reached"] += 1
    return counts


async def _work(hub: HubProcess, crowd: Crowd, plan: Plan) -> None:
    await crowd.open()
    if not plan.at_start:
        await hub.inject(plan.fault)
    await crowd.work()


async def _look_after(hub: HubProcess, plan: Plan, work: asyncio.Task[None], counts: Counts) -> None:
    """As a supervisor does: start it again when it has ended. The disk recovers after the first start that fails."""
    still_failing = plan.fault.lasting
    ended = False
    while True:
        either: set[asyncio.Future[Any]] = {work, hub.child.exited}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if not hub.child.exited.done():
            break
        status = await hub.exited()
        ended = True
        counts[f"ended with {status}"] += 1
        if status not in (EXIT_STORE_BROKEN, EXIT_CANNOT_START):
            raise Violation([f"the hub ended with {status}"])
        if status == EXIT_CANNOT_START and "the hub cannot start" not in hub.log.read_text():
            raise Violation(["the hub ended without a word to the operator"])
        await hub.start(Fault(plan.fault.call, plan.fault.effect, 1, lasting=True) if still_failing else None)
        still_failing = False
    if not ended:
        counts["lived through it"] += 1
