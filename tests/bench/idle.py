"""Devices that are connected and do nothing but answer pings: what each costs the server."""

from __future__ import annotations

import asyncio
import time

import psutil

from tests.bench.fleet import Device
from tests.bench.orders import Json
from tests.bench.shop import CONNECTING_AT_ONCE, Shop, each

SETTLE_SECONDS = 2.0


async def play(shop: Shop) -> Json:
    """Memory before and after, and processor time over `seconds` of silence. Nobody may be lost meanwhile."""
    orders = shop.orders
    server = psutil.Process(orders.pid)
    before = server.memory_info().rss
    began = time.perf_counter()
    await each(shop.devices, Device.connect, CONNECTING_AT_ONCE)
    connected = time.perf_counter() - began
    await asyncio.sleep(SETTLE_SECONDS)
    after = server.memory_info().rss
    cpu, at = sum(server.cpu_times()[:2]), time.perf_counter()
    await asyncio.sleep(orders.seconds)
    spent = (sum(server.cpu_times()[:2]) - cpu) / (time.perf_counter() - at)
    lost = sum(device.socket is None or device.socket.closed.done() for device in shop.devices)
    return {
        "connections": len(shop.devices),
        "rss_before_mib": before / 2**20,
        "rss_mib": after / 2**20,
        "kib_each": (after - before) / len(shop.devices) / 1024,
        "idle_cpu": spent,
        "connected_seconds": connected,
        "errors": lost,
        "error_kinds": {"connections lost while idle": lost} if lost else {},
    }
