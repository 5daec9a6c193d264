"""Waiting for a transaction's end: long polls and synchronous mode."""

from __future__ import annotations

import asyncio

from hub.bus.signal import Signal, TransactionChanged, transaction_topic
from hub.clock import Deadline
from hub.commands.transaction import is_final
from hub.engine import Engine


class Waiting:
    """Bounded: when `limit` requests wait already, a further one is not held but answered as things stand."""

    def __init__(self, engine: Engine, *, limit: int) -> None:
        self._engine = engine
        self._limit = limit
        self._held: set[asyncio.Event] = set()
        self._released = False

    def release(self) -> None:
        """Hold nobody any more: the hub is going down, and whoever waits is answered as things stand."""
        self._released = True
        for held in self._held:
            held.set()

    async def until_final(self, transaction_id: str, seconds: float) -> None:
        """Return when the transaction is final, unknown, or `seconds` have passed. Cancellation safe."""
        if self._released or len(self._held) >= self._limit or seconds <= 0:
            return
        final = asyncio.Event()

        def changed(signal: Signal) -> None:
            if isinstance(signal, TransactionChanged) and signal.final:
                final.set()

        # Subscribed before looking: a change between the two would be missed the other way round.
        unsubscribe = self._engine.bus.subscribe(transaction_topic(transaction_id), changed)
        self._held.add(final)
        try:
            if await self._engine.query(is_final, transaction_id):
                return
            async with Deadline(self._engine.clock, seconds):
                await final.wait()
        except TimeoutError:
            return
        finally:
            self._held.discard(final)
            unsubscribe()
