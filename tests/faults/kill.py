"""SIGKILL of the hub at its Nth write, Nth sync or Nth answer; then it starts again on the same data and is judged.

scripts/torture kill --seed 7 --cycles 1
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.faults.campaign import Counts
from tests.faults.crowd import Crowd, Size
from tests.faults.hub_process import HubProcess
from tests.faults.nursery_client import Nursery
from tests.faults.tracer import TELLING, Fault
from tests.faults.verdict import pronounce

SETTINGS = {
    "polls_per_second": "1000",
    "pairing_attempts_per_minute": "1000",
    "pairing_attempts_per_source": "1000",
    "busy_retry_seconds": "0.05",
    "acknowledge_timeout_seconds": "1",
}
"""Shorter pauses, so that a run is short."""

EAGER_CHECKPOINTS = "tests.faults.patches:eager_checkpoints"


@dataclass(frozen=True)
class Plan:
    """What the seed says."""

    fault: Fault
    at_start: bool
    """The fault counts from the start of a hub on used data, not from the beginning of the work."""
    again: Fault | None
    """The restart is killed too, early: while it recovers."""
    patches: tuple[str, ...]
    size: Size
    stops: bool
    """At the end the hub is stopped in order, rather than killed once more."""

    @classmethod
    def of(cls, seed: int) -> Plan:
        chance = random.Random(f"kill {seed}")
        at_start = chance.random() < 0.2
        large = not at_start and chance.random() < 0.1
        again = None
        if chance.random() < 0.25:
            again = Fault(chance.choice(("pwrite64", "fdatasync")), "signal=SIGKILL", chance.randrange(1, 12))
        return cls(
            fault=_fault(chance, at_start=at_start, large=large),
            at_start=at_start,
            again=again,
            patches=(EAGER_CHECKPOINTS,) if chance.random() < 0.4 else (),
            size=Size(payments=16 if large else 5),
            stops=chance.random() < 0.25,
        )


def _fault(chance: random.Random, *, at_start: bool, large: bool) -> Fault:
    call, most = chance.choice((("pwrite64", 800), ("pwrite64", 800), ("fdatasync", 45), (TELLING, 120)))
    if at_start:
        most = {"pwrite64": 60, "fdatasync": 8}.get(call, 20)
    elif large:
        most *= 3
    return Fault(call, "signal=SIGKILL", chance.randrange(1, most + 1))


async def run(nursery: Nursery, folder: Path, seed: int) -> Counts:
    plan = Plan.of(seed)
    counts: Counts = Counter()
    hub = HubProcess(nursery, folder, patches=plan.patches, **SETTINGS)
    await hub.start()
    async with Crowd(hub.url, folder, seed, plan.size) as crowd:
        await crowd.open()
        if plan.at_start:
            await hub.kill()
            await hub.start(plan.fault)
        else:
            await hub.inject(plan.fault)
        await through(hub, crowd, counts, plan.fault, plan.again)
        case = await crowd.settle(hub.database)
        crowd.history.save(folder / "history.jsonl")
    await (hub.stop() if plan.stops else hub.kill())
    pronounce(case, hub.database, hub.log)
    counts["transactions"] += crowd.size.payments * (crowd.size.registers + crowd.size.pos)
    return counts


async def through(hub: HubProcess, crowd: Crowd, counts: Counts, fault: Fault, again: Fault | None = None) -> None:
    """Let the crowd work until it is done, and start the hub again whenever the fault has killed it."""
    work = asyncio.create_task(crowd.work())
    try:
        if await _killed(hub, work):
            counts[f"killed at {fault.call.partition(',')[0]}"] += 1
            await hub.start(again)
            if again is not None and await _killed(hub, work):
                counts["killed again while recovering"] += 1
                await hub.start()
        else:
            counts["finished before N"] += 1
            await hub.heal()
        await work
    finally:
        work.cancel()


async def _killed(hub: HubProcess, work: asyncio.Task[None]) -> bool:
    """Wait until the fault has struck, or the work is done without it."""
    either: set[asyncio.Future[Any]] = {work, hub.child.exited}
    await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
    if not hub.child.exited.done():
        return False
    await hub.exited()
    return True
