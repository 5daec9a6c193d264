"""An event loop that does what is ready, in order, and never waits: time passes only when the scheduler says so.

Made of nothing but a queue of callbacks, so that a run is the same on every machine. One loop per life of the hub: a
crash drops it with everything that was waiting in it.
"""

from __future__ import annotations

import asyncio
import heapq
from asyncio import events
from collections import deque
from collections.abc import Callable, Coroutine
from contextvars import Context
from typing import Any, TypeVar

T = TypeVar("T")


class Due:
    """A callback that waits for its time; what `call_at` and `call_later` return."""

    __slots__ = ("arguments", "callback", "cancelled", "context")

    def __init__(self, callback: Callable[..., object], arguments: tuple[Any, ...], context: Context | None) -> None:
        self.callback = callback
        self.arguments = arguments
        self.context = context
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class VirtualLoop(asyncio.AbstractEventLoop):
    """`run_ready` runs what is ready until nothing is; `advance` moves the clock. Also the hub's `Clock`."""

    def __init__(self, now_ms: int) -> None:
        self._now_ms = now_ms
        self._ready: deque[asyncio.Handle] = deque()
        self._due: list[tuple[int, int, Due]] = []
        self._count = 0
        self.failures: list[str] = []
        """What asyncio would have logged: exceptions that nobody took."""

    # The scheduler's side.

    def run_ready(self) -> None:
        ready = self._ready
        if not ready:
            return
        events._set_running_loop(self)
        try:
            while ready:
                handle = ready.popleft()
                if not handle._cancelled:  # as asyncio's own loop does
                    handle._run()
        finally:
            events._set_running_loop(None)

    def next_due(self) -> int | None:
        """When the earliest timer is due, in UTC milliseconds."""
        while self._due and self._due[0][2].cancelled:
            heapq.heappop(self._due)
        return self._due[0][0] if self._due else None

    def advance(self, now_ms: int) -> None:
        """Let `now_ms` come; what is due by then becomes ready, each in order of its time."""
        self._now_ms = max(self._now_ms, now_ms)
        while self._due and self._due[0][0] <= self._now_ms:
            due = heapq.heappop(self._due)[2]
            if not due.cancelled:
                self.call_soon(due.callback, *due.arguments, context=due.context)

    def kill(self) -> int:
        """Cancel everything that is under way and let it end; returns how many tasks would not."""
        for _ in range(10):
            waiting = asyncio.all_tasks(self)
            if not waiting:
                return 0
            for task in waiting:
                task.cancel()
            self.run_ready()
            self.advance(self._now_ms + 10_000)
            self.run_ready()
        return len(waiting)

    # The hub's clock.

    def now_ms(self) -> int:
        return self._now_ms

    def call_at_ms(self, when_ms: int, callback: Callable[..., object], *arguments: Any) -> Due:
        return self._schedule(when_ms, Due(callback, arguments, None))

    def _schedule(self, when_ms: int, due: Due) -> Due:
        self._count += 1
        heapq.heappush(self._due, (when_ms, self._count, due))
        if when_ms <= self._now_ms:
            self.advance(self._now_ms)
        return due

    # asyncio's side.

    def call_soon(  # type: ignore[override]
        self, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        handle = asyncio.Handle(callback, args, self, context)
        self._ready.append(handle)
        return handle

    def call_later(  # type: ignore[override]
        self, delay: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> Due:
        return self._schedule(self._now_ms + round(delay * 1000), Due(callback, args, context))

    def call_at(  # type: ignore[override]
        self, when: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> Due:
        return self._schedule(round(when * 1000), Due(callback, args, context))

    def time(self) -> float:
        return self._now_ms / 1000

    def create_future(self) -> asyncio.Future[Any]:
        return asyncio.Future(loop=self)

    def create_task(  # type: ignore[override]
        self, coro: Coroutine[Any, Any, T], *, name: str | None = None, context: Context | None = None
    ) -> asyncio.Task[T]:
        return asyncio.Task(coro, loop=self, name=name, context=context)

    def get_debug(self) -> bool:
        return False

    def is_running(self) -> bool:
        return True

    def is_closed(self) -> bool:
        return False

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        self.failures.append(f"{context.get('message')}: {context.get('exception')!r}")


class LoopClock:
    """The hub's `Clock` over a loop."""

    def __init__(self, loop: VirtualLoop) -> None:
        self.now_ms = loop.now_ms
        self.call_at = loop.call_at_ms
