"""One device with many registers watching: how long until all of them know that it came back."""

from __future__ import annotations

import asyncio
import time

from tests.bench.fleet import Register
from tests.bench.orders import Json
from tests.bench.percentiles import percentiles
from tests.bench.shop import CONNECTING_AT_ONCE, Shop, each

TIMES = 5


async def play(shop: Shop) -> Json:
    await each(shop.registers, Register.connect, CONNECTING_AT_ONCE)
    [device] = shop.devices
    told: list[float] = []
    heard: list[float] = []
    all_told = asyncio.Event()
    wanted = b'"online":true'

    def on_presence(frame: bytes) -> None:
        if wanted in frame:
            told.append(time.perf_counter())
            if len(told) == len(shop.registers):
                all_told.set()

    for register in shop.registers:
        register.on_presence = on_presence
    last: list[float] = []
    for _ in range(TIMES):
        for wanted in (b'"online":true', b'"online":false'):
            told.clear()
            all_told.clear()
            began = time.perf_counter()
            if wanted == b'"online":true':
                await device.connect()
            else:
                assert device.socket is not None
                device.socket.abort()
            await all_told.wait()
            if wanted == b'"online":true':
                last.append(max(told) - began)
                heard += [at - began for at in told]
    return {
        "registers": len(shop.registers),
        "heard_ms": percentiles(heard),
        "last_ms": percentiles(last),
        "errors": 0,
        "error_kinds": {},
    }
