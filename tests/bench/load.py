"""The load generator, a process of its own: `python -m tests.bench.load`, its orders as JSON on standard input.

It prints one JSON object. It reads its own processor time and the server's at both ends of each stretch, so whoever
reads the figures sees which of the two was at its limit.
"""

from __future__ import annotations

import asyncio
import gc
import math
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import uvloop

from tests.bench import idle, presence, storm
from tests.bench.gauge import Gauge
from tests.bench.http import Http
from tests.bench.orders import Json, Orders, Phase
from tests.bench.percentiles import percentiles
from tests.bench.shop import Clocked, Shop

OVERTIME = 4
"""How many times its length a stretch may last in which fewer payments came out than are in flight."""


class Stretch:
    """The part of a phase that counts: after the warm-up, until the time is over and every worker came round once."""

    def __init__(self, shop: Shop, phase: Phase) -> None:
        self._shop = shop
        self._phase = phase
        self.begin = self.end = math.inf
        self.server = self.generator = 0.0
        """Processor seconds within it."""

    @property
    def over(self) -> bool:
        return self.end < math.inf

    async def measure(self) -> None:
        await asyncio.sleep(self._phase.warm_up_seconds)
        gauge, finished = Gauge(self._shop.orders.pid), self._shop.finished
        self.begin = time.perf_counter()
        await asyncio.sleep(self._phase.seconds)
        last = self.begin + self._phase.seconds * (1 + OVERTIME)
        enough = finished + max(1, self._phase.in_flight)
        while self._shop.finished < enough and time.perf_counter() < last:  # noqa: ASYNC110 - cheaper than an event each
            await asyncio.sleep(0.01)
        _, self.generator, self.server = gauge.read()
        self.end = time.perf_counter()


async def _keep_going(shop: Shop, phase: Phase, turns: Iterator[int], stretch: Stretch) -> None:
    """`in_flight` workers, each paying at one register after the other."""

    async def worker() -> None:
        http = await Http.open(shop.orders.url) if phase.door == "pos" else None
        while not stretch.over:
            await shop.pay(shop.registers[next(turns) % len(shop.registers)], http)
        if http is not None:
            http.close()

    await asyncio.gather(*(worker() for _ in range(phase.in_flight)))


async def _paced(shop: Shop, phase: Phase, turns: Iterator[int], stretch: Stretch) -> list[float]:
    """One payment every 1/rate seconds, whether the last one is done or not. Returns how late each one was sent."""
    free: list[Http] = []
    tasks: set[asyncio.Task[None]] = set()
    begin = time.perf_counter()
    late: list[float] = []

    async def one(number: int) -> None:
        http = None
        if phase.door == "pos":
            while free and free[-1].closed:
                free.pop()
            http = free.pop() if free else await Http.open(shop.orders.url)
        await shop.pay(shop.registers[number % len(shop.registers)], http)
        if http is not None:
            free.append(http)

    while not stretch.over:
        now = time.perf_counter()
        while (due := begin + len(late) / phase.rate) <= now:
            late.append(now - due)
            tasks.add(task := asyncio.create_task(one(next(turns))))
            task.add_done_callback(tasks.discard)
        await asyncio.sleep(max(0.0, begin + len(late) / phase.rate - time.perf_counter()))
    await asyncio.gather(*tasks)
    for http in free:
        http.close()
    return late


def _durations(done: list[Clocked]) -> Json:
    started = [clocked for clocked in done if clocked.started is not None]
    return {
        "to_device_ms": percentiles([(c.started or 0) - c.submitted for c in started]),
        "to_register_ms": percentiles([(c.finished or 0) - (c.started or 0) for c in started]),
        "whole_ms": percentiles([(c.finished or 0) - c.submitted for c in done]),
    }


def _counted_at(clocked: Clocked, phase: Phase) -> float:
    """A rate counts what came out. A pace counts what went in: the slow ones are not left out of its percentiles."""
    assert clocked.finished is not None
    return clocked.submitted if phase.rate else clocked.finished


async def _phase(shop: Shop, phase: Phase, turns: Iterator[int]) -> Json:
    shop.clocked.clear()
    shop.errors.clear()
    frames = shop.dashboard_frames
    stretch = Stretch(shop, phase)
    measuring = asyncio.create_task(stretch.measure())
    late = await (_paced if phase.rate else _keep_going)(shop, phase, turns, stretch)
    await measuring
    seconds = stretch.end - stretch.begin
    done = [c for c in shop.clocked.values() if stretch.begin <= _counted_at(c, phase) <= stretch.end]
    return {
        **msgspec.to_builtins(phase),
        "finished": len(done),
        "per_second": len(done) / seconds,
        **_durations(done),
        "late_ms": percentiles(late or []),
        "server_cpu_us_each": stretch.server / len(done) * 1e6 if done else 0.0,
        "server_cpu": stretch.server / seconds,
        "generator_cpu": stretch.generator / seconds,
        "errors": sum(shop.errors.values()),
        "error_kinds": dict(shop.errors.most_common(3)),
        "dashboard_frames": shop.dashboard_frames - frames,
    }


async def _phases(shop: Shop) -> Json:
    await shop.open()
    gc.collect()
    gc.freeze()
    turns = iter(range(10**12))
    return {"phases": [await _phase(shop, phase, turns) for phase in shop.orders.phases]}


PLAYS = {"phases": _phases, "idle": idle.play, "storm": storm.play, "presence": presence.play}


def _keep(orders: Orders, shop: Shop) -> None:
    Path(orders.acknowledged).write_text("".join(f"{each}\n" for each in shop.acknowledged))


async def run(orders: Orders, make_shop: Callable[[Orders], Shop] = Shop) -> Json:
    """Play as ordered, within `limit_seconds`; `TimeoutError` if something never came."""
    shop = make_shop(orders)
    try:
        async with asyncio.timeout(orders.limit_seconds):
            report = await PLAYS[orders.play](shop)
            shop.errors.clear()
            await shop.close()
    finally:
        _keep(orders, shop)
    return {**report, "acknowledged": len(shop.acknowledged), "left_over": dict(shop.errors)}


def main(make_shop: Callable[[Orders], Shop] = Shop) -> None:
    orders = msgspec.json.decode(sys.stdin.buffer.read(), type=Orders)
    if orders.core is not None:
        os.sched_setaffinity(0, {orders.core})
    gc.set_threshold(50_000, 20, 50)
    print(msgspec.json.encode(uvloop.run(run(orders, make_shop))).decode())


if __name__ == "__main__":
    main()
