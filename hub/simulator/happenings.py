"""Happenings: what a simulated device lived through, for tests and screens that wait for it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import TypeVar

KEPT = 4096
"""Happenings that nobody took; the oldest are forgotten."""

T = TypeVar("T")


class Happenings:
    """On one event loop; any number of tasks may wait."""

    def __init__(self, observer: Callable[[object], None] | None = None) -> None:
        self._untaken: deque[object] = deque(maxlen=KEPT)
        self._pulse = asyncio.Event()
        self._observer = observer

    @property
    def untaken(self) -> list[object]:
        """Oldest first."""
        return list(self._untaken)

    def put(self, happening: object) -> None:
        self._untaken.append(happening)
        if self._observer is not None:
            self._observer(happening)
        self.stir()

    def stir(self) -> None:
        """Make those look again who wait for a condition."""
        self._pulse.set()
        self._pulse = asyncio.Event()

    async def next(self, kind: type[T], where: Callable[[T], bool] = lambda _happening: True) -> T:
        """Take the oldest untaken happening of that type, or wait for one."""
        while True:
            for happening in self._untaken:
                if isinstance(happening, kind) and where(happening):
                    self._untaken.remove(happening)
                    return happening
            await self._pulse.wait()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until the condition holds; it is looked at after each happening."""
        while not condition():
            await self._pulse.wait()
