"""All devices and registers of a run, and the times of every payment between them."""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from tests.bench.fleet import Device, Register, name_of
from tests.bench.http import Http
from tests.bench.orders import ADMIN_TOKEN, Orders
from tests.bench.socket import Socket, greet

T = TypeVar("T")

_ID = re.compile(rb'"transactionId": ?"([0-9a-f-]{36})"')
CONNECTING_AT_ONCE = 256


@dataclass(slots=True)
class Clocked:
    """The times of one payment, in seconds of the generator's clock."""

    submitted: float
    started: float | None = None
    finished: float | None = None


async def each(things: Iterable[T], work: Callable[[T], Awaitable[object]], at_once: int) -> None:
    """Do the work for each, so many at a time."""
    rest = iter(things)

    async def worker() -> None:
        for thing in rest:
            await work(thing)

    await asyncio.gather(*(worker() for _ in range(at_once)))


class Shop:
    """One register a device: a register has one device, so as many tills as terminals can be busy at once."""

    def __init__(self, orders: Orders) -> None:
        self.orders = orders
        self.clocked: dict[str, Clocked] = {}
        self.errors: Counter[str] = Counter()
        self.acknowledged: list[str] = []
        self._early_starts: dict[str, float] = {}
        self._early_ends: dict[str, float] = {}
        self._waiting: dict[str, asyncio.Future[None]] = {}
        self.devices = [Device(orders, name_of(i), self._started) for i in range(orders.devices)]
        self.registers = [Register(orders, name_of(i), self._finished) for i in range(orders.registers)]
        self.dashboard_frames = 0
        self.finished = 0

    async def open(self) -> None:
        """Connect and, unless the store was filled, enrol and pair everyone."""
        if self.orders.credential is not None:
            await each(self.devices, Device.connect, CONNECTING_AT_ONCE)
            await each(self.registers, Register.connect, CONNECTING_AT_ONCE)
        else:
            http = await Http.open(self.orders.url)
            for device, register in zip(self.devices, self.registers, strict=True):
                await device.connect()
                await register.pair(http, await device.code())
                await register.connect()
            http.close()
        for _ in range(self.orders.dashboards):
            hello = {"admin_token": ADMIN_TOKEN}
            dashboard, _ = await greet(self.orders.url, "dashboard", self.orders.wire, hello, self._on_dashboard)
            dashboard.send(b'{"jsonrpc":"2.0","id":1,"method":"watch","params":{}}')
        random.Random(self.orders.seed).shuffle(self.registers)

    async def close(self) -> None:
        """Look after what may be left over, and count it as errors; connections end with the process."""

    def _on_dashboard(self, _socket: Socket, _frame: bytes) -> None:
        self.dashboard_frames += 1

    def _started(self, transaction_id: str, at: float) -> None:
        clocked = self.clocked.get(transaction_id)
        if clocked is None:
            self._early_starts[transaction_id] = at
        else:
            clocked.started = at

    def _finished(self, transaction_id: str, at: float) -> None:
        self.finished += 1
        clocked = self.clocked.get(transaction_id)
        if clocked is None:
            self._early_ends[transaction_id] = at
            return
        clocked.finished = at
        waiting = self._waiting.pop(transaction_id, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(None)

    async def submit(self, register: Register, http: Http | None) -> str | None:
        """Submit one payment, over HTTP or the register's socket; None and a count of the error if it is refused."""
        submitted = time.perf_counter()
        try:
            if http is None:
                transaction_id = await register.submit()
            else:
                status, body = await http.ask(register.purchase)
                found = _ID.search(body)
                if status != 200 or found is None:
                    self.errors[f"{status} {body[:100]!r}"] += 1
                    return None
                transaction_id = found[1].decode()
        except (RuntimeError, ConnectionError) as error:
            self.errors[f"{error!r:.100}"] += 1
            await asyncio.sleep(0.01)
            return None
        self.acknowledged.append(transaction_id)
        clocked = self.clocked[transaction_id] = Clocked(submitted)
        clocked.started = self._early_starts.pop(transaction_id, None)
        clocked.finished = self._early_ends.pop(transaction_id, None)
        return transaction_id

    async def pay(self, register: Register, http: Http | None) -> None:
        """Submit one payment and wait until the register knows its outcome."""
        transaction_id = await self.submit(register, http)
        if transaction_id is not None:
            await self.until_finished(transaction_id)

    async def until_finished(self, transaction_id: str) -> None:
        """Wait until the register knows the outcome of an acknowledged payment."""
        if self.clocked[transaction_id].finished is None:
            waiting = self._waiting[transaction_id] = asyncio.get_running_loop().create_future()
            await waiting
