"""Pairing codes: live ones in full, old ones blanked."""

from __future__ import annotations

from hub.store.records import PairingCode
from hub.store.session import Row, Session
from statemachines.pairing_code import PAIRING_CODE, CodeState

_COLUMNS = "code_id, device_id, code, state, issued_at, expires_at, session_ends_at, due_at"


def _record(row: Row) -> PairingCode:
    code = PairingCode(*row)
    code.state = CodeState(code.state)
    return code


class PairingCodes:
    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = session

    async def live(self, code: str) -> PairingCode | None:
        """The code that a person typed, if it is still good for something."""
        row = await self._session.one(
            f"SELECT {_COLUMNS} FROM pairing_codes WHERE code = ? AND state IN ('issued', 'replaced')"
            f"{self._session.for_update}",
            code,
        )
        return None if row is None else _record(row)

    async def get(self, code_id: str) -> PairingCode | None:
        row = await self._session.one(
            f"SELECT {_COLUMNS} FROM pairing_codes WHERE code_id = ?{self._session.for_update}", code_id
        )
        return None if row is None else _record(row)

    async def live_of_device(self, device_id: str) -> list[PairingCode]:
        """Oldest first; at most one of them is `issued`."""
        rows = await self._session.all(
            f"SELECT {_COLUMNS} FROM pairing_codes WHERE device_id = ? AND state IN ('issued', 'replaced') "
            f"ORDER BY issued_at, code_id{self._session.for_update}",
            device_id,
        )
        return [_record(row) for row in rows]

    async def list_live(self, *, limit: int) -> list[PairingCode]:
        rows = await self._session.all(
            f"SELECT {_COLUMNS} FROM pairing_codes INDEXED BY pairing_codes_live "
            "WHERE state IN ('issued', 'replaced') ORDER BY issued_at DESC, code_id LIMIT ?",
            limit,
        )
        return [_record(row) for row in rows]

    async def add(self, code: PairingCode) -> None:
        await self._session.run(
            f"INSERT INTO pairing_codes ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            code.code_id,
            code.device_id,
            code.code,
            code.state.value,
            code.issued_at,
            code.expires_at,
            code.session_ends_at,
            code.due_at,
        )

    async def save(self, code: PairingCode) -> None:
        """Store the state and deadline; a code that has ended is blanked."""
        if code.state in PAIRING_CODE.final:
            code.code = code.masked
            code.due_at = None
        await self._session.run(
            "UPDATE pairing_codes SET code = ?, state = ?, due_at = ? WHERE code_id = ?",
            code.code,
            code.state.value,
            code.due_at,
            code.code_id,
        )

    async def due(self, now: int, limit: int) -> list[str]:
        rows = await self._session.all(
            "SELECT code_id FROM pairing_codes WHERE due_at <= ? ORDER BY due_at LIMIT ?", now, limit
        )
        return [row[0] for row in rows]

    async def next_due(self) -> int | None:
        row = await self._session.one("SELECT min(due_at) FROM pairing_codes WHERE due_at IS NOT NULL")
        return row[0] if row else None

    async def sweep(self, before: int, limit: int) -> int:
        return await self._session.run(
            "DELETE FROM pairing_codes WHERE code_id IN (SELECT code_id FROM pairing_codes "
            "WHERE issued_at < ? AND state NOT IN ('issued', 'replaced') ORDER BY issued_at LIMIT ?)",
            before,
            limit,
        )
