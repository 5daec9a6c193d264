"""A clock that tests move, and the event loop's own."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable

START_MS = 1_767_225_600_000
"""2026-01-01T00:00:00Z"""


def let_pass(seconds: float) -> None:
    """The running event loop's time goes on by so much at once, for what waits for that instead of the hub's clock.

    A short limit in its place is over too soon where the machine is busy elsewhere.
    """
    loop = asyncio.get_running_loop()
    time = loop.time
    vars(loop)["time"] = lambda: time() + seconds


async def turns() -> None:
    """The event loop's, so that what is due has been called."""
    for _ in range(3):
        await asyncio.sleep(0)


class _Handle:
    def __init__(self) -> None:
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class ManualClock:
    """Stands still until `advance`; then it calls back what has become due, in order, each at its own time."""

    def __init__(self, start_ms: int = START_MS) -> None:
        self._now = start_ms
        self._count = 0
        self._due: list[tuple[int, int, Callable[[], None], _Handle]] = []

    def now_ms(self) -> int:
        return self._now

    def call_at(self, when_ms: int, callback: Callable[[], None]) -> _Handle:
        handle = _Handle()
        self._count += 1
        heapq.heappush(self._due, (when_ms, self._count, callback, handle))
        if when_ms <= self._now:
            self._fire(self._now)
        return handle

    def advance(self, seconds: float) -> None:
        self._fire(self._now + round(seconds * 1000))

    def _fire(self, until_ms: int) -> None:
        while self._due and self._due[0][0] <= until_ms:
            when, _, callback, handle = heapq.heappop(self._due)
            self._now = max(self._now, when)
            if not handle.cancelled:
                callback()
        self._now = max(self._now, until_ms)
