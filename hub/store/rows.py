"""Rows that a session remembers, so that a hot row is not read again for every command.

Law: a remembered row is the row of the database, in the session's own transaction. So a repository remembers what it
has read or written, and forgets what it has changed otherwise; and whoever rolls anything back drops all of it. Only a
session that alone writes may remember for longer than one transaction. What is remembered are the immutable rows,
never the records made of them: what a command changes and does not save is changed nowhere. Where a column is decoded
(a request, a state), it is the row of immutable fields that is remembered, so it is decoded once.
"""

from __future__ import annotations

from hub.store.session import Row

LIMIT = 20_000
"""Rows of one table; about 20 MiB of transactions. When it is reached all of them are forgotten."""


class Rows:
    """The rows of one table by a key. Where nothing may be remembered, nothing is found."""

    __slots__ = ("_remembers", "_rows", "get")

    def __init__(self, *, remembers: bool) -> None:
        self._remembers = remembers
        self._rows: dict[str, Row] = {}
        self.get = self._rows.get
        """The row of a key, or None."""

    def remember(self, key: str, row: Row) -> None:
        if self._remembers:
            if len(self._rows) >= LIMIT:
                self._rows.clear()
            self._rows[key] = row

    def forget(self, key: str) -> None:
        self._rows.pop(key, None)

    def forget_all(self) -> None:
        self._rows.clear()

    def all(self) -> dict[str, Row]:
        """What is remembered, for a check against the database."""
        return dict(self._rows)
