"""Batches: whatever has arrived while the last batch was on the thread makes up the next one.

So a lone command waits for nothing, and a flood costs one hop and one fsync, not one each.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic, TypeVar

from hub import log
from hub.errors import StoreBusy, StoreUnavailable

_log = log.get("store")

J = TypeVar("J")

Settled = Sequence[tuple[Any, BaseException | None]]
"""For each job of a batch its result or its error."""


class Batcher(Generic[J]):
    """Collects jobs and runs them in batches, in the order of `submit`, one batch at a time."""

    def __init__(
        self,
        run: Callable[[Sequence[J]], Awaitable[Settled]],
        *,
        batch_limit: int,
        queue_limit: int,
        after: Callable[[J], None] | None = None,
    ) -> None:
        self._run = run
        self._after = after
        self._batch_limit = batch_limit
        self._queue_limit = queue_limit
        self._waiting: deque[tuple[J, asyncio.Future[Any]]] = deque()
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    def submit(self, job: J) -> asyncio.Future[Any]:
        """Take a job; the future tells its result. Raises `StoreBusy` when too many wait."""
        if self._closed:
            raise StoreUnavailable("the store is closed")
        if len(self._waiting) >= self._queue_limit:
            raise StoreBusy("too many requests wait for the store; try again")
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append((job, future))
        if self._task is None:
            self._task = asyncio.create_task(self._work(), name="store batches")
        return future

    @property
    def waiting(self) -> int:
        """How many jobs no batch has taken yet."""
        return len(self._waiting)

    async def _work(self) -> None:
        try:
            while self._waiting:
                batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), self._batch_limit))]
                try:
                    settled = await self._run([job for job, _ in batch])
                except Exception as error:
                    settled = [(None, error)] * len(batch)
                for (job, future), (result, problem) in zip(batch, settled, strict=True):
                    if problem is None:
                        self._tell(job)
                    if future.done():
                        continue  # the caller was cancelled; what was committed stays committed
                    if problem is None:
                        future.set_result(result)
                    else:
                        future.set_exception(problem)
        finally:
            self._task = None

    def _tell(self, job: J) -> None:
        try:
            if self._after is not None:
                self._after(job)
        except Exception:
            # It is durable all the same: its caller is answered, and those behind it are not held up.
            _log.exception("after_commit_failed")

    async def close(self) -> None:
        """Finish what was taken, and take nothing more."""
        self._closed = True
        while self._task is not None:
            with contextlib.suppress(Exception):
                await asyncio.shield(self._task)
