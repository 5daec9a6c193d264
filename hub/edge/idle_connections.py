"""The HTTP connections that wait for a next request: bounded, and let go of when the hub goes down."""

from __future__ import annotations

from typing import Protocol


class Idle(Protocol):
    def let_go(self) -> None:
        """Close it; it has left."""


class IdleConnections:
    """Of too many the one that has waited for longest is closed. Used on the event loop only."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._waiting: dict[Idle, None] = {}
        """In the order in which they began to wait."""

    def __len__(self) -> int:
        return len(self._waiting)

    def enter(self, connection: Idle) -> None:
        waiting = self._waiting
        waiting[connection] = None
        if len(waiting) > self._limit:
            self._let_one_go()

    def leave(self, connection: Idle) -> None:
        self._waiting.pop(connection, None)

    def let_all_go(self) -> None:
        """Now, and each that would come."""
        self._limit = 0
        while self._waiting:
            self._let_one_go()

    def _let_one_go(self) -> None:
        longest = next(iter(self._waiting))
        del self._waiting[longest]
        longest.let_go()
