"""Network faults: connections cut before and after each acknowledgement, half-open, reset and delayed; two sockets of
one device, storms of reconnects, slow readers, a clock that steps by an hour, a restart with full queues, and a device
whose hardware is replaced.

A proxy that knows one message from the next does it to a hub of its own, and the judge looks at what came of it. A
delay is a fault here; nothing waits for one to be over.

    scripts/torture network --seed 7 --cycles 1
"""

from __future__ import annotations

import asyncio
import itertools
import json
import math
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

from hub.wire.close_codes import CloseCode
from tests.checker.history import ClockStepped
from tests.faults.campaign import Counts
from tests.faults.crowd import Crowd
from tests.faults.hub_process import HubProcess
from tests.faults.kill import SETTINGS
from tests.faults.network_plan import Fault, Plan
from tests.faults.nursery_client import Nursery
from tests.faults.patches import CLOCK_FILE
from tests.faults.proxy import Calm, Passage, Proxy, Way
from tests.faults.verdict import pronounce

LOOK_SECONDS = 0.05
"""Between two looks at the hub's log."""


class Mischance:
    """Carries out a plan, fault after fault; the proxy asks it about every message."""

    def __init__(self, hub: HubProcess, proxy: Proxy, crowd: Crowd, plan: Plan, counts: Counts) -> None:
        self._hub = hub
        self._proxy = proxy
        self._crowd = crowd
        self._ahead = [(fault, itertools.count(1)) for fault in plan.faults]
        """With the number of its messages that have been seen."""
        self._counts = counts
        self._due: list[tuple[Passage, Fault]] = []
        self._later: set[asyncio.Task[None]] = set()
        self._strikes: dict[str, Callable[[Fault, Passage], Awaitable[bool]]] = {
            "cut": self._cut,
            "storm": self._storm,
            "hub believes": self._hub_believes,
            "client believes": self._client_believes,
            "delay": self._delay,
            "slow": self._slow,
            "clock": self._clock,
            "clock and restart": self._clock,
            "replace": self._replace,
            "restart": self._restart,
            "kill": self._restart,
        }

    async def __call__(self, passage: Passage) -> bool:
        mine = [(fault, seen) for fault, seen in self._ahead if passage.name in fault.names]
        now = [fault for fault, seen in mine if next(seen) == fault.nth]
        self._counts.update(f"struck: {fault.how}" for fault in now)
        self._due += [(passage, fault) for fault in now if fault.after]
        through = [await self._strikes[fault.how](fault, passage) for fault in now if not fault.after]
        return all(through)

    async def passed(self, passage: Passage) -> None:
        for due in [due for due in self._due if due[0] is passage]:
            self._due.remove(due)
            await self._strikes[due[1].how](due[1], passage)

    async def over(self) -> None:
        """Wait until nothing is on its way any more that a fault holds back."""
        while self._later:
            await asyncio.gather(*self._later)

    def give_up(self) -> None:
        for task in self._later:
            task.cancel()

    def _do(self, doing: Awaitable[None]) -> None:
        async def do() -> None:
            await doing

        task = asyncio.create_task(do())
        self._later.add(task)
        task.add_done_callback(self._later.discard)

    # What can befall; the answer is whether the message gets through.

    async def _cut(self, fault: Fault, passage: Passage) -> bool:
        passage.wire.cut(reset=fault.reset)
        return False

    async def _storm(self, fault: Fault, passage: Passage) -> bool:
        for wire in tuple(self._proxy.wires):
            wire.cut(reset=fault.reset)
        return False

    async def _hub_believes(self, fault: Fault, passage: Passage) -> bool:
        """What was on its way to the hub arrives late, from a client that is long back on another socket."""

        async def late() -> None:
            await asyncio.sleep(fault.seconds)
            if passage.way is Way.UP and not fault.after and not passage.wire.hub.gone:
                await passage.wire.hub.write(passage.content)
            passage.wire.hub.end(reset=fault.reset)

        passage.wire.client.end(reset=True)
        self._do(late())
        return False

    async def _client_believes(self, fault: Fault, passage: Passage) -> bool:
        async def late() -> None:
            await asyncio.sleep(fault.seconds)
            passage.wire.client.end(reset=fault.reset)

        passage.wire.hub.end(reset=fault.reset)
        self._do(late())
        return False

    async def _delay(self, fault: Fault, passage: Passage) -> bool:
        await asyncio.sleep(fault.seconds)
        return True

    async def _slow(self, fault: Fault, passage: Passage) -> bool:
        async def late() -> None:
            if fault.seconds == math.inf:
                while not slow_consumers(self._hub):  # noqa: ASYNC110 - the hub is another process
                    await asyncio.sleep(LOOK_SECONDS)
            else:
                await asyncio.sleep(fault.seconds)
            passage.wire.reads_down.set()

        passage.wire.reads_down.clear()
        self._do(late())
        return True

    async def _clock(self, fault: Fault, passage: Passage) -> bool:
        seconds = round(fault.seconds)
        step_clock(self._hub, seconds)
        self._crowd.history.add(ClockStepped(at=self._crowd.clock.now_ms(), who="harness", seconds=seconds))
        if fault.how == "clock and restart":
            self._do(self._anew(kill=fault.reset))
        return True

    async def _restart(self, fault: Fault, passage: Passage) -> bool:
        self._do(self._anew(kill=fault.how == "kill"))
        return True

    async def _replace(self, fault: Fault, passage: Passage) -> bool:
        """The one that the message is from or for; the message gets through only if it already has."""
        device = next(each for each in self._crowd.devices if each.device_id == passage.wire.label)
        self._do(self._crowd.replace(device, by_new=fault.reset))
        return False

    async def _anew(self, *, kill: bool) -> None:
        await (self._hub.kill() if kill else self._hub.stop())
        await self._hub.start()
        for device in self._crowd.devices:
            if not device.is_on:
                await device.power_on()


