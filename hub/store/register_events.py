"""Each register's own gapless sequence of events, recorded with the change itself.

The events themselves tell the last number; no counter is written for each. Old events are swept in the order in which
they came, and the register keeps the number of its last one that went (`swept_event`).
"""

from __future__ import annotations

from itertools import takewhile

from hub.store.rows import Rows
from hub.store.session import Session


class RegisterEvents:
    __slots__ = ("_last", "_session")

    def __init__(self, session: Session) -> None:
        self._session = session
        self._last = Rows(remembers=session.remembers)

    async def last(self, register_key: str) -> int:
        """The number of the register's latest event; 0 if there was none."""
        row = self._last.get(register_key)
        if row is None:
            row = await self._session.one(
                "SELECT coalesce((SELECT max(number) FROM register_events WHERE register_key = ?), swept_event) "
                f"FROM registers WHERE register_key = ?{self._session.for_update}",
                register_key,
                register_key,
            )
            if row is None:
                return 0
        return int(row[0])

    async def next_number(self, register_key: str) -> int:
        """The number of the event that is added next; the register's row is locked until the commit."""
        return 1 + await self.last(register_key)

    async def add(self, register_key: str, number: int, at: int, frame: bytes) -> None:
        """`frame` is the encoded notification, kept as it goes out."""
        await self._session.run(
            "INSERT INTO register_events (register_key, number, at, frame) VALUES (?, ?, ?, ?)",
            register_key,
            number,
            at,
            frame.decode(),
        )
        self._last.remember(register_key, (number,))

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
        """Delete what is older than `before`, in the order in which it came; return how many events went."""
        old = await self._session.all(
            "SELECT event_id, register_key, number, at FROM register_events ORDER BY event_id LIMIT ?", limit
        )
        old = list(takewhile(lambda row: row[3] < before, old))
        if not old:
            return 0
        swept = {register_key: number for _, register_key, number, _ in old}
        for register_key, number in swept.items():
            await self._session.run(
                "UPDATE registers SET swept_event = ? WHERE register_key = ? AND swept_event < ?",
                number,
                register_key,
                number,
            )
        return await self._session.run("DELETE FROM register_events WHERE event_id <= ?", old[-1][0])
