"""The store's threads and its disk: the real `SqliteStore` over a database in memory.

A batch of the store runs when the scheduler says so, not before; then it has happened, whether or not the hub lives to
hear of it. That is what a crash keeps: everything committed, and nothing else.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import deque
from collections.abc import Callable
from enum import StrEnum
from typing import Any

from hub.errors import StoreUnavailable
from hub.store.sqlite.migration import migrate


class Trouble(StrEnum):
    """What the disk does to the next writing batch."""

    REFUSES = "a statement fails"
    LOSES_COMMIT = "the commit fails, and nothing of it is kept"
    KEEPS_COMMIT = "the commit fails, and all of it is kept"


_TOUCHES_NO_DISK = frozenset(("BEGIN", "COMMIT", "ROLLBACK"))
"""A commit has troubles of its own."""


class Disk:
    """The database of one run; it outlives the hub. Quacks like `sqlite3.Connection`, as far as the store asks."""

    def __init__(self) -> None:
        self._connection = sqlite3.connect(":memory:", isolation_level=None, cached_statements=512)
        self._connection.execute("PRAGMA foreign_keys=ON")
        migrate(self._connection)
        self._execute = self._connection.execute
        self._trouble: Trouble | None = None
        self._countdown = 0

    @property
    def rows(self) -> sqlite3.Connection:
        """For the judge."""
        return self._connection

    @property
    def in_transaction(self) -> bool:
        return self._connection.in_transaction

    @property
    def total_changes(self) -> int:
        return self._connection.total_changes

    def execute(self, sql: str, parameters: tuple[Any, ...] = ()) -> sqlite3.Cursor:
        # A method, not an attribute that is exchanged: the store may keep hold of it for as long as it lives.
        if self._trouble is None:
            return self._execute(sql, parameters)
        return self._troubled(self._trouble, sql, parameters)

    def _troubled(self, trouble: Trouble, sql: str, parameters: tuple[Any, ...]) -> sqlite3.Cursor:
        if trouble is Trouble.REFUSES:
            self._countdown -= 1
            if self._countdown < 0 and sql not in _TOUCHES_NO_DISK:
                self.heal()
                raise sqlite3.OperationalError("database or disk is full")
        elif sql == "COMMIT":
            self.heal()
            self._execute("COMMIT" if trouble is Trouble.KEEPS_COMMIT else "ROLLBACK")
            raise sqlite3.OperationalError("disk I/O error")
        return self._execute(sql, parameters)

    def fail_next(self, trouble: Trouble, countdown: int) -> None:
        """`REFUSES` lets so many statements pass first."""
        self._trouble, self._countdown = trouble, countdown

    def heal(self) -> None:
        self._trouble = None

    def close(self) -> None:
        self._connection.close()


class Thread:
    """Stands in for one `ThreadConnection` of one life of the hub."""

    def __init__(self, disk: Disk, loop: asyncio.AbstractEventLoop) -> None:
        self._disk = disk
        self._loop = loop
        self._waiting: deque[tuple[Callable[[Any], Any], asyncio.Future[Any]]] = deque()
        self.dead = False

    def __len__(self) -> int:
        return len(self._waiting)

    def run(self, function: Callable[[Any], Any]) -> asyncio.Future[Any]:
        if self.dead:
            raise StoreUnavailable("the hub is dead")
        done = self._loop.create_future()
        self._waiting.append((function, done))
        return done

    def hand(self, function: Callable[[Any], Any], back: Callable[[Any, BaseException | None], None]) -> None:
        def done(ran: asyncio.Future[Any]) -> None:
            error = ran.exception()
            back(None if error is not None else ran.result(), error)

        self.run(function).add_done_callback(done)

    async def close(self) -> None:
        self.dead = True

    def step(self) -> None:
        """Run the call that waits; whoever waits for it hears of it when the loop runs next."""
        function, done = self._waiting.popleft()
        try:
            result = function(self._disk)
        except Exception as error:
            if not done.done():
                done.set_exception(error)
        else:
            if not done.done():
                done.set_result(result)

    def kill(self) -> None:
        """The process is gone: what waited never happens."""
        self.dead = True
        while self._waiting:
            _, done = self._waiting.popleft()
            if not done.done():
                done.set_exception(StoreUnavailable("the hub is dead"))
