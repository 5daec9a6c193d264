"""Callbacks: the durable outbox of notices to the POS's own URLs."""

from __future__ import annotations

from hub.store.records import Callback
from hub.store.session import Session

_COLUMNS = "callback_id, transaction_id, url, state, attempts, due_at, last_error, created_at"


class Callbacks:
    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = session

    async def get(self, callback_id: str) -> Callback | None:
        row = await self._session.one(
            f"SELECT {_COLUMNS} FROM callbacks WHERE callback_id = ?{self._session.for_update}", callback_id
        )
        return None if row is None else Callback(*row)

    async def of_transaction(self, transaction_id: str) -> list[Callback]:
        rows = await self._session.all(
            f"SELECT {_COLUMNS} FROM callbacks WHERE transaction_id = ? ORDER BY created_at, callback_id",
            transaction_id,
        )
        return [Callback(*row) for row in rows]

    async def add(self, callback: Callback) -> None:
        await self._session.run(
            f"INSERT INTO callbacks ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            callback.callback_id,
            callback.transaction_id,
            callback.url,
            callback.state,
            callback.attempts,
            callback.due_at,
            callback.last_error,
            callback.created_at,
        )

    async def save(self, callback: Callback) -> None:
        await self._session.run(
            "UPDATE callbacks SET state = ?, attempts = ?, due_at = ?, last_error = ? WHERE callback_id = ?",
            callback.state,
            callback.attempts,
            callback.due_at,
            callback.last_error,
            callback.callback_id,
        )

    async def due(self, now: int, limit: int) -> list[Callback]:
        rows = await self._session.all(
            f"SELECT {_COLUMNS} FROM callbacks WHERE due_at <= ? ORDER BY due_at LIMIT ?", now, limit
        )
        return [Callback(*row) for row in rows]

    async def next_due_after(self, now: int) -> int | None:
        row = await self._session.one("SELECT min(due_at) FROM callbacks WHERE due_at > ?", now)
        return row[0] if row else None
