"""The hub's clock: the one place that time comes from, so that tests and simulations can move it.

Times are UTC milliseconds since 1970 (`int`), named `…_at`; on the wire they are RFC 3339.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Protocol


class Handle(Protocol):
    """A callback that is due later."""

    def cancel(self) -> None: ...


class Clock(Protocol):
    """What the hub asks of a clock."""

    def now_ms(self) -> int:
        """UTC milliseconds. Never goes backwards within a process."""

    def call_at(self, when_ms: int, callback: Callable[[], None]) -> Handle:
        """Call back on the event loop once `when_ms` has come; at once (but not before returning) if it has passed."""


def wall_ms() -> int:
    """The machine's own clock: for the log, whose times are compared with other logs. No deadline hangs on it."""
    return time.time_ns() // 1_000_000


class SystemClock:
    """Wall time, anchored once and carried on by the monotonic clock.

    A step of the machine's wall clock (an operator, a leap of NTP) therefore moves no deadline of a running hub.
    """

    def __init__(self) -> None:
        self._anchor_ns = time.time_ns() - time.monotonic_ns()

    def now_ms(self) -> int:
        return (self._anchor_ns + time.monotonic_ns()) // 1_000_000

    def call_at(self, when_ms: int, callback: Callable[[], None]) -> Handle:
        delay = max(0, when_ms - self.now_ms()) / 1000
        return asyncio.get_running_loop().call_later(delay, callback)


class Deadline:
    """`async with Deadline(clock, seconds):` raises `TimeoutError` inside when the clock passes it."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._seconds = seconds
        self._timeout = asyncio.timeout(None)
        self._handle: Handle | None = None

    def _expire(self) -> None:
        self._timeout.reschedule(asyncio.get_running_loop().time())

    async def __aenter__(self) -> Deadline:
        await self._timeout.__aenter__()
        when = self._clock.now_ms() + round(self._seconds * 1000)
        self._handle = self._clock.call_at(when, self._expire)
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        if self._handle is not None:
            self._handle.cancel()
        await self._timeout.__aexit__(*exc_info)  # type: ignore[arg-type]


async def sleep(clock: Clock, seconds: float) -> None:
    """Sleep on `clock`; cancellation safe."""
    woken = asyncio.get_running_loop().create_future()
    handle = clock.call_at(
        clock.now_ms() + round(seconds * 1000), lambda: None if woken.done() else woken.set_result(None)
    )
    try:
        await woken
    finally:
        handle.cancel()


@lru_cache(maxsize=1024)
def _second(at_s: int, form: str) -> str:
    """The part down to the second; one payment asks for the same few seconds a dozen times."""
    return datetime.fromtimestamp(at_s, UTC).strftime(form)


@lru_cache(maxsize=4096)
def rfc3339(at_ms: int) -> str:
    """`2026-11-22T13:00:25.123Z`"""
    return f"{_second(at_ms // 1000, '%Y-%m-%dT%H:%M:%S')}.{at_ms % 1000:03d}Z"


def timestamp(at_ms: int) -> str:
    """`transactionTimeStamp` of the POS API: UTC, yyyyMMddHHmmss and four decimals (pos-api 3)."""
    return f"{_second(at_ms // 1000, '%Y%m%d%H%M%S')}{at_ms % 1000:03d}0"
