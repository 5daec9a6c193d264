"""Builds that differ from the hub on purpose, by a patch that only tests can apply; see `nursery.py`."""

from __future__ import annotations

import asyncio
import ctypes
import gc
import os
import socket
import sqlite3
import time
from pathlib import Path
from typing import Any, cast

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from hub import server
from hub.commands import queue, subscription
from hub.edge.websocket_protocol import HubWebSocketProtocol
from hub.store.records import Device, Transaction
from hub.store.sqlite import connection as connections
from hub.store.sqlite import migration
from hub.store.sqlite import store as stores
from hub.store.sqlite.store import SqliteStore
from hub.store.transactions import Transactions
from hub.store.unit import Unit
from hub.wire import jsonrpc

NARROW_BYTES = 2048
PR_SET_THP_DISABLE = 41
CLOCK_FILE = "FAULTS_CLOCK_FILE"
"""Environment: a file with the seconds by which the machine's clock is wrong."""


def _put(owner: object, name: str, instead: object) -> None:
    setattr(owner, name, instead)


def _with_pragma(pragma: str) -> None:
    connect = connections._connect_writer

    def patched(path: Path) -> sqlite3.Connection:
        connection = connect(path)
        connection.execute(f"PRAGMA {pragma}")
        return connection

    _put(connections, "_connect_writer", patched)


def eager_checkpoints() -> None:
    """A checkpoint every 40 pages instead of every 1,000: each run sees many, and the log starts over many times."""
    _with_pragma("wal_autocheckpoint=40")


def synchronous_normal() -> None:
    """The positive control of the power cuts: acknowledged rows can be lost."""
    _with_pragma("synchronous=NORMAL")


def narrow_pipes() -> None:
    """Small buffers towards the peer: one that reads nothing is felt after a few frames, not after megabytes."""
    made = HubWebSocketProtocol.connection_made

    def connection_made(self: WebSocketsSansIOProtocol, transport: asyncio.BaseTransport) -> None:
        made(self, transport)
        cast(asyncio.Transport, transport).set_write_buffer_limits(NARROW_BYTES)
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, NARROW_BYTES)

    _put(HubWebSocketProtocol, "connection_made", connection_made)


def stepping_clock() -> None:
    """The machine's wall clock is as wrong as a file says, and that may change at any moment."""
    wrong_by = Path(os.environ[CLOCK_FILE])
    true_ns = time.time_ns

    def time_ns() -> int:
        return true_ns() + int(wrong_by.read_text()) * 1_000_000_000

    time.time_ns = time_ns
    time.time = lambda: time_ns() / 1_000_000_000


# Builds that are wrong: the positive controls of test_controls.py.

FORGOTTEN = 3
"""Batches: the last was perhaps not answered any more."""


def forgets_a_batch() -> None:
    """What it answered last before it was killed is gone when it starts again: a disk that lied about its syncs."""
    connect = connections._connect_writer

    def patched(path: Path) -> sqlite3.Connection:
        log = path.with_name(f"{path.name}-wal")
        if log.exists():
            _cut_off(log, commits=FORGOTTEN)
        return connect(path)

    _put(connections, "_connect_writer", patched)


def _cut_off(log: Path, *, commits: int) -> None:
    """Shorten a write-ahead log by its last commits (https://www.sqlite.org/fileformat2.html#the_write_ahead_log)."""
    content = log.read_bytes()
    page_bytes, salts = int.from_bytes(content[8:12]), content[16:24]
    ends = []
    for at in range(32, len(content), 24 + page_bytes):
        if content[at + 8 : at + 16] != salts:
            break  # left from before the log started over
        if any(content[at + 4 : at + 8]):
            ends.append(at)
    if ends:
        os.truncate(log, ends[-min(commits, len(ends))])


def believes_in_the_disk() -> None:
    """A commit that failed is taken for one that did not."""
    written = SqliteStore._write_batch

    class Believing:
        def __init__(self, connection: sqlite3.Connection) -> None:
            self._connection = connection

        def __getattr__(self, name: str) -> Any:
            return getattr(self._connection, name)

        def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
            try:
                return self._connection.execute(sql, *parameters)
            except sqlite3.Error:
                if sql != "COMMIT":
                    raise
                return self._connection.execute("ROLLBACK" if self._connection.in_transaction else "SELECT 1")

    def write(store: SqliteStore, connection: sqlite3.Connection, batch: Any) -> Any:
        return written(store, cast(sqlite3.Connection, Believing(connection)), batch)

    _put(SqliteStore, "_write_batch", write)


def ignores_the_key() -> None:
    """A key is neither looked up nor unique: a retry is another order."""
    migrated = migration.migrate

    def migrate(connection: sqlite3.Connection) -> int:
        version = migrated(connection)
        connection.execute("DROP INDEX IF EXISTS transactions_key")
        return version

    async def unknown(_self: Transactions, _register: str, _key: str) -> None:
        return None

    _put(stores, "migrate", migrate)
    _put(Transactions, "by_idempotency_key", unknown)


def loses_what_was_missed() -> None:
    """A register that comes back goes on with what is new."""

    async def replay(unit: Unit, register_key: str, seen: int | None, last: int) -> tuple[int, str]:
        return last, "none"

    _put(subscription, "_replay", replay)


async def sent_on(unit: Unit, device: Device, transaction: Transaction, *, cause: str) -> None:
    """In place of `queue.abandon`: what one hardware had is sent to the next."""
    await queue.doubt(unit, transaction, cause=cause)
    await queue.put_back(unit, transaction, late=cause)
    await queue.release(unit, device, transaction)


def sends_to_new_hardware() -> None:
    """What the old hardware had is sent to the one that replaces it."""
    _put(queue, "abandon", sent_on)


def collects_early() -> None:
    """No wrong build: the collector comes as often as in any Python program. What still grows is a leak, and does not
    merely wait for the collector. Nor does its memory grow by two MiB at a time, as it does where huge pages are given
    to whoever does not ask for them."""
    _put(server, "_calm_garbage_collector", gc.collect)
    ctypes.CDLL(None).prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0)


def trips_over_odd_methods() -> None:
    """A careless lookup in the middle of the parsing."""
    parsed = jsonrpc.parse

    def parse(text: str | bytes) -> jsonrpc.Incoming:
        message = parsed(text)
        if message.method is not None and not message.method.replace(".", "").isalpha():
            raise KeyError(message.method)
        return message

    _put(jsonrpc, "parse", parse)


def keeps_every_frame() -> None:
    """A leak: everything that was ever read is remembered."""
    parsed = jsonrpc.parse
    kept: list[bytes] = []

    def parse(text: str | bytes) -> jsonrpc.Incoming:
        kept.append(repr(text).encode() * 20)
        return parsed(text)

    _put(jsonrpc, "parse", parse)
