"""A peer that answers no pings is dropped. The one thing here on real time: the server's own timers run on it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from websockets.frames import Frame, Opcode
from websockets.protocol import Event

from tests.clock import ManualClock
from tests.running import running
from tests.shop import Shop
from tests.sockets.test_backpressure import Blocked
from tests.wire import Wire


@pytest.mark.parametrize("kind", ["device", "register"])
async def test_a_silent_line(tmp_path: Path, clock: ManualClock, kind: str) -> None:
    """No pong for as long as the interval: the connection is lost, and a device is shown as away."""
    async with running(tmp_path / "data", clock, heartbeat_seconds=1) as hub:
        shop = Shop(hub)
        device = await shop.device()
        till = await shop.register(device)
        await till.connect()
        wire = device.socket if kind == "device" else till.socket
        (connection,) = [each for each in hub.edge.connections._open if each.ids["kind"] == kind]
        wire.socket.transport.pause_reading()
        await connection.ended()
        assert connection not in hub.edge.connections._open
        if kind == "device":
            gone = await till.socket.pushed("device.presence")
            assert gone["params"]["device"]["online"] is False
            welcome = await device.switch_on()
            assert welcome["epoch"] == 2
        else:
            await till.connect()
        wire.socket.transport.resume_reading()


async def test_a_busy_hub_still_reads_pongs(
    tmp_path: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A healthy peer is not dropped because the hub is long at work on its request, with others waiting behind it."""
    async with running(tmp_path / "data", clock, heartbeat_seconds=1) as hub:
        device = await Shop(hub).device()
        blocked = Blocked(hub, monkeypatch)
        asked = await device.socket.ask("pairing.start")
        behind = [await device.socket.ask("ping") for _ in range(20)]
        await _pings(device.socket, 3)
        blocked.released.set()
        assert "result" in await asked
        for answer in behind:
            assert "result" in await answer


async def _pings(wire: Wire, count: int) -> None:
    """Wait until the server has pinged so often; each was answered before the next was sent."""
    seen = asyncio.Semaphore(0)
    parse = wire.socket.process_event

    def process_event(event: Event) -> None:
        if isinstance(event, Frame) and event.opcode is Opcode.PING:
            seen.release()
        parse(event)

    wire.socket.process_event = process_event  # type: ignore[method-assign]
    for _ in range(count):
        await seen.acquire()
