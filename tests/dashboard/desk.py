"""A dashboard on a bare socket, and happenings for it to see."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hub.bus.signal import Happened
from hub.entropy import digest
from hub.store.records import Device
from hub.store.unit import Unit
from statemachines.device_queue import QueueState
from tests.running import ADMIN_TOKEN, RunningHub
from tests.shop import until_waiting
from tests.wire import Json, Wire

PUSH_SECONDS = 0.25


@dataclass
class Desk:
    hub: RunningHub
    wire: Wire
    welcome: Json = field(default_factory=dict)

    @classmethod
    async def open(cls, hub: RunningHub, token: str = ADMIN_TOKEN) -> Desk:
        desk = cls(hub, await hub.wire("dashboard"))
        desk.welcome = await desk.wire.call("hello", {"admin_token": token})
        return desk

    async def ask(self, method: str, **params: Any) -> Json:
        return await self.wire.call(method, params)

    async def time_for_a_push(self) -> None:
        """Let a quarter of a second pass; the happenings that are due are pushed before the next answer."""
        await until_waiting(self.hub, PUSH_SECONDS)
        self.hub.clock.advance(PUSH_SECONDS)
        await self.ask("ping")

    async def a_second(self) -> Json:
        """Let a second pass, and return the overview that it brings."""
        for _ in range(round(1 / PUSH_SECONDS)):
            await self.time_for_a_push()
        overview: Json = (await self.wire.pushed("overview"))["params"]
        return overview

    async def happen(self, *happened: Happened) -> None:
        """Make these happen, in one commit."""
        await self.hub.edge.engine.execute(_tell, happened)


async def _tell(unit: Unit, happened: tuple[Happened, ...]) -> None:
    for each in happened:
        unit.signal(each)


def happened(number: int = 0, **fields: Any) -> Happened:
    defaults: dict[str, Any] = {
        "kind": "transaction",
        "subject": f"tx-{number}",
        "what": "submit",
        "state": "queued",
        "at": 1_767_225_600_000,
        "device_id": "7070714000",
    }
    return Happened(**(defaults | fields))


async def enrol_many(unit: Unit, count: int, *, first: int = 1) -> None:
    """Enrol devices `dev-00001`, `dev-00002`, … of which every tenth is idle and every hundredth stalled."""
    for number in range(first, first + count):
        state = QueueState.STALLED if number % 100 == 0 else QueueState.IDLE if number % 10 == 0 else QueueState.OFFLINE
        await unit.devices.add(
            Device(
                device_id=f"dev-{number:05}",
                name=f"Counter {number}",
                merchant_id="m",
                reserved_for=None,
                credential_digest=digest(f"dev_{number}"),
                enrolled_at=unit.now,
                revoked_at=None,
                serial=f"SN-{number:05}",
                model="PAX A920",
                firmware="4.2.1",
                epoch=number % 7,
                state=state,
                current=None,
                due_at=None,
                connected_at=unit.now,
                disconnected_at=None,
            )
        )
