"""The load generator, a process of its own: `python -m tests.bench.load` with its orders as JSON on standard input."""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from dataclasses import dataclass, field

import uvloop

from tests.bench.fleet import Device, Http, Register

_ID = re.compile(rb'"transactionId":"([0-9a-f-]{36})"')


@dataclass
class Orders:
    """What to do. `door`: `pos` or `socket`; `rate` 0 keeps `in_flight` going, else it is paced at so many a second."""

    url: str
    devices: int
    registers: int
    in_flight: int
    seconds: float
    door: str = "pos"
    rate: float = 0
    warm_up_seconds: float = 1


@dataclass
class Clocked:
    """The times of one transaction, in seconds of the generator's clock."""

    submitted: float
    started: float | None = None
    finished: float | None = None


@dataclass
class Fleet:
    orders: Orders
    clocked: dict[str, Clocked] = field(default_factory=dict)
    early_starts: dict[str, float] = field(default_factory=dict)
    early_ends: dict[str, float] = field(default_factory=dict)
    waiting: dict[str, asyncio.Future[None]] = field(default_factory=dict)

    async def set_up(self) -> None:
        """Enrol, connect and pair; each register in turn with devices of its own, all devices with some register."""
        orders = self.orders
        self.devices = [Device(orders.url, f"bench-{i}", self._started) for i in range(orders.devices)]
        for device in self.devices:
            await device.connect()
        # As many virtual registers as devices: each reaches one; they share `registers` sockets' worth of tills.
        self.registers = [Register(orders.url, f"bench-{i}", self._finished) for i in range(orders.devices)]
        http = await Http.open(orders.url)
        for device, register in zip(self.devices, self.registers, strict=True):
            await register.pair(http, await device.code())
            await register.connect()
        http.close()

    def _started(self, transaction_id: str, at: float) -> None:
        clocked = self.clocked.get(transaction_id)
        if clocked is None:
            self.early_starts[transaction_id] = at
        else:
            clocked.started = at

    def _finished(self, transaction_id: str, at: float) -> None:
        clocked = self.clocked.get(transaction_id)
        if clocked is None:
            self.early_ends[transaction_id] = at
            return
        clocked.finished = at
        waiting = self.waiting.pop(transaction_id, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(None)

    async def _until_finished(self, transaction_id: str, submitted: float) -> None:
        clocked = self.clocked[transaction_id] = Clocked(submitted)
        clocked.started = self.early_starts.pop(transaction_id, None)
        clocked.finished = self.early_ends.pop(transaction_id, None)
        if clocked.finished is None:
            self.waiting[transaction_id] = asyncio.get_running_loop().create_future()
            await self.waiting[transaction_id]

    async def pay(self, register: Register, http: Http | None) -> None:
        submitted = time.perf_counter()
        if http is None:
            transaction_id = await register.submit()
        else:
            status, body = await http.ask(register.purchase)
            if status != 200:
                raise RuntimeError(f"{status} {body!r}")
            transaction_id = _ID.search(body)[1].decode()  # type: ignore[index]
        await self._until_finished(transaction_id, submitted)

    async def keep_going(self, until: float) -> None:
        """`in_flight` workers, each paying at one register after the other."""
        turn = iter(range(10**9))

        async def worker() -> None:
            http = await Http.open(self.orders.url) if self.orders.door == "pos" else None
            while time.perf_counter() < until:
                await self.pay(self.registers[next(turn) % len(self.registers)], http)

        await asyncio.gather(*(worker() for _ in range(self.orders.in_flight)))

    async def paced(self, until: float) -> None:
        """One payment every 1/rate seconds, whether the last one is done or not."""
        free: list[Http] = []
        tasks: set[asyncio.Task[None]] = set()
        begin = time.perf_counter()
        count = 0

        async def one(register: Register) -> None:
            http = None
            if self.orders.door == "pos":
                http = free.pop() if free else await Http.open(self.orders.url)
            await self.pay(register, http)
            if http is not None:
                free.append(http)

        while (now := time.perf_counter()) < until:
            while begin + count / self.orders.rate <= now:
                tasks.add(task := asyncio.create_task(one(self.registers[count % len(self.registers)])))
                task.add_done_callback(tasks.discard)
                count += 1
            await asyncio.sleep(max(0.0, begin + count / self.orders.rate - time.perf_counter()))
        await asyncio.gather(*tasks)


async def run(orders: Orders) -> dict[str, object]:
    fleet = Fleet(orders)
    await fleet.set_up()
    began = time.perf_counter()
    measured_from = began + orders.warm_up_seconds
    until = measured_from + orders.seconds
    await (fleet.paced(until) if orders.rate else fleet.keep_going(until))
    done = [c for c in fleet.clocked.values() if c.finished is not None and measured_from <= c.finished <= until]
    own_cpu = time.process_time()
    return {
        "finished": len(done),
        "per_second": len(done) / orders.seconds,
        "to_device_ms": _percentiles([c.started - c.submitted for c in done if c.started is not None]),
        "to_register_ms": _percentiles(
            [c.finished - c.started for c in done if c.started is not None and c.finished is not None]
        ),
        "whole_ms": _percentiles([c.finished - c.submitted for c in done if c.finished is not None]),
        "generator_cpu": own_cpu / (time.perf_counter() - began),
    }


def _percentiles(seconds: list[float]) -> dict[str, float]:
    ordered = sorted(seconds)
    if not ordered:
        return {}
    pick = {"p50": 0.5, "p99": 0.99, "p99.9": 0.999}
    return {name: ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000 for name, share in pick.items()}


if __name__ == "__main__":
    print(json.dumps(uvloop.run(run(Orders(**json.load(sys.stdin))))))
