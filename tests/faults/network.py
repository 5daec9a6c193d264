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
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from hub.wire.close_codes import CloseCode
from tests.checker.history import ClockStepped
from tests.faults.campaign import Counts
from tests.faults.crowd import Crowd, Size
from tests.faults.hub_process import HubProcess
from tests.faults.kill import EAGER_CHECKPOINTS, SETTINGS
from tests.faults.nursery_client import Nursery
from tests.faults.patches import CLOCK_FILE
from tests.faults.proxy import Calm, Passage, Proxy, Way
from tests.faults.verdict import pronounce

HOUR = 3600

ACKNOWLEDGEMENTS = (
    "up answer to transaction.start",
    "up answer to transaction.cancel",
    "up transaction.complete",
    "down answer to transaction.complete",
    "down answer to transaction.submit",
    "down answer to transaction.cancel",
    "down answer to hello",
    "down response",
)
"""Somebody is told, for good, that something is so."""

OTHERS = (
    "up hello",
    "up request",
    "up transaction.submit",
    "up transaction.progress",
    "down transaction.start",
    "down transaction.cancel",
    "down transaction.updated",
    "down device.presence",
)

DEVICE_FRAMES = (
    "down transaction.start",
    "up answer to transaction.start",
    "up transaction.progress",
    "up transaction.complete",
    "down answer to transaction.complete",
)
REGISTER_FRAMES = ("down transaction.updated",)
FULL = "down refusal device_busy"


@dataclass(frozen=True)
class Fault:
    """Strikes at the `nth` message of those names."""

    how: str
    names: tuple[str, ...]
    nth: int
    after: bool = False
    """The message still gets through."""
    reset: bool = False
    """The connection ends with a reset, not in order."""
    seconds: float = 0.0


@dataclass(frozen=True)
class Plan:
    """What the seed says."""

    kind: str
    faults: tuple[Fault, ...]
    size: Size
    settings: dict[str, str] = field(default_factory=dict)
    patches: tuple[str, ...] = ()
    narrow: bool = False
    devices_off: bool = False
    """The devices are off until the queues are full."""

    @classmethod
    def of(cls, seed: int) -> Plan:
        chance = random.Random(f"network {seed}")
        kind = KINDS[seed % len(KINDS)]
        plan = _PLANS[kind](chance)
        if chance.random() < 0.2:
            plan = replace(plan, patches=(*plan.patches, EAGER_CHECKPOINTS))
        return plan


def _some(
    chance: random.Random,
    how: str,
    least: int,
    most: int,
    names: tuple[str, ...],
    seconds: tuple[float, float] = (0, 0),
) -> tuple[Fault, ...]:
    return tuple(
        Fault(
            how,
            (chance.choice(names),),
            nth=chance.randrange(1, 9),
            after=chance.random() < 0.5,
            reset=chance.random() < 0.5,
            seconds=chance.uniform(*seconds),
        )
        for _ in range(chance.randint(least, most))
    )


def _cut(chance: random.Random) -> Plan:
    return Plan("cut", _some(chance, "cut", 1, 5, ACKNOWLEDGEMENTS * 3 + OTHERS), Size())


def _hub_believes(chance: random.Random) -> Plan:
    """Half-open towards the hub: the client comes back on a second socket, and the first one speaks up late."""
    faults = _some(chance, "hub believes", 1, 4, ACKNOWLEDGEMENTS + OTHERS, (0.02, 1.5))
    return Plan("two sockets", faults, Size())


def _client_believes(chance: random.Random) -> Plan:
    faults = _some(chance, "client believes", 1, 3, ACKNOWLEDGEMENTS + OTHERS, (0.02, 1.5))
    return Plan("half-open", faults, Size())


def _delay(chance: random.Random) -> Plan:
    """Longer than the hub waits for an acknowledgement, some of them."""
    return Plan("delayed", _some(chance, "delay", 1, 4, ACKNOWLEDGEMENTS * 2 + OTHERS, (0.02, 2.5)), Size())


def _storm(chance: random.Random) -> Plan:
    size = Size(devices=5, registers=10, pos=2, payments=2, device_faults=0, moves=0.1)
    return Plan("storm", _some(chance, "storm", 2, 4, (*ACKNOWLEDGEMENTS[2:5], *OTHERS)), size)


def _slow(chance: random.Random) -> Plan:
    return slow_plan(_some(chance, "slow", 1, 3, REGISTER_FRAMES, (0.3, 4)), Size(pos=0, payments=14, waits=0.1))


def slow_plan(faults: tuple[Fault, ...], size: Size) -> Plan:
    settings = {"outbox_limit": "16", "log_level": "debug"}
    return Plan("slow reader", faults, size, settings, ("tests.faults.patches:narrow_pipes",), narrow=True)


def _clock(chance: random.Random) -> Plan:
    """Forwards or back, once or twice, in a running hub or under a restart."""
    faults = tuple(
        replace(fault, how=chance.choice(("clock", "clock and restart")), seconds=chance.choice((HOUR, -HOUR)))
        for fault in _some(chance, "clock", 1, 2, ACKNOWLEDGEMENTS)
    )
    # A register that moves while the clock is wrong has two devices "at a time" on paper.
    return Plan("clock", faults, Size(moves=0), patches=("tests.faults.patches:stepping_clock",))


def _full(chance: random.Random) -> Plan:
    fault = Fault(chance.choice(("restart", "kill")), (FULL,), nth=chance.randrange(1, 4))
    size = Size(pos=0, payments=10, waits=0, moves=0, device_faults=0)
    settings = {"queue_limit": str(chance.randint(2, 6))}
    return Plan("full queues", (fault,), size, settings, devices_off=True)


def _replaced(chance: random.Random) -> Plan:
    """At any moment of a payment; the second time the first hardware may come back. The operator looks after what is
    left behind."""
    faults = _some(chance, "replace", 1, 3, DEVICE_FRAMES)
    return Plan("replaced hardware", faults, Size(device_faults=0))


_PLANS: dict[str, Callable[[random.Random], Plan]] = {
    "cut": _cut,
    "two sockets": _hub_believes,
    "half-open": _client_believes,
    "delayed": _delay,
    "storm": _storm,
    "slow reader": _slow,
    "clock": _clock,
    "full queues": _full,
    "replaced hardware": _replaced,
}
KINDS = ("cut", *_PLANS)
"""By seed, in turn."""


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
    # A hub that was killed may leave half a line; a traceback in the log is looked for elsewhere.
    lines = [line for line in hub.log.read_text().splitlines() if line.startswith("{") and line.endswith("}")]
    closed = [line for line in map(json.loads, lines) if line["event"] == "closed"]
    counts["closed as slow consumers"] += sum(line["close_code"] == CloseCode.SLOW_CONSUMER for line in closed)
    return counts
