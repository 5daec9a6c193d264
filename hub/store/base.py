"""What the hub asks of a store."""

from __future__ import annotations

from asyncio import Future
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Protocol, TypeVar

from hub.store.unit import Unit

T = TypeVar("T")
Command = Callable[[Unit], Awaitable[T]]
"""`async def` over a unit; it awaits nothing but the unit's repositories."""

AfterCommit = Callable[[Unit], None]


class Store(Protocol):
    def write(self, command: Command[T], after_commit: AfterCommit) -> Future[T]:
        """Run `command` in one transaction; the future tells what it returns, once that is durable.

        It may be run more than once before that, each time from the start, so it has no effect but on its unit.

        `after_commit` is called on the event loop, in commit order, before the caller goes on. The future raises what
        `command` raises, and nothing of it is kept then. It raises `StoreBusy` (nothing happened) or `StoreUnavailable`
        (it may or may not have happened; ask again with the idempotency key). Cancelling it does not undo the command.
        Commands are applied in the order of the calls.
        """

    def read(self, query: Command[T]) -> Future[T]:
        """Run `query` on a consistent, committed state; it must not write."""

    async def backup(self, target: Path) -> int:
        """Write a consistent copy while the hub works; return its bytes. One at a time; others wait.

        Raises `FileExistsError` if `target` exists, and `StoreUnavailable` if it broke off; nothing of it is left then.
        """

    def break_off_backups(self) -> None:
        """The hub goes down: the backup under way ends at its next step, and none begins any more."""

    @property
    def waiting(self) -> int:
        """How many commands wait to be taken."""

    async def close(self) -> None: ...
