"""What the edge says of a command that has succeeded, where nobody waits for it in a task."""

from __future__ import annotations

from asyncio import Future
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def once_succeeded(future: Future[T], say: Callable[[T], None]) -> Future[T]:
    """Have `say` called with the future's result, ahead of who waits for it from now on; not at all if it has none.

    Its error is not looked at: who waits for it is told.
    """

    def done(future: Future[T]) -> None:
        if not future.cancelled() and future.exception() is None:
            say(future.result())

    future.add_done_callback(done)
    return future