def step_clock(hub: HubProcess, seconds: int) -> None:
    """Make the machine's clock, as that hub sees it, wrong by so much more. The first time with 0, before it starts."""
    file = hub.log.with_name("clock")
    before = int(file.read_text()) if file.exists() else 0
    changed = file.with_name("clock.new")
    changed.write_text(str(before + seconds))
    changed.rename(file)
    hub.environment[CLOCK_FILE] = str(file)


async def run(nursery: Nursery, folder: Path, seed: int) -> Counts:
    return await play(nursery, folder, seed, Plan.of(seed))


async def play(nursery: Nursery, folder: Path, seed: int, plan: Plan) -> Counts:
    counts: Counts = Counter({f"runs: {plan.kind}": 1})
    hub = HubProcess(nursery, folder, patches=plan.patches, **SETTINGS, **plan.settings)
    step_clock(hub, 0)
    await hub.start()
    async with (
        Proxy(hub.port, narrow=plan.narrow) as proxy,
        Crowd(proxy.url, folder, seed, plan.size, hub_url=hub.url) as crowd,
    ):
        await crowd.open()
        mischance = Mischance(hub, proxy, crowd, plan, counts)
        try:
            if plan.devices_off:
                for device in crowd.devices:
                    await device.power_off()
            proxy.interference = mischance
            await crowd.work()
            proxy.interference = Calm()
            await mischance.over()
            case = await crowd.settle(hub.database)
        finally:
            mischance.give_up()
            crowd.history.save(folder / "history.jsonl")
    await hub.kill()
    pronounce(case, hub.database, hub.log)
    counts["resolved by the operator"] += crowd.operator.resolved
    counts["transactions"] += len(case.stored.transactions)
    counts["closed as slow consumers"] += slow_consumers(hub)
    return counts


def slow_consumers(hub: HubProcess) -> int:
    """How many connections it has closed as such, says its log; at level debug."""
    # The last line may be on its way, and a hub that was killed leaves half a one; tracebacks are looked for elsewhere.
    whole = hub.log.read_text(errors="replace").rpartition("\n")[0]
    lines = [line for line in whole.splitlines() if line.startswith("{") and line.endswith("}")]
    closed = [line for line in map(json.loads, lines) if line["event"] == "closed"]
    return sum(line["close_code"] == CloseCode.SLOW_CONSUMER for line in closed)
