"""All devices drop and come back at once, each with a transaction waiting: how long until all are settled."""

from __future__ import annotations

import asyncio
import time

from tests.bench.fleet import Device, Register
from tests.bench.gauge import Gauge
from tests.bench.http import Http
from tests.bench.orders import Json
from tests.bench.percentiles import percentiles
from tests.bench.shop import Shop, each

SUBMITTING_AT_ONCE = 64


async def play(shop: Shop) -> Json:
    """The clock runs from the first reconnection to the last outcome pushed to its register."""
    await shop.open()
    gone = 0
    all_gone = asyncio.Event()

    def on_presence(frame: bytes) -> None:
        nonlocal gone
        gone += b'"online":false' in frame
        if gone == len(shop.registers):
            all_gone.set()

    for register in shop.registers:
        register.on_presence = on_presence
    for device in shop.devices:
        assert device.socket is not None
        device.socket.abort()
    await all_gone.wait()
    free = [await Http.open(shop.orders.url) for _ in range(SUBMITTING_AT_ONCE)]

    async def submit(register: Register) -> None:
        http = free.pop()
        await shop.submit(register, http)
        free.append(http)

    await each(shop.registers, submit, SUBMITTING_AT_ONCE)
    gauge = Gauge(shop.orders.pid)
    began = time.perf_counter()
    welcomed: list[float] = []

    async def come_back(device: Device) -> None:
        # A full accept queue drops the attempt; a device tries again.
        while True:
            try:
                await device.connect()
            except (OSError, RuntimeError) as error:
                shop.errors[f"{error!r:.100}"] += 1
                await asyncio.sleep(0.1)
            else:
                welcomed.append(time.perf_counter() - began)
                return

    await each(shop.devices, come_back, len(shop.devices))
    await asyncio.gather(*(shop.until_finished(transaction_id) for transaction_id in shop.clocked))
    _, own, theirs = gauge.read()
    settled = [(clocked.finished or 0) - began for clocked in shop.clocked.values()]
    return {
        "devices": len(shop.devices),
        "settled_seconds": max(settled),
        "settled_ms": percentiles(settled),
        "welcomed_seconds": max(welcomed),
        "welcomed_ms": percentiles(welcomed),
        "server_cpu_seconds": theirs,
        "generator_cpu_seconds": own,
        "errors": len(shop.registers) - len(settled),
        "error_kinds": dict(shop.errors.most_common(3)),
    }
