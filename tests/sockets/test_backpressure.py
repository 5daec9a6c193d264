"""A peer that reads too slowly or sends too fast is closed with a code that says so; nobody else feels it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from hub.edge.connection import Connection
from tests.clock import ManualClock
from tests.running import RunningHub, running
from tests.shop import Shop, Till
from tests.wire import Json


def narrow(hub: RunningHub) -> socket.socket:
    """A line that holds little on either side."""
    hub.server.servers[0].sockets[0].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    line = socket.socket()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    where = urlsplit(hub.url)
    line.connect((where.hostname, where.port))
    line.setblocking(False)
    return line


def its_connection(hub: RunningHub) -> Connection:
    (found,) = [each for each in hub.edge.connections._open if each.ids["kind"] == "register"]
    return found


async def test_slow_consumer(tmp_path: Path, clock: ManualClock) -> None:
    """4001, come back: the events that it missed are replayed then. The device and its payment go on."""
    async with running(tmp_path / "data", clock, outbox_limit=8) as hub:
        shop = Shop(hub)
        device = await shop.device()
        till = await shop.register(device)
        url = f"{hub.url.replace('http', 'ws', 1)}/ws/register"
        slow = await connect(
            url,
            sock=narrow(hub),
            subprotocols=[Subprotocol("smartconnect.register.v1")],
            compression=None,
            ping_interval=None,
            max_queue=None,
        )
        await slow.send(json.dumps({"jsonrpc": "2.0", "id": 1, "method": "hello", "params": till.hello}))
        welcome = json.loads(await slow.recv())["result"]
        connection = its_connection(hub)
        slow.transport.pause_reading()
        envelope = await till.pay()
        await device.started()
        sent = 0
        while not connection.closing:
            sent += 1
            stage = {"transaction_id": envelope["transactionId"], "stage": f"stage_{sent}"}
            await device.socket.call("transaction.progress", stage)
        slow.transport.resume_reading()
        seen = []
        with contextlib.suppress(ConnectionClosed):
            while True:
                seen.append(json.loads(await slow.recv())["params"]["event"])
        assert (slow.close_code, slow.close_reason) == (4001, "slow_consumer")
        assert seen == list(range(welcome["event"] + 1, welcome["event"] + 1 + len(seen))), "what came was in order"
        assert (await device.complete(envelope["transactionId"]))["state"] == "approved"
        resumed = await till.connect(last_event=seen[-1] if seen else welcome["event"])
        assert resumed["replay"] == "complete"


async def test_replay_fits_a_small_outbox(tmp_path: Path, clock: ManualClock) -> None:
    """Catching up never makes a slow consumer of a healthy register, however small the outbox is set."""
    async with running(tmp_path / "data", clock, outbox_limit=4) as hub:
        shop = Shop(hub)
        device = await shop.device()
        till = await shop.register(device)
        for _ in range(30):
            await till.pay()
        welcome = await till.connect(last_event=0)
        for number in range(1, welcome["event"] + 1):
            await till.socket.pushed("transaction.updated" if number > 1 else "pairing.changed")
        await till.socket.call("ping")


class Blocked:
    """Holds up every command of the hub until it is released."""

    def __init__(self, hub: RunningHub, monkeypatch: pytest.MonkeyPatch) -> None:
        self.released = asyncio.Event()
        self._execute = hub.edge.engine.execute
        monkeypatch.setattr(hub.edge.engine, "execute", self._begun)

    def _begun(self, *args: object, **kwargs: object) -> asyncio.Future[object]:
        return asyncio.ensure_future(self._held_up(*args, **kwargs))

    async def _held_up(self, *args: object, **kwargs: object) -> object:
        await self.released.wait()
        return await self._execute(*args, **kwargs)  # type: ignore[arg-type]


async def test_flood_of_a_device(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """4002: more than 64 messages wait to be worked on."""
    device = await shop.device()
    blocked = Blocked(shop.hub, monkeypatch)
    await device.socket.ask("pairing.start")
    for _ in range(80):
        await device.socket.ask("ping")
    closing = asyncio.create_task(device.socket.closed())
    blocked.released.set()
    assert await closing == (4002, "flooding")
    await device.switch_on()


async def test_flood_of_a_register(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """32 requests are worked on at a time and 64 wait; what was begun is finished, and can be found."""
    device = await shop.device()
    till = await shop.register(device)
    await till.connect()
    blocked = Blocked(shop.hub, monkeypatch)
    for number in range(120):
        asked = {"function": "Card.Purchase", "amount_total_cents": 500, "transaction_reference": f"INV-{number}"}
        await till.socket.ask("transaction.submit", asked)
    closing = asyncio.create_task(till.socket.closed())
    blocked.released.set()
    assert await closing == (4002, "flooding")
    await till.connect()
    found = await till.socket.call("transaction.find", {"transaction_reference": "INV-0"})
    assert len(found["transactions"]) == 1


async def test_as_many_as_may_wait(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """A peer within the limit is served, in order, as soon as it can be."""
    device = await shop.device()
    blocked = Blocked(shop.hub, monkeypatch)
    asked = [await device.socket.ask("pairing.start")]
    asked += [await device.socket.ask("ping") for _ in range(63)]
    blocked.released.set()
    answers: list[Json] = [await answer for answer in asked]
    assert all("result" in answer for answer in answers)


async def test_a_flood_troubles_nobody_else(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    device = await shop.device()
    till = await shop.register(device)
    stranger = Till(shop.hub, register_id="stranger")
    await stranger.connect()
    for _ in range(400):
        await stranger.socket.ask("pairing.status")
    await till.pay()
    await device.started()
