"""What the commands and the store cost: real commands through the real engine and SQLite store, without any socket.

    python -m tests.bench.commands [--transactions N] [--in-flight N] [--accept] [--stored N] [--statements]

The figures are CPU time, not wall time, so they mean something on a busy machine too; `yardstick_us` tells how fast the
machine was. `store_us` is the CPU of the store's own thread: the commands, the machines, SQLite and the commits
at synchronous=FULL. `loop_us` is that of the event loop's thread: engine, futures and batches, and this driver itself.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import gc
import json
import pstats
import resource
import sqlite3
import tempfile
import time
from collections import Counter, deque
from pathlib import Path
from typing import Any

import uvloop

from hub.bus.local import LocalBus
from hub.bus.signal import DeviceFrame, Signal, device_topic
from hub.clock import SystemClock
from hub.commands import device, pairing, pairing_code, report, transaction
from hub.commands.identity import Identity
from hub.commands.transaction import Order
from hub.engine import Engine
from hub.entropy import Entropy
from hub.settings import Settings
from hub.store.records import Request
from hub.store.sqlite import SqliteStore, open_sqlite
from hub.wire.device import Hello, Result, StartAnswer
from hub.wire.function import Function
from hub.wire.register import Redeem
from statemachines.transaction import Outcome
from tests.bench.archive import fill

RESULT: dict[str, Any] = {
    "amount_total_cents": 500,
    "auth_id": "PIN147",
    "acquirer_ref": "000013",
    "terminal_ref": "79707014",
    "card_pan": "....0138",
    "card_type": "VISA",
    "account_type": "CREDIT",
    "timestamp": "20260101120000",
    "receipt": "APPROVED",
}
"""What a device of `tests.bench.fleet` reports."""


class Shop:
    """Devices, each with a register, and the commands that one payment after the other comes to."""

    def __init__(self, engine: Engine, *, accept: bool) -> None:
        self._engine = engine
        self._accept = accept
        self._starts: deque[DeviceFrame] = deque()
        self._pumping: set[asyncio.Task[None]] = set()
        self._ended: dict[str, asyncio.Future[None]] = {}
        self.registers: list[Identity] = []

    async def set_up(self, devices: int) -> None:
        for number in range(devices):
            hello = Hello(device_id=f"bench-{number}", serial=f"SN-{number}", enrol=True)
            connected = await self._engine.execute(device.connect, hello)
            shown = await self._engine.execute(pairing_code.start, connected.device_id, connected.epoch)
            register = Identity(f"bench-{number}", "Bench", "Bench")
            redeem = Redeem(code=shown.code, register_name=f"bench-{number}")
            await self._engine.execute(pairing.redeem, register, redeem)
            self._engine.bus.subscribe(device_topic(connected.device_id), self._on_frame)
            self.registers.append(register)

    def _on_frame(self, signal: Signal) -> None:
        if isinstance(signal, DeviceFrame) and b'"transaction.start"' in signal.frame:
            task = asyncio.create_task(self._work(signal))
            self._pumping.add(task)
            task.add_done_callback(self._pumping.discard)

    async def _work(self, start: DeviceFrame) -> None:
        about = json.loads(start.frame)["id"].partition(":")[2]
        transaction_id = about.partition(":")[0]
        result = Result(transaction_id=transaction_id, outcome=Outcome.APPROVED, **RESULT)
        if self._accept:
            await self._engine.execute(
                report.answered, start.device_id, start.epoch, about, StartAnswer(state="accepted")
            )
            await self._engine.execute(report.complete, start.device_id, start.epoch, result)
        else:
            answer = StartAnswer(state="completed", result=result)
            await self._engine.execute(report.answered, start.device_id, start.epoch, about, answer)
        self._end_of(transaction_id).set_result(None)

    def _end_of(self, transaction_id: str) -> asyncio.Future[None]:
        if transaction_id not in self._ended:
            self._ended[transaction_id] = asyncio.get_running_loop().create_future()
        return self._ended[transaction_id]

    async def _pay(self, register: Identity) -> None:
        request = Request(function=Function.CARD_PURCHASE, amount_total_cents=500)
        submitted = await self._engine.execute(transaction.submit, Order(register, request))
        transaction_id = submitted.transaction.transaction_id
        await self._end_of(transaction_id)
        del self._ended[transaction_id]

    async def pay(self, transactions: int, *, in_flight: int) -> None:
        turn = iter(range(transactions))

        async def worker() -> None:
            for number in turn:
                await self._pay(self.registers[number % len(self.registers)])

        await asyncio.gather(*(worker() for _ in range(in_flight)))


class Counted:
    """The writing connection, counting what is executed on it."""

    def __init__(self, connection: sqlite3.Connection, counts: Counter[str]) -> None:
        self._connection = connection
        self._counts = counts

    def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
        self._counts[" ".join(sql.split())[:110]] += 1
        return self._connection.execute(sql, *parameters)

    @property
    def in_transaction(self) -> bool:
        return self._connection.in_transaction

    @property
    def total_changes(self) -> int:
        return self._connection.total_changes


def _thread_seconds() -> tuple[float, float]:
    """CPU of the calling thread, in user mode and in the system's."""
    usage = resource.getrusage(resource.RUSAGE_THREAD)
    return usage.ru_utime, usage.ru_stime


