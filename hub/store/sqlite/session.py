"""A session on the connection's own thread: its `async` methods never suspend."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable
from typing import Any, TypeVar

from hub.store.session import Row

T = TypeVar("T")


class SqliteSession:
    __slots__ = ("_execute", "remembers")

    for_update = ""

    def __init__(self, connection: sqlite3.Connection, *, remembers: bool) -> None:
        self._execute = connection.execute
        self.remembers = remembers
        """True for the one connection that writes, whose store drops the repositories after each rollback."""

    async def one(self, sql: str, *parameters: Any) -> Row | None:
        # Fetched to the end: a statement left open would keep the commit from happening.
        rows = self._execute(sql, parameters).fetchall()
        return rows[0] if rows else None

    async def all(self, sql: str, *parameters: Any) -> list[Row]:
        return self._execute(sql, parameters).fetchall()

    async def insert(self, sql: str, *parameters: Any) -> int:
        # Not RETURNING: SQLite fills a table of its own with what it returns, a tenth of all statements of a payment.
        key: int | None = self._execute(sql, parameters).lastrowid
        assert key is not None
        return key

    async def run(self, sql: str, *parameters: Any) -> int:
        return self._execute(sql, parameters).rowcount


def drive(command: Awaitable[T]) -> T:
    """Run a command to its end, here and now.

    Raises `RuntimeError` if it awaits anything but its unit: such a command would hold up every other one.
    """
    coroutine: Any = command
    try:
        coroutine.send(None)
    except StopIteration as stop:
        result: T = stop.value
        return result
    coroutine.close()
    raise RuntimeError("a command awaited something other than its unit")
