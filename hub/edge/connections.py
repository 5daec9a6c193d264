"""All live sockets of the process: counted, and closed one after the other when the hub drains."""

from __future__ import annotations

import asyncio
import random

from hub import log
from hub.edge.connection import Connection
from hub.wire.close_codes import CloseCode

_log = log.get("edge")

LONGEST_PAUSE_SECONDS = 0.1
"""Between two closes of a drain: a shop with three terminals need not be waited for."""


class Connections:
    """Not thread safe; used on the event loop only."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._open: set[Connection] = set()
        self._emptied: asyncio.Event | None = None
        self.draining = False

    def __len__(self) -> int:
        return len(self._open)

    @property
    def full(self) -> bool:
        return len(self._open) >= self._limit

    def add(self, connection: Connection) -> None:
        self._open.add(connection)

    def discard(self, connection: Connection) -> None:
        self._open.discard(connection)
        if not self._open and self._emptied is not None:
            self._emptied.set()

    async def all_ended(self) -> None:
        """Wait until no connection is left: each has told the store that it is gone."""
        while self._open:
            self._emptied = asyncio.Event()
            await self._emptied.wait()

    async def drain(self, seconds: float) -> None:
        """Close all connections at an even pace over `seconds`, each told to come back at a random time.

        Come back they will, to the next process; spread out, so that it is not met by all at once.
        """
        self.draining = True
        waiting = list(self._open)
        if not waiting:
            return
        _log.info("draining", connections=len(waiting), seconds=seconds)
        pause = min(seconds / len(waiting), LONGEST_PAUSE_SECONDS)
        spread_ms = max(1000, round(seconds * 1000))
        for connection in waiting:
            hint = random.randrange(spread_ms)  # noqa: S311 - it spreads load and guards nothing
            connection.close(CloseCode.DRAINING, f"draining retry_after_ms={hint}")
            await asyncio.sleep(pause)
        # One that was admitted just before is left.
        for connection in tuple(self._open):
            connection.close(CloseCode.DRAINING, "draining retry_after_ms=1000")
        await self.all_ended()
