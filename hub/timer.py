"""A timer: calls back at the earliest time that anyone has asked for. No polling."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from hub import log
from hub.clock import Clock, Handle

_log = log.get("timer")


class Timer:
    """Runs `work` at the wanted time; `work` returns when it wants to be run next, or None.

    Runs never overlap. A wish for an earlier time than the present one takes its place.
    """

    def __init__(self, clock: Clock, work: Callable[[], Awaitable[int | None]], *, name: str) -> None:
        self._clock = clock
        self._work = work
        self._name = name
        self._wanted_at: int | None = None
        self._handle: Handle | None = None
        self._due = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name=f"timer {self._name}")

    async def stop(self) -> None:
        """Cancel, and wait until a run under way has ended."""
        if self._handle is not None:
            self._handle.cancel()
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def wake(self, at_ms: int) -> None:
        """Run at `at_ms`, or sooner if that was wanted already."""
        if self._wanted_at is not None and self._wanted_at <= at_ms:
            return
        self._wanted_at = at_ms
        if self._handle is not None:
            self._handle.cancel()
        self._handle = self._clock.call_at(at_ms, self._due.set)

    async def _run(self) -> None:
        while True:
            await self._due.wait()
            self._due.clear()
            self._wanted_at = None
            try:
                again_at = await self._work()
            except Exception:
                _log.exception("timer_failed", timer=self._name)
                again_at = self._clock.now_ms() + 1000
            if again_at is not None:
                self.wake(again_at)
