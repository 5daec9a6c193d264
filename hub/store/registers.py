"""Registers: tills, known by the triple."""

from __future__ import annotations

from hub.store.records import Register
from hub.store.rows import Rows
from hub.store.session import Session

_COLUMNS = "register_key, register_id, business_name, vendor_name, register_name, contact, created_at"


class Registers:
    __slots__ = ("_rows", "_session")

    def __init__(self, session: Session) -> None:
        self._session = session
        self._rows = Rows(remembers=session.remembers)

    async def get(self, register_key: str) -> Register | None:
        row = self._rows.get(register_key)
        if row is None:
            row = await self._session.one(f"SELECT {_COLUMNS} FROM registers WHERE register_key = ?", register_key)
            if row is None:
                return None
            self._rows.remember(register_key, row)
        return Register(*row)

    async def by_token(self, token_digest: str) -> Register | None:
        row = await self._session.one(
            f"SELECT {_COLUMNS} FROM registers WHERE register_key = "
            "(SELECT register_key FROM register_tokens WHERE token_digest = ?)",
            token_digest,
        )
        return None if row is None else Register(*row)

    async def has_token(self, register_key: str, token_digest: str) -> bool:
        row = await self._session.one(
            "SELECT 1 FROM register_tokens WHERE token_digest = ? AND register_key = ?", token_digest, register_key
        )
        return row is not None

    async def tokens(self, register_key: str) -> tuple[str, ...]:
        """The digests of those that are good."""
        rows = await self._session.all(
            "SELECT token_digest FROM register_tokens WHERE register_key = ? ORDER BY granted_at, token_digest",
            register_key,
        )
        return tuple(row[0] for row in rows)

    async def grant_token(self, register_key: str, token_digest: str, *, at: int) -> None:
        """Grant one. It is newer than all before it, also if those came under a clock that stood ahead."""
        await self._session.run(
            "INSERT INTO register_tokens (token_digest, register_key, granted_at) VALUES (?, ?, max(?, "
            "coalesce((SELECT 1 + max(granted_at) FROM register_tokens WHERE register_key = ?), 0)))",
            token_digest,
            register_key,
            at,
            register_key,
        )

    async def void_tokens(self, register_key: str, *, but_newest: int) -> None:
        """Void the register's tokens, except for the newest ones."""
        await self._session.run(
            "DELETE FROM register_tokens WHERE register_key = ? AND token_digest NOT IN (SELECT token_digest "
            "FROM register_tokens WHERE register_key = ? ORDER BY granted_at DESC, token_digest LIMIT ?)",
            register_key,
            register_key,
            but_newest,
        )

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
            f"INSERT INTO registers ({_COLUMNS}, swept_event) VALUES (?, ?, ?, ?, ?, ?, ?, 0)",
            register.register_key,
            register.register_id,
            register.business_name,
            register.vendor_name,
            register.register_name,
            register.contact,
            register.created_at,
        )

    async def save(self, register: Register) -> None:
        """Store what a pairing may change: the shown name and the contact."""
        self._rows.forget(register.register_key)
        await self._session.run(
            "UPDATE registers SET register_name = ?, contact = ? WHERE register_key = ?",
            register.register_name,
            register.contact,
            register.register_key,
        )
