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

    async def sweep(self, before: int, limit: int, *, now: int) -> int:
        """Delete what is older than `before`, in the order in which it came; return how many events went.

        The look ends at an event that is young. One from the future is not: the clock stood wrong when it came, perhaps
        for as long as that process ran. It goes as soon as one behind it is old, and holds up nobody.
        """
        found = await self._session.all(
            "SELECT event_id, register_key, number, at FROM register_events ORDER BY event_id LIMIT ?", limit
        )
        swept = list(takewhile(lambda row: row[3] < before or row[3] > now, found))
        while swept and swept[-1][3] >= before:
            if len(swept) == limit and await self._is_old_behind(swept[-1][0], before):
                break
            del swept[-1]
        if not swept:
            return 0
        last_numbers = {register_key: number for _, register_key, number, _ in swept}
        for register_key, number in last_numbers.items():
            await self._session.run(
                "UPDATE registers SET swept_event = ? WHERE register_key = ? AND swept_event < ?",
                number,
                register_key,
                number,
            )
        return await self._session.run("DELETE FROM register_events WHERE event_id <= ?", swept[-1][0])

    async def _is_old_behind(self, event_id: int, before: int) -> bool:
        """Whether an old event came after this one: a few looks, at doubling distances from the newest on.

        An old one may be missed. Those behind grow old without end, so one is met in time.
        """
        row = await self._session.one("SELECT max(event_id) FROM register_events")
        newest = row[0] if row else event_id
        distance = 1
        while (place := newest + 1 - distance) > event_id:
            row = await self._session.one(
                "SELECT at FROM register_events WHERE event_id >= ? ORDER BY event_id LIMIT 1", place
            )
            if row is not None and row[0] < before:
                return True
            distance *= 2
        return False
