"""A store as it is after long use: many devices, registers, transactions and their events.

One of each is made by the hub itself, over the wire: enrolled, paired, paid, told. Then every row that came of it is
cloned with ids of its own, in every table that has one, so all columns and indexes are filled as real use fills them.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import random
import sqlite3
import time
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

from hub.entropy import Entropy, register_key
from tests.bench.fleet import BUSINESS, VENDOR, name_of
from tests.bench.orders import Orders
from tests.bench.serving import Cores, hub
from tests.bench.shop import Shop

Row = tuple[Any, ...]

WEEK_MS = 7 * 86_400_000
"""Transactions are spread over it: as long as a hub keeps the events of registers by default."""


@dataclass(frozen=True)
class Filled:
    """A store that is ready; every device has this credential."""

    folder: Path
    credential: str

    @property
    def database(self) -> Path:
        return self.folder / "data" / "hub.db"


def fill(folder: Path, *, devices: int, registers: int, transactions: int = 0, seed: int = 1) -> Filled:
    """Make a store. Register `i` is paired with device `i` modulo `devices`; the hub must not be running.

    Transactions need at least two registers.
    """
    credential, transaction_id = _first_payment(folder)
    database = sqlite3.connect(folder / "data" / "hub.db", isolation_level=None)
    try:
        # Nothing here needs to survive a crash: the file is made anew. The hub opens it with its own settings.
        database.execute("PRAGMA journal_mode=OFF")
        database.execute("PRAGMA synchronous=OFF")
        database.execute("PRAGMA cache_size=-1048576")
        database.execute("BEGIN")
        _Clones(database, transaction_id).make(devices, registers, transactions, seed)
        database.execute("COMMIT")
        database.execute("PRAGMA journal_mode=WAL")
    finally:
        database.close()
    _settle(folder / "data" / "hub.db")
    return Filled(folder, credential)


def _settle(file: Path) -> None:
    """Wait until it is on the disk: else the kernel would write it there while the hub is measured."""
    with file.open("rb") as opened:
        os.fsync(opened.fileno())


def _first_payment(folder: Path) -> tuple[str, str]:
    """Let the hub itself enrol, pair and settle once; returns the credential and the transaction's id."""

    async def pay(url: str, pid: int) -> tuple[str, str]:
        orders = Orders(
            play="phases", url=url, pid=pid, devices=1, registers=1, seed=0, limit_seconds=60, acknowledged=""
        )
        shop = Shop(orders)
        async with asyncio.timeout(orders.limit_seconds):
            await shop.open()
            await shop.pay(shop.registers[0], None)
        [device], [register] = shop.devices, shop.registers
        assert device.credential is not None
        assert device.socket is not None
        assert register.socket is not None
        device.socket.abort()
        register.socket.abort()
        return device.credential, shop.acknowledged[0]

    with hub(folder, Cores(None, None)) as served:
        return asyncio.run(pay(served.url, served.pid))


