"""Delivery: results on their way to the hub, until the hub has them on record.

Laws: in the order given; one at a time; nothing but the hub's answer ends a delivery, no connection's end and no
caller's. Kept in memory only: what must survive a power cut is in the firmware's own memory and comes with the hello.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from hub.sdk.errors import SdkError, Stopped
from hub.wire.device import Recorded, Result

LIMIT = 256


class Delivery:
    """Owned by a device client, which runs it."""

    def __init__(self, send: Callable[[Result], Awaitable[Recorded]]) -> None:
        self._send = send
        self._waiting: asyncio.Queue[str] = asyncio.Queue(LIMIT)
        self._parcels: dict[str, tuple[Result, asyncio.Future[Recorded]]] = {}
        self._stopped = False

    @property
    def pending(self) -> list[Result]:
        """Not answered yet, oldest first."""
        return [result for result, _ in self._parcels.values()]

    async def put(self, result: Result) -> asyncio.Future[Recorded]:
        """Take a result; the future is the hub's answer. The same transaction again is the same delivery.

        Waits while `LIMIT` results are on their way.
        """
        known = self._parcels.get(result.transaction_id)
        if known is not None:
            return known[1]
        answer: asyncio.Future[Recorded] = asyncio.get_running_loop().create_future()
        answer.add_done_callback(_seen)
        if self._stopped:
            answer.set_exception(Stopped("stopped"))
            return answer
        self._parcels[result.transaction_id] = (result, answer)
        await self._waiting.put(result.transaction_id)
        return answer

    async def run(self) -> None:
        """Deliver until cancelled."""
        try:
            while True:
                transaction_id = await self._waiting.get()
                await self._deliver(transaction_id)
        finally:
            self._stopped = True
            for _, answer in self._parcels.values():
                if not answer.done():
                    answer.set_exception(Stopped("stopped"))

    async def _deliver(self, transaction_id: str) -> None:
        result, answer = self._parcels[transaction_id]
        try:
            recorded = await self._send(result)
        except SdkError as error:
            del self._parcels[transaction_id]
            if not answer.done():
                answer.set_exception(error)
        else:
            del self._parcels[transaction_id]
            if not answer.done():
                answer.set_result(recorded)


def _seen(answer: asyncio.Future[Recorded]) -> None:
    """The caller may have stopped waiting; asyncio would log the exception as never retrieved."""
    if not answer.cancelled():
        answer.exception()
