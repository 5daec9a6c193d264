"""Batches: whatever has arrived while the last batch was on the thread makes up the next one.

So a lone command waits for nothing, and a flood costs one hop and one fsync, not one each. All of it is callbacks on
the event loop: a task for each batch would cost as much again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Generic, TypeVar

from hub import log
from hub.errors import StoreBusy, StoreUnavailable

_log = log.get("store")

J = TypeVar("J")

Settled = Sequence[tuple[Any, BaseException | None]]
"""For each job of a batch its result or its error."""

Back = Callable[[Settled | None, BaseException | None], None]
"""Called on the event loop once a batch has run; with an error, none of it has."""


def _nothing(*_: object) -> None:
    pass


class Batcher(Generic[J]):
    """Collects jobs and runs them in batches, in the order of `submit`, one batch at a time. For one event loop."""

    def __init__(
        self,
        run: Callable[[Sequence[J], Back], None],
        *,
        batch_limit: int,
        queue_limit: int,
        after: Callable[[J], None] = _nothing,
        failed: Callable[[], None] = _nothing,
    ) -> None:
        """`after` is called for each job that has succeeded, and `failed` once for a batch in which one has not; both
        before any caller goes on."""
        self._run = run
        self._after = after
        self._failed = failed
        self._batch_limit = batch_limit
        self._queue_limit = queue_limit
        self._jobs: list[J] = []
        self._futures: list[asyncio.Future[Any]] = []
        """Of the jobs that wait, in the same order."""
        self._working = False
        self._rested: asyncio.Event | None = None
        self._closed = False

    def submit(self, job: J) -> asyncio.Future[Any]:
        """Take a job; the future tells its result, and `StoreBusy` when too many wait. Cancelling it undoes nothing."""
        if self._closed:
            return self.refuse(StoreUnavailable("the store is closed"))
        if len(self._jobs) >= self._queue_limit:
            return self.refuse(StoreBusy("too many requests wait for the store; try again"))
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        self._jobs.append(job)
        self._futures.append(future)
        if not self._working:
            self._working = True
            # Not at once: what else comes in this turn of the loop goes with it.
            loop.call_soon(self._next)
        return future

    def refuse(self, problem: Exception) -> asyncio.Future[Any]:
        """What `submit` returns for a job that is not taken."""
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        future.set_exception(problem)
        return future

    @property
    def waiting(self) -> int:
        """How many jobs no batch has taken yet."""
        return len(self._jobs)

    def _next(self) -> None:
        """Run the next batch, or rest."""
        jobs, futures = self._jobs, self._futures
        if not jobs:
            self._working = False
            if self._rested is not None:
                self._rested.set()
            return
        limit = self._batch_limit
        self._jobs, self._futures = jobs[limit:], futures[limit:]
        batch = jobs[:limit]
        back = partial(self._settle, batch, futures[:limit])
        try:
            self._run(batch, back)
        except Exception as error:
            asyncio.get_running_loop().call_soon(back, None, error)

    def _settle(
        self,
        jobs: Sequence[J],
        futures: Sequence[asyncio.Future[Any]],
        settled: Settled | None,
        error: BaseException | None,
    ) -> None:
        try:
            if settled is None:
                settled = [(None, error)] * len(jobs)
            done: list[J] = []
            for job, future, (result, problem) in zip(jobs, futures, settled, strict=True):
                if problem is None:
                    done.append(job)
                if future.done():
                    continue  # its caller was cancelled; what was committed stays committed
                if problem is None:
                    future.set_result(result)
                else:
                    future.set_exception(problem)
            # The callers go on in the next turn, and before the frames leave that this brings about: an answer and an
            # event for the same socket are one write.
            self._tell(done)
            if len(done) < len(jobs):
                self._failed()
        finally:
            self._next()

    def _tell(self, jobs: Sequence[J]) -> None:
        for job in jobs:
            try:
                self._after(job)
            except Exception:
                # It is durable all the same: its caller is answered, and those behind it are not held up.
                _log.exception("after_commit_failed")

    async def close(self) -> None:
        """Finish what was taken, and take nothing more."""
        self._closed = True
        while self._working:
            self._rested = self._rested or asyncio.Event()
            await self._rested.wait()
