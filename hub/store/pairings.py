"""Pairings: which register reaches which device, now and before."""

from __future__ import annotations

from hub.store.records import Pairing, Register
from hub.store.rows import Rows
from hub.store.session import Row, Session
from statemachines.pairing import PairingState

_COLUMNS = "pairing_id, register_key, device_id, state, paired_at, ended_at, cause"
_JOINED = (
    "p.pairing_id, p.register_key, p.device_id, p.state, p.paired_at, p.ended_at, p.cause, "
    "r.register_key, r.register_id, r.business_name, r.vendor_name, r.register_name, r.contact, "
    "r.created_at FROM pairings p JOIN registers r ON r.register_key = p.register_key"
)


def _fields(row: Row) -> Row:
    """A record's fields out of the columns: each of them immutable, as a remembered row must be."""
    return (*row[:3], PairingState(row[3]), *row[4:])


def _record(row: Row) -> Pairing:
    return Pairing(*_fields(row))


def _joined(row: Row) -> tuple[Pairing, Register]:
    return _record(row[:7]), Register(*row[7:])


class Pairings:
    __slots__ = ("_active", "_session")

    def __init__(self, session: Session) -> None:
        self._session = session
        self._active = Rows(remembers=session.remembers)
        """By register."""

    async def get(self, pairing_id: str) -> Pairing | None:
        row = await self._session.one(
            f"SELECT {_COLUMNS} FROM pairings WHERE pairing_id = ?{self._session.for_update}", pairing_id
        )
        return None if row is None else _record(row)

    async def active_of_register(self, register_key: str) -> Pairing | None:
        fields = self._active.get(register_key)
        if fields is None:
            row = await self._session.one(
                f"SELECT {_COLUMNS} FROM pairings WHERE register_key = ? AND state = 'active'"
                f"{self._session.for_update}",
                register_key,
            )
            if row is None:
                return None
            fields = _fields(row)
            self._active.remember(register_key, fields)
        return Pairing(*fields)

    async def active_of_device(self, device_id: str) -> list[tuple[Pairing, Register]]:
        """In the order in which they were paired."""
        rows = await self._session.all(
            f"SELECT {_JOINED} WHERE p.device_id = ? AND p.state = 'active' ORDER BY p.paired_at, p.pairing_id",
            device_id,
        )
        return [_joined(row) for row in rows]

    async def ended_since(self, device_id: str, since: int) -> list[tuple[Pairing, Register]]:
        rows = await self._session.all(
            f"SELECT {_JOINED} WHERE p.device_id = ? AND p.ended_at >= ? ORDER BY p.ended_at, p.pairing_id",
            device_id,
            since,
        )
        return [_joined(row) for row in rows]

    async def page(self, *, limit: int) -> list[tuple[Pairing, Register]]:
        """The active ones, newest first."""
        # Chosen first, for SQLite would join all of them before it sorts. And without the index of the active ones
        # (hence the plus): from it every single row would be looked up.
        rows = await self._session.all(
            f"SELECT {_JOINED} WHERE p.pairing_id IN (SELECT pairing_id FROM pairings WHERE +state = 'active' "
            "ORDER BY paired_at DESC, pairing_id LIMIT ?) ORDER BY p.paired_at DESC, p.pairing_id",
            limit,
        )
        return [_joined(row) for row in rows]

    async def count_active(self) -> int:
        row = await self._session.one("SELECT count(*) FROM pairings WHERE +state = 'active'")
        return int(row[0]) if row else 0

    async def add(self, pairing: Pairing) -> None:
        await self._session.run(
            f"INSERT INTO pairings ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)",
            pairing.pairing_id,
            pairing.register_key,
            pairing.device_id,
            pairing.state.value,
            pairing.paired_at,
            pairing.ended_at,
            pairing.cause,
        )

    async def save(self, pairing: Pairing) -> None:
        self._active.forget(pairing.register_key)
        await self._session.run(
            "UPDATE pairings SET state = ?, paired_at = ?, ended_at = ?, cause = ? WHERE pairing_id = ?",
            pairing.state.value,
            pairing.paired_at,
            pairing.ended_at,
            pairing.cause,
            pairing.pairing_id,
        )

    async def sweep(self, before: int, limit: int) -> int:
        """Forget pairings that ended before `before`."""
        return await self._session.run(
            "DELETE FROM pairings WHERE pairing_id IN "
            "(SELECT pairing_id FROM pairings WHERE ended_at < ? ORDER BY ended_at LIMIT ?)",
            before,
            limit,
        )
