"""Replayed power cuts: a hub's writes and syncs are recorded; then the disk is rebuilt as a power cut may leave it.

Each state is opened, checked, and held against everything that the hub had told anybody before the cut. A run is one
recording and many states.

    scripts/torture power_cut --seed 7 --cycles 1
    python -m tests.faults.power_cut --seed 7 FOLDER    the very recording that a violation has kept
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import shutil
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hub.app import running_edge
from hub.settings import Settings
from tests.faults.campaign import Counts, Violation
from tests.faults.claims import Claim, Listener, Store
from tests.faults.crowd import Crowd, Size
from tests.faults.disk_model import Disk, cut_points, lay_out
from tests.faults.disk_record import TRACE, Operation, Told, read
from tests.faults.hub_process import HubProcess
from tests.faults.kill import EAGER_CHECKPOINTS, SETTINGS
from tests.faults.nursery_client import Nursery

STATES = 150
"""Of one recording."""

STARTED_EVERY = 20
"""One state in so many is not only opened, but given to the hub to start from."""


@dataclass(frozen=True)
class Plan:
    """What the seed says."""

    lives: int
    """How often the hub runs on the data: the first time it makes them, later it recovers them."""
    stops: bool
    """The last life is ended in order, with a last checkpoint; the others are killed."""
    patches: tuple[str, ...]
    size: Size

    @classmethod
    def of(cls, seed: int) -> Plan:
        chance = random.Random(f"power cut {seed}")
        return cls(
            lives=chance.choice((1, 1, 2)),
            stops=chance.random() < 0.5,
            patches=(EAGER_CHECKPOINTS,) if chance.random() < 0.5 else (),
            size=Size(payments=chance.choice((3, 5, 12))),
        )


async def record(
    nursery: Nursery, folder: Path, seed: int, plan: Plan, *, patches: Sequence[str] = ()
) -> list[Operation]:
    """Let a crowd work at a traced hub; what the disk and the sockets saw."""
    hub = HubProcess(nursery, folder, patches=[*plan.patches, *patches], **SETTINGS)
    for life in range(1, plan.lives + 1):
        await hub.start(trace=TRACE, output=folder / f"life-{life}.trace")
        async with Crowd(hub.url, folder, seed, plan.size) as crowd:
            await crowd.open()
            await crowd.work()
            await crowd.settle(hub.database)
        await (hub.stop() if plan.stops and life == plan.lives else hub.kill())
    return recorded(folder)


def recorded(folder: Path) -> list[Operation]:
    """The operations of a recording that was made in `folder`, here or, kept as it was, elsewhere."""
    made_in = (folder / "made-in").read_text()
    return read(sorted(folder.glob("life-*.trace")), Path(made_in))


async def replay(operations: Sequence[Operation], seed: int, states: int, folder: Path) -> list[str]:
    """Cut the power at `states` points; what was broken, one line a state."""
    problems = []
    points = Counter(cut_points(operations, states, random.Random(f"cuts {seed}")))
    disk, listener, claims = Disk(), Listener(), list[Claim]()
    state = 0
    for number, operation in enumerate(operations, start=1):
        disk.take(operation)
        if isinstance(operation, Told):
            claims += listener.hear(operation.socket, operation.content)
        for _ in range(points[number]):
            state += 1
            lay_out(disk.cut(random.Random(f"cut {seed} {state}")), folder)
            problem = _look(folder, claims)
            if problem is None and state % STARTED_EVERY == 0:
                problem = await _start(folder, claims)
            if problem is not None:
                problems.append(f"state {state}, after operation {number} of {len(operations)}: {problem}")
            shutil.rmtree(folder)
    assert claims, "the hub told nothing: nothing was proved"
    return problems


def _look(folder: Path, claims: Sequence[Claim]) -> str | None:
    with contextlib.closing(sqlite3.connect(folder / "hub.db")) as connection:
        try:
            said = connection.execute("PRAGMA integrity_check").fetchone()[0]
            if said != "ok":
                return f"corrupt: {said}"
            store = Store(connection)
        except sqlite3.DatabaseError as error:
            # Before the first migration was durable there are no tables, and nothing may have been told either.
            return None if not claims and "no such table" in str(error) else f"unreadable: {error}"
    lost = [claim for claim in claims if not store.bears_out(claim)]
    return f"lost {len(lost)} of {len(claims)} claims, such as {lost[0]}" if lost else None


async def _start(folder: Path, claims: Sequence[Claim]) -> str | None:
    settings = Settings(data_dir=folder, port=0)
    async with running_edge(settings):
        pass
    problem = _look(folder, claims)
    return None if problem is None else f"after a start of the hub: {problem}"


async def run(nursery: Nursery, folder: Path, seed: int, *, states: int = STATES) -> Counts:
    (folder / "made-in").write_text(str(folder / "data"))
    operations = await record(nursery, folder, seed, Plan.of(seed))
    problems = await replay(operations, seed, states, folder / "cut")
    if problems:
        raise Violation(problems[:5])
    return Counter({"states": states, "operations recorded": len(operations)})


async def _look_again(seed: int, recording: Path) -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        return await replay(recorded(recording), seed, STATES, Path(folder) / "cut")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("recording", type=Path)
    given = parser.parse_args()
    for problem in asyncio.run(_look_again(given.seed, given.recording)):
        print(problem)