async def _clocks(store: SqliteStore) -> tuple[float, ...]:
    return (time.perf_counter(), time.thread_time(), *(await store._writer.run(lambda _connection: _thread_seconds())))


def _yardstick() -> float:
    """Microseconds of CPU that a fixed piece of Python takes just now: other programs slow a shared core down."""
    begin = time.thread_time()
    total = 0
    for number in range(200_000):
        total += number & 7
    return (time.thread_time() - begin) * 1e6


async def _measure(shop: Shop, store: SqliteStore, transactions: int, in_flight: int) -> dict[str, float]:
    yardstick = _yardstick()
    before = await _clocks(store)
    await shop.pay(transactions, in_flight=in_flight)
    after = await _clocks(store)
    yardstick = (yardstick + _yardstick()) / 2
    wall, loop, user, system = ((end - begin) for begin, end in zip(before, after, strict=True))
    return {
        "store_us": round((user + system) / transactions * 1e6, 1),
        "of_it_system_us": round(system / transactions * 1e6, 1),
        "loop_us": round(loop / transactions * 1e6, 1),
        "per_second": round(transactions / wall),
        "yardstick_us": round(yardstick),
    }


async def run(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    settings = Settings(data_dir=folder, development=True)
    clock, entropy = SystemClock(), Entropy()
    store = await open_sqlite(folder / "hub.db", clock=clock, settings=settings, entropy=entropy)
    engine = Engine(store, LocalBus(), clock=clock, settings=settings, entropy=entropy, signing_key="bench")
    await engine.start()
    shop = Shop(engine, accept=options.accept)
    await shop.set_up(options.devices)
    if options.stored:
        await store._writer.run(lambda connection: fill(connection, options.stored, now=clock.now_ms()))
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)  # as the server does
    await shop.pay(min(2000, options.transactions), in_flight=options.in_flight)
    report: dict[str, Any] = {}
    write_batch: Any = store._write_batch
    if options.statements:
        counts: Counter[str] = Counter()
        counted = await store._writer.run(lambda connection: Counted(connection, counts))
        store._write_batch = lambda _, batch: write_batch(counted, batch)  # type: ignore[method-assign, assignment]
        await shop.pay(2000, in_flight=options.in_flight)
        report["statements"] = {sql: round(count / 2000, 3) for sql, count in counts.most_common()}
        report["statements_per_transaction"] = round(counts.total() / 2000, 2)
        store._write_batch = write_batch  # type: ignore[method-assign]
    if options.profile:
        profile = cProfile.Profile()
        store._write_batch = lambda connection, batch: profile.runcall(write_batch, connection, batch)  # type: ignore[method-assign]
        await shop.pay(options.transactions, in_flight=options.in_flight)
        store._write_batch = write_batch  # type: ignore[method-assign]
        profile.create_stats()
        pstats.Stats(profile).sort_stats("tottime").print_stats(45)
    report["runs"] = [await _measure(shop, store, options.transactions, options.in_flight) for _ in range(options.runs)]
    report["best_store_us"] = min(each["store_us"] for each in report["runs"])
    await engine.stop()
    await store.close()
    return report


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--transactions", type=int, default=5000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--devices", type=int, default=200)
    parser.add_argument("--in-flight", type=int, default=256)
    parser.add_argument("--accept", action="store_true", help="acknowledge first, complete later: a third command")
    parser.add_argument("--stored", type=int, default=0, help="transactions that are in the store before")
    parser.add_argument("--folder", type=Path, help="where the database lies; default: a temporary folder")
    parser.add_argument("--statements", action="store_true", help="count the SQL statements")
    parser.add_argument("--profile", action="store_true", help="profile the store's thread")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        print(json.dumps(uvloop.run(run(options, Path(folder))), indent=1))


if __name__ == "__main__":
    main()
