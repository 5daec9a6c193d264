"""Transactions for an operator, newest first, however far back those asked for are."""

from __future__ import annotations

from hub.commands import admin
from hub.engine import Engine
from hub.wire.admin import TransactionRow
from statemachines.transaction import TransactionState


async def page(
    engine: Engine,
    *,
    state: TransactionState | None = None,
    device_id: str | None = None,
    attention: bool = False,
    before: int | None = None,
    limit: int,
) -> list[TransactionRow]:
    """Up to `limit` of them, fewer only at the end; the `seq` of the last one is `before` for the page after it.

    One short query after another: between two of them the store's reader answers polls, and the WAL can start anew. So
    it is no snapshot. One that changes its state meanwhile may be missing, and none is there twice.
    """
    found: list[TransactionRow] = []
    while True:
        more, before = await engine.query(
            admin.transactions,
            state=state,
            device_id=device_id,
            attention=attention,
            before=before,
            limit=limit - len(found),
        )
        found += more
        if before is None or len(found) == limit:
            return found
