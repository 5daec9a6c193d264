"""What operators did: who, when, to what, and why."""

from __future__ import annotations

from hub.store.session import Row, Session


class OperatorActions:
    __slots__ = ("_session",)

    def __init__(self, session: Session) -> None:
        self._session = session

    async def add(self, action_id: str, *, at: int, operator: str, action: str, subject: str, note: str) -> None:
        await self._session.run(
            "INSERT INTO operator_actions (action_id, at, operator, action, subject, note) VALUES (?, ?, ?, ?, ?, ?)",
            action_id,
            at,
            operator,
            action,
            subject,
            note,
        )

    async def page(self, *, limit: int) -> list[Row]:
        """Newest first: at, operator, action, subject, note."""
        return await self._session.all(
            "SELECT at, operator, action, subject, note FROM operator_actions ORDER BY at DESC, action_id LIMIT ?",
            limit,
        )

    async def of_subject(self, subject: str) -> list[Row]:
        return await self._session.all(
            "SELECT at, operator, action, subject, note FROM operator_actions WHERE subject = ? ORDER BY at, action_id",
            subject,
        )
