"""A crowd: devices and registers of one shop that pay without end of patience, whatever becomes of the hub.

Real clients: the SDK, the simulated device with its durable memory, and a POS over HTTP. Each asks again as real ones
do, so a workload goes on over any number of restarts and ends when every transaction has an outcome. All chance comes
from the seed. Responsible for working and settling; it judges nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import sqlite3
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from hub.clock import SystemClock
from hub.sdk import Backoff, CallError, ConnectionLost, RegisterClient, Stopped
from hub.sdk.dial import Dial, dial
from hub.simulator import AmountScript, SimulatedDevice
from hub.simulator.firmware import Moment
from hub.simulator.memory import Memory
from hub.wire.register import TransactionView
from tests.checker.history import MemoryHistory, Record, Settled
from tests.checker.stored import Stored
from tests.faults.operator import Operator
from tests.faults.pos_till import BUSINESS, VENDOR, PosTill
from tests.faults.witness import LEFT_OPEN, DeviceWitness, RegisterWitness, WitnessedMemory

ENDINGS = (0, 0, 0, 5, 8, 10, 17, 20, 51, 91)
"""Last two digits of the amounts: mostly approvals, some declines, tips, customers who walk away, hosts that fail."""


@dataclass(frozen=True)
class Size:
    """How many of each, and how much they do."""

    devices: int = 2
    registers: int = 2
    pos: int = 1
    payments: int = 5
    cancels: float = 0.15
    """Share of the payments that the register tries to cancel."""
    stages: bool = True
    """Whether devices tell their stages: more writes, slower."""
    device_faults: float = 0.3
    """Chance for a device to lose power once, refuse once, or say everything twice."""
    moves: float = 0.3
    """Chance for a register to pair with another device in the middle of its work."""
    waits: float = 0.5
    """Chance for a register to wait for an outcome before it submits the next payment."""


@dataclass(frozen=True)
class Case:
    """What the judge looks at."""

    records: tuple[Record, ...]
    stored: Stored


class Crowd:
    """`async with Crowd(…) as crowd:`, then `open`, `work`, `settle`."""

    def __init__(
        self,
        url: str,
        folder: Path,
        seed: int,
        size: Size = Size(),
        *,
        connect: Dial = dial,
        hub_url: str | None = None,
    ) -> None:
        """`hub_url`: where the operator finds the hub, if not where the others do."""
        self.clock = SystemClock()
        self.history = MemoryHistory()
        self.size = size
        self._random = random.Random(seed)
        self._url = url
        self._connect = connect
        self._watching: set[asyncio.Task[None]] = set()
        self._folder = folder
        self._drawer: dict[str, list[str]] = {}
        """Serials of hardware that was replaced, by device; it is not broken, and may come back."""
        self._memories: list[Memory] = []
        self._swapping = asyncio.Lock()
        self.operator = Operator(hub_url or url, self.history, self.clock, lambda: self._memories)
        self._witnesses: list[RegisterWitness | DeviceWitness] = []
        self.devices = [self._device(f"dev-{number}") for number in range(1, size.devices + 1)]
        self.registers = [self._register(f"till-{number}") for number in range(1, size.registers + 1)]
        self.tills = [
            PosTill(url, f"pos-{number}", self.history, self.clock, random.Random(self._random.random()))
            for number in range(1, size.pos + 1)
        ]

    async def __aenter__(self) -> Crowd:
        for device in self.devices:
            await device.power_on()
        for register in self.registers:
            register.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for watching in self._watching:
            watching.cancel()
        await asyncio.gather(*self._watching, return_exceptions=True)
        for register in self.registers:
            register.abort()
        for device in self.devices:
            await device.power_off()
        await asyncio.gather(
            *(register.stop() for register in self.registers),
            *(device.end() for device in self.devices),
            *(till.close() for till in self.tills),
        )
        for witness in self._witnesses:
            witness.forget()

    def _device(self, device_id: str) -> SimulatedDevice:
        witness = DeviceWitness(self.history, self.clock, device_id, device_id)
        memory = self._memory(f"SN-{device_id}", witness)
        self._witnesses.append(witness)
        chance = random.Random(self._random.random())
        return SimulatedDevice(
            self._url,
            device_id,
            memory=memory,
            enrol=True,
            script=AmountScript(pace_seconds=0, tells_stages=self.size.stages),
            backoff=_quick(chance),
            on_frame=witness.on_frame,
        )

    def _memory(self, serial: str, witness: DeviceWitness) -> WitnessedMemory:
        memory = WitnessedMemory(self._folder / f"{serial}.journal", serial=serial)
        memory.witness = witness
        witness.serial = memory.serial
        self._memories.append(memory)
        return memory

    async def replace(self, device: SimulatedDevice, *, by_new: bool) -> None:
        """Other hardware takes its place: new, or what lies in the drawer. From then on the operator is at work."""
        if not self._drawer:
            self._watching.add(asyncio.create_task(self.operator.work()))
        drawer = self._drawer.setdefault(device.device_id, [])
        async with self._swapping:
            if device.is_on:
                await device.power_off()
            old = device.memory
            assert isinstance(old, WitnessedMemory)
            serial = drawer.pop(0) if drawer and not by_new else f"SN-{device.device_id}-{len(self._memories)}"
            drawer.append(old.serial)
            old.witness.forget()
            await device.replace_hardware(self._memory(serial, old.witness))

    def _register(self, name: str) -> RegisterClient:
        triple = (name, BUSINESS, VENDOR)
        witness = RegisterWitness(self.history, self.clock, name, triple)
        self._witnesses.append(witness)
        return RegisterClient(
            self._url,
            register_id=name,
            business_name=BUSINESS,
            vendor_name=VENDOR,
            backoff=_quick(random.Random(self._random.random()))(),
            connect=self._connect,
            on_frame=witness.on_frame,
        )

    async def open(self) -> None:
        """Pair everybody; the hub must be up, or come up."""
        for turn, register in enumerate(self.registers):
            await pair(register, self.devices[turn % len(self.devices)])
        for turn, till in enumerate(self.tills):
            await till.pair(self.devices[turn % len(self.devices)])

    async def work(self) -> None:
        """Pay until everything that was to be paid has an outcome."""
        work: list[Coroutine[Any, Any, None]] = [self._till(register) for register in self.registers]
        work += [till.work(self.size.payments) for till in self.tills]
        for device in self.devices:
            if self._random.random() < self.size.device_faults:
                self._misbehave(device)
        async with asyncio.TaskGroup() as tasks:
            for each in work:
                tasks.create_task(each)

    async def _till(self, register: RegisterClient) -> None:
        chance = random.Random(self._random.random())
        async with asyncio.TaskGroup() as payments:
            for turn in range(self.size.payments):
                if turn == self.size.payments // 2 and chance.random() < self.size.moves:
                    await pair(register, chance.choice(self.devices))
                payment = payments.create_task(self._pay(register, random.Random(chance.random())))
                if chance.random() < self.size.waits:
                    await payment

    async def _pay(self, register: RegisterClient, chance: random.Random) -> TransactionView | None:
        amount = 100 * chance.randrange(1, 500) + chance.choice(ENDINGS)
        try:
            submitted = await register.submit("Card.Purchase", amount_total_cents=amount)
            transaction_id = submitted.transaction.transaction_id
            if chance.random() < self.size.cancels:
                await register.cancel(transaction_id)
        except CallError as error:
            # A register that has just moved, or a hub without a disk: the refusal is in the history.
            assert error.code in ("register_not_paired", "device_busy"), error
            return None
        return await register.wait_final(transaction_id, timeout_seconds=30)

    def _misbehave(self, device: SimulatedDevice) -> None:
        match self._random.randrange(3):
            case 0:
                device.refuse(1)
            case 1:
                device.answer_twice()
            case _:
                device.lose_power_at = self._random.choice(list(Moment))
                self._watching.add(asyncio.create_task(_switch_on_again(device)))

    async def settle(self, database: Path) -> Case:
        """Wait until the devices have told everything and the registers have seen every event; the case as it is then.

        The hub must be up. What comes later is no part of the case: the devices go, and the store knows it.
        """
        for device in self.devices:
            if not device.is_on:
                await device.power_on()
            await _in_touch(device)
            device.answer_twice(False)
            await device.seen.until(lambda device=device: not device.memory.unrecorded())  # type: ignore[misc]
        for register in self.registers:
            await register.pairing_status()
            await self._caught_up(register, database)
        self.history.add(Settled(at=self.clock.now_ms(), who="harness"))
        return Case(tuple(self.history.records), Stored.read(database))

    async def _caught_up(self, register: RegisterClient, database: Path) -> None:
        with register.subscribe() as events:
            while (register.last_event or 0) < last_event(database, str(register.register_id)):
                await anext(events)


async def pair(register: RegisterClient, device: SimulatedDevice) -> None:
    """Show a code and type it in, again and again until the register is paired with the device."""
    while True:
        try:
            await device.seen.until(lambda: device.is_on)
            await asyncio.gather(register.ready(), device.ready())
            await register.redeem(await device.open_pairing(), register_name=str(register.register_id))
            return
        except CallError as error:
            assert error.code in LEFT_OPEN | {"pairing_code_invalid"}, error
        except (ConnectionLost, Stopped):
            # Nobody knows what became of it; the device may have lost its power.
            pass
        paired = (await register.pairing_status()).device
        if paired is not None and paired.device_id == device.device_id:
            return


async def _in_touch(device: SimulatedDevice) -> None:
    """Wait until the hub answers: the device may believe in a connection that has ended."""
    while True:
        await device.seen.until(lambda: device.is_on)
        with contextlib.suppress(ConnectionLost, Stopped):
            await device.ready()
            await device.pairings()
            return


async def _switch_on_again(device: SimulatedDevice) -> None:
    await device.powered_off()
    await device.power_on()


def _quick(chance: random.Random) -> Callable[[], Backoff]:
    return lambda: Backoff(base_seconds=0.005, cap_seconds=0.05, uniform=chance.uniform)


def last_event(database: Path, register_id: str) -> int:
    """The number of the register's last event in the store."""
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        row = connection.execute(
            "SELECT max(number) FROM register_events JOIN registers USING (register_key) WHERE register_id = ?",
            (register_id,),
        ).fetchone()
    connection.close()
    return row[0] or 0
