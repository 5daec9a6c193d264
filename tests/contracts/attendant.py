"""A terminal that attends to itself: it answers what it is sent, and how a payment ends depends on its amount."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from tests.wire import Json, Wire


class Attendant:
    """On a bare socket. A `slow` one begins what it is sent and never ends it, unless it is asked to cancel."""

    def __init__(self, wire: Wire, *, slow: bool) -> None:
        self._wire = wire
        self._slow = slow
        self._tasks = [
            asyncio.create_task(self._each("transaction.start", self._start)),
            asyncio.create_task(self._each("transaction.cancel", self._cancel)),
        ]
        self.begun = asyncio.Event()

    @classmethod
    async def at(cls, url: str, device_id: str, *, slow: bool = False) -> Attendant:
        """Switch one on at a hub in development mode."""
        wire = await Wire.connect(url, "device")
        await wire.call("hello", {"device_id": device_id, "serial": "SN-1", "enrol": True})
        return cls(wire, slow=slow)

    async def code(self) -> str:
        code: str = (await self._wire.call("pairing.start"))["code"]
        return code

    async def leave(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._wire.close()

    async def _each(self, method: str, work: Callable[[Json], Awaitable[None]]) -> None:
        while True:
            await work(await self._wire.pushed(method))

    async def _start(self, request: Json) -> None:
        asked = request["params"]
        await self._wire.answer(request, {"state": "accepted"})
        if self._slow:
            await self._wire.call(
                "transaction.progress", {"transaction_id": asked["transaction_id"], "stage": "waiting_for_card"}
            )
        else:
            await self._wire.call("transaction.complete", _result(asked))
        self.begun.set()

    async def _cancel(self, request: Json) -> None:
        result = {"transaction_id": request["params"]["transaction_id"], "outcome": "cancelled"}
        await self._wire.answer(request, {"state": "completed", "result": result})


def _result(asked: Json) -> Json:
    result: Json = {"transaction_id": asked["transaction_id"]}
    if not asked["function"].startswith(("Card.", "QR.")):
        return result | {"outcome": "done", "status": "READY", "acquirer_ref": "000013", "reference_id": "none"}
    amount: int = asked.get("amount_total_cents", 0)
    match amount % 6:
        case 1:
            return result | {"outcome": "declined", "reason": "insufficient_funds", "result_text": "Declined"}
        case 2:
            return result | {"outcome": "failed", "reason": "host_unavailable"}
        case 3:
            return result | {"outcome": "failed", "reason": "interface"}
        case 4:
            return result | {"outcome": "cancelled"}
    return result | {
        "outcome": "approved",
        "auth_id": "PIN147",
        "card_pan": "4111111111110138",
        "card_type": "VISA",
        "amount_total_cents": min(amount + 100, 999_999_999_999),
        "amount_tip_cents": 100,
        "receipt": "APPROVED\n",
    }
