"""Registers: tills, known by the triple."""

from __future__ import annotations

from hub.store.records import Register
from hub.store.session import Session

_COLUMNS = (
    "register_key, register_id, business_name, vendor_name, register_name, contact, token_digest, last_event, "
    "created_at"
)


class Registers:
    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = session

    async def get(self, register_key: str) -> Register | None:
        row = await self._session.one(f"SELECT {_COLUMNS} FROM registers WHERE register_key = ?", register_key)
        return None if row is None else Register(*row)

    async def by_token(self, token_digest: str) -> Register | None:
        row = await self._session.one(f"SELECT {_COLUMNS} FROM registers WHERE token_digest = ?", token_digest)
        return None if row is None else Register(*row)

    async def search(self, *, text: str, after: str, limit: int) -> list[Register]:
        """A page, in the order of the keys, of those with `text` in a name or the id."""
        rows = await self._session.all(
            f"SELECT {_COLUMNS} FROM registers WHERE register_key > ? AND (? = '' OR register_name LIKE ? "
            "OR business_name LIKE ? OR register_id LIKE ?) ORDER BY register_key LIMIT ?",
            after,
            text,
            *[f"%{text}%"] * 3,
            limit,
        )
        return [Register(*row) for row in rows]

    async def add(self, register: Register) -> None:
        await self._session.run(
            f"INSERT INTO registers ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            register.register_key,
            register.register_id,
            register.business_name,
            register.vendor_name,
            register.register_name,
            register.contact,
            register.token_digest,
            register.last_event,
            register.created_at,
        )

    async def save(self, register: Register) -> None:
        """Store what a pairing may change: the shown name, the contact, the token."""
        await self._session.run(
            "UPDATE registers SET register_name = ?, contact = ?, token_digest = ? WHERE register_key = ?",
            register.register_name,
            register.contact,
            register.token_digest,
            register.register_key,
        )
