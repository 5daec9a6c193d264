"""Facts about the store itself, such as the key that signs polling URLs."""

from __future__ import annotations

from collections.abc import Callable

from hub.store.session import Session


class Facts:
    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = session

    async def get(self, name: str) -> str | None:
        row = await self._session.one("SELECT value FROM meta WHERE name = ?", name)
        return None if row is None else str(row[0])

    async def get_or_make(self, name: str, make: Callable[[], str]) -> str:
        """The stored value; made and stored if there is none yet."""
        found = await self.get(name)
        if found is None:
            found = make()
            await self._session.run("INSERT INTO meta (name, value) VALUES (?, ?)", name, found)
        return found
