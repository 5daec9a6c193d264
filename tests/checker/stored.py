"""The final store, as the judge reads it: with SQL of its own, so that no repository of the hub's stands between."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec


@dataclass(frozen=True, slots=True)
class StoredTransaction:
    seq: int
    transaction_id: str
    register: str
    device: str
    key: str | None
    amount_cents: int | None
    received_at: int
    state: str
    sends: int
    sent_serial: str | None
    outcome: str | None
    conflict: str | None
    by_operator: bool
    cause: str | None
    history: str

    @property
    def lines(self) -> list[tuple[int, str, str]]:
        """(time, what, state after it)"""
        return [
            (int(at), what, state) for at, what, state in (line.split(" ", 2) for line in self.history.splitlines())
        ]


@dataclass(frozen=True, slots=True)
class StoredPairing:
    pairing_id: str
    register: str
    device: str
    state: str
    paired_at: int
    ended_at: int | None
    cause: str | None


class _Outcome(msgspec.Struct):
    outcome: str


class _Request(msgspec.Struct):
    amount_total_cents: int | None = None


class _Transaction(msgspec.Struct):
    transaction_id: str
    state: str


class _Params(msgspec.Struct):
    transaction: _Transaction | None = None


class _Frame(msgspec.Struct):
    params: _Params


_outcome = msgspec.json.Decoder(_Outcome).decode
_request = msgspec.json.Decoder(_Request).decode
_frame = msgspec.json.Decoder(_Frame).decode


def _transaction(row: tuple[Any, ...]) -> StoredTransaction:
    fields: list[Any] = [
        *row[:5],
        _request(row[5]).amount_total_cents,
        *row[6:10],
        None if row[10] is None else _outcome(row[10]).outcome,
        None if row[11] is None else _outcome(row[11]).outcome,
        row[12] is not None,
        *row[13:],
    ]
    return StoredTransaction(*fields)


_LAST_EVENTS = """
SELECT register_key, coalesce(
    (SELECT max(number) FROM register_events WHERE register_events.register_key = registers.register_key), swept_event
) FROM registers
"""


@dataclass(frozen=True)
class Stored:
    transactions: dict[str, StoredTransaction] = field(default_factory=dict)
    pairings: dict[str, StoredPairing] = field(default_factory=dict)
    last_events: dict[str, int] = field(default_factory=dict)
    """By register key."""
    online: dict[str, bool] = field(default_factory=dict)
    """By device."""
    events: dict[tuple[str, int], tuple[str, str] | None] = field(default_factory=dict)
    """By register key and number: the transaction and its state, if the event is of a transaction. Old ones go."""

    @classmethod
    def of(cls, connection: sqlite3.Connection) -> Stored:
        transactions = (
            _transaction(row)
            for row in connection.execute(
                "SELECT seq, transaction_id, register_key, device_id, idempotency_key, request, received_at, state, "
                "sends, sent_serial, result, conflict, resolved_by, cause, history FROM transactions ORDER BY seq"
            )
        )
        pairings = connection.execute(
            "SELECT pairing_id, register_key, device_id, state, paired_at, ended_at, cause FROM pairings"
        )
        events = connection.execute("SELECT register_key, number, frame FROM register_events")
        return cls(
            {transaction.transaction_id: transaction for transaction in transactions},
            {row[0]: StoredPairing(*row) for row in pairings},
            dict(connection.execute(_LAST_EVENTS).fetchall()),
            {
                device: state != "offline"
                for device, state in connection.execute("SELECT device_id, state FROM devices")
            },
            {(key, number): _told(text) for key, number, text in events},
        )

    @classmethod
    def read(cls, path: Path) -> Stored:
        """From a database that no hub has open."""
        connection = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)
        try:
            return cls.of(connection)
        finally:
            connection.close()


def _told(text: str) -> tuple[str, str] | None:
    transaction = _frame(text).params.transaction
    return None if transaction is None else (transaction.transaction_id, transaction.state)
