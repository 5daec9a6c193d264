"""Each register's own gapless sequence of events, recorded with the change itself."""

from __future__ import annotations

from hub.store.session import Session


class RegisterEvents:
    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = session

    async def next_number(self, register_key: str) -> int:
        """Take the next number; the register's row is locked until the commit, so none is skipped or taken twice."""
        row = await self._session.one(
            "UPDATE registers SET last_event = last_event + 1 WHERE register_key = ? RETURNING last_event",
            register_key,
        )
        assert row is not None, "an event for an unknown register"
        return int(row[0])

    async def add(self, register_key: str, number: int, at: int, frame: bytes) -> None:
        """`frame` is the encoded notification, kept as it goes out."""
        await self._session.run(
            "INSERT INTO register_events (register_key, number, at, frame) VALUES (?, ?, ?, ?)",
            register_key,
            number,
            at,
            frame.decode(),
        )

    async def after(self, register_key: str, number: int, *, limit: int) -> list[tuple[int, bytes]]:
        """The events after `number`, in order."""
        rows = await self._session.all(
            "SELECT number, frame FROM register_events WHERE register_key = ? AND number > ? ORDER BY number LIMIT ?",
            register_key,
            number,
            limit,
        )
        return [(row[0], row[1].encode()) for row in rows]

    async def oldest(self, register_key: str) -> int | None:
        row = await self._session.one("SELECT min(number) FROM register_events WHERE register_key = ?", register_key)
        return row[0] if row else None

    async def sweep(self, before: int, limit: int) -> int:
        return await self._session.run(
            "DELETE FROM register_events WHERE (register_key, number) IN "
            "(SELECT register_key, number FROM register_events WHERE at < ? ORDER BY at LIMIT ?)",
            before,
            limit,
        )