class _Clones:
    """Copies of what the first device, register and transaction left in the tables."""

    def __init__(self, database: sqlite3.Connection, transaction_id: str) -> None:
        self._database = database
        self._transaction_id = transaction_id
        self._device_id = name_of(0)
        self._register_key = _key(0)
        self._now = time.time_ns() // 1_000_000
        self._tables: dict[str, tuple[list[str], list[Row]]] = {}
        for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            if not table.startswith("sqlite_"):
                # An event's own id is given by the table, in the order of arrival.
                what = "register_key, number, at, frame" if table == "register_events" else "*"
                cursor = database.execute(f"SELECT {what} FROM {table}")
                self._tables[table] = [column[0] for column in cursor.description], cursor.fetchall()
        self._events = sorted(self._of("register_events"), key=lambda row: row[1])

    def _of(self, table: str) -> list[Row]:
        return self._tables[table][1]

    def _insert(self, table: str, rows: Iterable[Row]) -> None:
        columns, _ = self._tables[table]
        marks = ", ".join("?" * len(columns))
        rows = iter(rows)
        # In slices, for the generator's rows are made while it goes.
        while batch := list(islice(rows, 20_000)):
            self._database.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", batch)

    def make(self, devices: int, registers: int, transactions: int, seed: int) -> None:
        first_device = self._of("devices")[0]
        position = self._tables["devices"][0].index("device_id")
        before, after = first_device[:position], first_device[position + 1 :]
        self._insert("devices", ((*before, name_of(i), *after) for i in range(1, devices)))
        self._registers(devices, registers)
        self._transactions(devices, registers, _ids(seed, transactions, self._now))

    def _registers(self, devices: int, registers: int) -> None:
        """Every row that belongs to a register or its pairing, and is not about a transaction."""

        def clone(names: list[str], row: Row, i: int) -> Row:
            changed = {
                "register_key": _key(i),
                "register_id": name_of(i),
                "register_name": name_of(i),
                "device_id": name_of(i % devices),
                "token_digest": hashlib.sha256(name_of(i).encode()).hexdigest(),
            }
            if names[0] not in changed:
                changed[names[0]] = str(uuid.uuid4())
            return tuple(changed.get(name, value) for name, value in zip(names, row, strict=True))

        # The parents first: the tables refer to them.
        tables = sorted(set(self._tables) - {"devices", "register_events"}, key=lambda table: table != "registers")
        for table in tables:
            names, rows = self._tables[table]
            for row in rows:
                own = self._register_key in row or self._device_id in row
                if own and not any(isinstance(value, str) and self._transaction_id in value for value in row):
                    self._insert(table, (clone(names, row, i) for i in range(1, registers)))

    def _transactions(self, devices: int, registers: int, ids: list[str]) -> None:
        self._insert("register_events", self._cloned_events(devices, registers, ids))
        for table, (names, rows) in self._tables.items():
            # A device's row names the transaction that it is busy with, if any: that is not a record of it.
            if table in ("register_events", "devices"):
                continue
            for row in rows:
                if any(isinstance(value, str) and self._transaction_id in value for value in row):
                    self._insert(table, self._copies(names, row, devices, registers, ids))

    def _cloned_events(self, devices: int, registers: int, ids: list[str]) -> Iterator[Row]:
        before = [row for row in self._events if self._transaction_id not in row[3]]
        during = [row for row in self._events if self._transaction_id in row[3]]
        numbers = [0] * registers
        for i in range(1, registers):
            for _, was, at, frame in before:
                numbers[i] += 1
                yield _key(i), numbers[i], at - WEEK_MS, self._told(frame, was, numbers[i], name_of(i % devices))
        # In the order of time, as the hub appends them.
        for n, transaction_id in enumerate(ids):
            i = _payer(n, registers)
            at = self._now - _ago(n, len(ids))
            for _, was, _, frame in during:
                numbers[i] += 1
                told = self._told(frame, was, numbers[i], name_of(i % devices))
                yield _key(i), numbers[i], at, told.replace(self._transaction_id, transaction_id)

    def _copies(self, names: list[str], row: Row, devices: int, registers: int, ids: list[str]) -> Iterator[Row]:
        """Copies of a row about the first transaction: ids replaced, times moved, a sequence number counted on."""
        times = [n for n, value in enumerate(row) if isinstance(value, int) and value > WEEK_MS]
        texts = [n for n, value in enumerate(row) if isinstance(value, str) and self._transaction_id in value]
        keys = [n for n, value in enumerate(row) if value == self._register_key]
        device_ids = [n for n, value in enumerate(row) if value == self._device_id]
        seq = names.index("seq") if "seq" in names else None
        for n, transaction_id in enumerate(ids):
            i = _payer(n, registers)
            values = list(row)
            for position in times:
                values[position] -= _ago(n, len(ids))
            for position in texts:
                values[position] = values[position].replace(self._transaction_id, transaction_id)
            for position in keys:
                values[position] = _key(i)
            for position in device_ids:
                values[position] = name_of(i % devices)
            if seq is not None:
                values[seq] += n + 1
            yield tuple(values)

    def _told(self, frame: str, was: int, number: int, device_id: str) -> str:
        return frame.replace(f'"event":{was},', f'"event":{number},', 1).replace(self._device_id, device_id)


def _ids(seed: int, count: int, now: int) -> list[str]:
    """As the hub makes them: ordered by time."""
    entropy = Entropy(random.Random(seed))
    return [entropy.ordered_uuid(now - _ago(n, count)) for n in range(count)]


def _payer(n: int, registers: int) -> int:
    """Whose the cloned transaction `n` is. The first register has the one that the hub itself made."""
    return 1 + n % (registers - 1)


def _ago(n: int, count: int) -> int:
    """How long ago the cloned transaction `n` was, in milliseconds: the first a week, the last just now."""
    return WEEK_MS - n * WEEK_MS // count


@cache
def _key(i: int) -> str:
    return register_key(name_of(i), BUSINESS, VENDOR)
