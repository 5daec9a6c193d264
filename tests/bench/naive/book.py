"""The tables of the naive build, written to statement by statement; each change is committed before it is told."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiosqlite

Json = dict[str, Any]
Step = Callable[[str, str], str]
"""(state, trigger) → the state after it; raises for a step that is not allowed."""

SCHEMA = """
CREATE TABLE pairings (register TEXT PRIMARY KEY, device TEXT NOT NULL, events INTEGER NOT NULL DEFAULT 0);
CREATE TABLE transactions (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, transaction_id TEXT NOT NULL UNIQUE, register TEXT NOT NULL,
    device TEXT NOT NULL, request TEXT NOT NULL, state TEXT NOT NULL, result TEXT
);
CREATE INDEX transactions_open ON transactions (device, seq) WHERE state IN ('queued', 'sending');
CREATE TABLE events (
    register TEXT NOT NULL, number INTEGER NOT NULL, frame TEXT NOT NULL, PRIMARY KEY (register, number)
);
"""


@dataclass(frozen=True)
class Told:
    """A frame to push, now that it is durable."""

    to: str
    frame: str


class Book:
    """One connection and one change at a time: a transaction on a shared connection must not be interleaved."""

    def __init__(self, database: aiosqlite.Connection, step: Step) -> None:
        self._database = database
        self._step = step
        self._turn = asyncio.Lock()

    @classmethod
    async def open(cls, path: Path, step: Step) -> Book:
        database = await aiosqlite.connect(path, isolation_level=None)
        await database.execute("PRAGMA journal_mode=WAL")
        await database.execute("PRAGMA synchronous=FULL")
        await database.executescript(SCHEMA)
        return cls(database, step)

    async def close(self) -> None:
        await self._database.close()

    async def _one(self, sql: str, *parameters: object) -> tuple[Any, ...] | None:
        async with self._database.execute(sql, parameters) as cursor:
            row = await cursor.fetchone()
        return None if row is None else tuple(row)

    async def pair(self, register: str, device: str) -> None:
        async with self._turn:
            await self._database.execute("INSERT INTO pairings (register, device) VALUES (?, ?)", (register, device))

    async def submit(self, register: str, request: Json) -> tuple[str, list[Told]]:
        """Queue a transaction, and send it if its device is free. `KeyError` if the register is not paired."""
        async with self._turn:
            await self._database.execute("BEGIN IMMEDIATE")
            try:
                pairing = await self._one("SELECT device FROM pairings WHERE register = ?", register)
                if pairing is None:
                    raise KeyError(register)
                device = pairing[0]
                transaction_id = str(uuid.uuid4())
                await self._database.execute(
                    "INSERT INTO transactions (transaction_id, register, device, request, state) "
                    "VALUES (?, ?, ?, ?, ?)",
                    (transaction_id, register, device, json.dumps(request), "queued"),
                )
                told = [await self._event(register, transaction_id, "queued")]
                told += await self._next(device)
            except BaseException:
                await self._database.execute("ROLLBACK")
                raise
            await self._database.execute("COMMIT")
        return transaction_id, told

    async def complete(self, device: str, result: Json) -> list[Told]:
        """Record the device's result, and send the next one."""
        transaction_id = result["transaction_id"]
        async with self._turn:
            await self._database.execute("BEGIN IMMEDIATE")
            try:
                row = await self._one(
                    "SELECT register, state FROM transactions WHERE transaction_id = ? AND device = ?",
                    transaction_id,
                    device,
                )
                if row is None:
                    raise KeyError(transaction_id)
                register, state = row
                after = self._step(state, result["outcome"])
                await self._database.execute(
                    "UPDATE transactions SET state = ?, result = ? WHERE transaction_id = ?",
                    (after, json.dumps(result), transaction_id),
                )
                told = [await self._event(register, transaction_id, after, result)]
                told += await self._next(device)
            except BaseException:
                await self._database.execute("ROLLBACK")
                raise
            await self._database.execute("COMMIT")
        return told

    async def _next(self, device: str) -> list[Told]:
        """Send the head of the device's queue, unless one is at the device already."""
        head = await self._one(
            "SELECT transaction_id, register, request, state FROM transactions "
            "WHERE device = ? AND state IN ('queued', 'sending') ORDER BY state = 'queued', seq LIMIT 1",
            device,
        )
        if head is None or head[3] == "sending":
            return []
        transaction_id, register, request, state = head
        after = self._step(state, "dispatch")
        await self._database.execute(
            "UPDATE transactions SET state = ? WHERE transaction_id = ?", (after, transaction_id)
        )
        told = await self._event(register, transaction_id, after)
        params = {"transaction_id": transaction_id, **json.loads(request)}
        start = {"jsonrpc": "2.0", "id": f"start:{transaction_id}:1", "method": "transaction.start", "params": params}
        return [told, Told(device, json.dumps(start))]

    async def _event(self, register: str, transaction_id: str, state: str, result: Json | None = None) -> Told:
        row = await self._one("UPDATE pairings SET events = events + 1 WHERE register = ? RETURNING events", register)
        assert row is not None
        transaction = {
            "transaction_id": transaction_id,
            "state": state,
            "final": state not in ("queued", "sending"),
            "result": result,
        }
        params = {"event": row[0], "transaction": transaction}
        frame = json.dumps({"jsonrpc": "2.0", "method": "transaction.updated", "params": params})
        await self._database.execute(
            "INSERT INTO events (register, number, frame) VALUES (?, ?, ?)", (register, row[0], frame)
        )
        return Told(register, frame)
