"""Simulated devices and SDK registers at a running hub; every frame is held to the contract."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

from hub.sdk import Backoff, RegisterClient
from hub.sdk.peer import OnFrame
from hub.simulator import Pos, SimulatedDevice
from hub.simulator.happenings import Happenings
from hub.wire.register import PresenceChanged, TransactionUpdated, TransactionView
from tests.contract import check_frame
from tests.running import RunningHub

Json = dict[str, Any]

TRIPLE: Json = {
    "register_id": "e6f1b7a2-0000-4000-8000-000000000001",
    "business_name": "Toys Shop",
    "vendor_name": "Till2Go",
}


def checked(kind: str) -> OnFrame:
    """Holds what a client sends and receives to docs/asyncapi.yaml."""

    def on_frame(direction: str, text: str) -> None:
        check_frame(kind, "send" if direction == "sent" else "receive", json.loads(text))

    return on_frame


class Frames:
    """Keeps what a client sends and receives, and holds it to the contract."""

    def __init__(self, kind: str) -> None:
        self._check = checked(kind)
        self._kept = Happenings()

    def __call__(self, direction: str, text: str) -> None:
        self._check(direction, text)
        self._kept.put((direction, json.loads(text)))

    async def received(self, method: str) -> Json:
        """Take the oldest untaken message of that method from the hub, or wait for one."""
        return await self._take(lambda direction, frame: direction == "received" and frame.get("method") == method)

    async def sent_answer(self, number: str) -> Json:
        """Take the oldest untaken `completed` answer to a request whose id begins so, or wait for one."""
        return await self._take(
            lambda direction, frame: (
                direction == "sent"
                and str(frame.get("id")).startswith(number)
                and frame.get("result", {}).get("state") == "completed"
            )
        )

    async def _take(self, where: Callable[[str, Json], bool]) -> Json:
        found: tuple[str, Json] = await self._kept.next(tuple, lambda kept: where(*kept))
        return found[1]


class Pauses:
    """A backoff whose pauses a test sees coming; each is the ceiling. The clock may be moved once one was asked for."""

    def __init__(self) -> None:
        self.asked: asyncio.Queue[float] = asyncio.Queue()
        self.backoff = Backoff(uniform=self._uniform)

    def _uniform(self, _low: float, high: float) -> float:
        self.asked.put_nowait(high)
        return high


def no_pause() -> Backoff:
    return Backoff(uniform=lambda low, _high: low)


@contextlib.asynccontextmanager
async def device_at(hub: RunningHub, device_id: str = "7070714000", **options: Any) -> AsyncIterator[SimulatedDevice]:
    """A simulated device that is on and welcome."""
    usual: Json = {"enrol": True, "clock": hub.clock, "backoff": no_pause, "on_frame": checked("device")}
    async with SimulatedDevice(hub.url, device_id, **(usual | options)) as device:
        await device.ready()
        yield device


@contextlib.asynccontextmanager
async def register_at(hub: RunningHub, **options: Any) -> AsyncIterator[RegisterClient]:
    """A register that is connected and welcome, not paired."""
    usual: Json = {**TRIPLE, "clock": hub.clock, "backoff": no_pause(), "on_frame": checked("register")}
    async with RegisterClient(hub.url, **(usual | options)) as register:
        await register.ready()
        yield register


@contextlib.asynccontextmanager
async def shop_at(
    hub: RunningHub, *, register_options: Json | None = None, **options: Any
) -> AsyncIterator[tuple[SimulatedDevice, RegisterClient]]:
    """A device and a register that are paired."""
    async with device_at(hub, **options) as device, register_at(hub, **(register_options or {})) as register:
        await register.redeem(await device.open_pairing(), register_name="Front")
        yield device, register


@contextlib.asynccontextmanager
async def pos_at(hub: RunningHub, device: SimulatedDevice | None = None) -> AsyncIterator[Pos]:
    """POS software; paired if a device is given."""
    async with Pos(f"{hub.url}/POS", clock=hub.clock, **TRIPLE) as pos:
        if device is not None:
            await pos.pair(await device.open_pairing())
        yield pos


async def pay(register: RegisterClient, cents: int = 500) -> str:
    """Submit a purchase; its transaction id."""
    submitted = await register.submit("Card.Purchase", amount_total_cents=cents)
    return submitted.transaction.transaction_id


async def until(register: RegisterClient, transaction_id: str, state: str) -> TransactionView:
    """Wait until the register is told of that state."""
    return await until_told(register, transaction_id, lambda view: view.state == state)


async def until_told(
    register: RegisterClient, transaction_id: str, holds: Callable[[TransactionView], bool]
) -> TransactionView:
    """Wait until what the register is told of the transaction is so; other events may come meanwhile."""
    with register.subscribe() as events:
        seen = await register.get(transaction_id)
        while not holds(seen):
            event = await anext(events)
            if isinstance(event, TransactionUpdated) and event.transaction.transaction_id == transaction_id:
                seen = event.transaction
        return seen


async def until_away(register: RegisterClient) -> None:
    """Wait until the hub knows that the device has gone."""
    with register.subscribe() as events:
        view = await register.pairing_status()
        online = view.device is not None and view.device.online
        while online:
            event = await anext(events)
            if isinstance(event, PresenceChanged):
                online = event.device.online
