"""What a repository asks of a database: four verbs over portable SQL.

Placeholders are `?`, in order; a store whose driver wants another form rewrites them when it prepares the statement.
"""

from __future__ import annotations

from typing import Any, Protocol

Row = tuple[Any, ...]


class Session(Protocol):
    """One transaction of the database."""

    @property
    def for_update(self) -> str:
        """What to append to a SELECT that locks its rows; empty where the store has one writer."""

    @property
    def remembers(self) -> bool:
        """Whether nobody else writes, so that rows may be remembered (`hub.store.rows`)."""

    async def one(self, sql: str, *parameters: Any) -> Row | None:
        """The first row, if any."""

    async def all(self, sql: str, *parameters: Any) -> list[Row]: ...

    async def insert(self, sql: str, *parameters: Any) -> int:
        """Insert one row and return the key that the database gave it: the first column, an integer."""

    async def run(self, sql: str, *parameters: Any) -> int:
        """Execute and return how many rows it touched."""
