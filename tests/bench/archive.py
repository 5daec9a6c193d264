"""An archive: transactions that ended before, with their events, written straight into the tables."""

from __future__ import annotations

import sqlite3
from uuid import uuid4

PORTION = 10_000


def _columns(connection: sqlite3.Connection, table: str) -> list[str]:
    return [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]


def fill(connection: sqlite3.Connection, transactions: int, *, now: int) -> None:
    """Store so many ended transactions of the registers that there are, a second apart, the last one ended now.

    Each has the two events of the final states' frames that its register would have got.
    """
    pairs = connection.execute(
        "SELECT register_key, device_id FROM pairings WHERE state = 'active' ORDER BY register_key"
    ).fetchall()
    sample = {
        "merchant_id": str(uuid4()),
        "request": '{"function":"Card.Purchase","amount_total_cents":500}',
        "fingerprint": "0" * 32,
        "sends": 1,
        "asks": 1,
        "sent_serial": "SN",
        "state": "approved",
        "result": '{"outcome":"approved","amount_total_cents":500,"auth_id":"PIN147","card_pan":"....0138"}',
        "history": "1790000000000 submit queued\n1790000000000 dispatch sending\n1790000000001 complete approved\n",
    }
    columns = [name for name in _columns(connection, "transactions") if name != "seq"]
    insert = f"INSERT INTO transactions ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
    frame = '{"jsonrpc":"2.0","method":"transaction.updated","params":{' + '"padding":"' + "x" * 560 + '"}}'
    numbers: dict[str, int] = dict(
        connection.execute("SELECT register_key, max(number) FROM register_events GROUP BY register_key").fetchall()
    )
    for begin in range(0, transactions, PORTION):
        rows, events = [], []
        for number in range(begin, min(begin + PORTION, transactions)):
            register_key, device_id = pairs[number % len(pairs)]
            at = now - (transactions - number) * 1000
            row = sample | {
                "transaction_id": str(uuid4()),
                "register_key": register_key,
                "device_id": device_id,
                "received_at": at,
                "start_by": at + 180_000,
                "updated_at": at,
                "acknowledged_at": at,
                "finished_at": at,
            }
            rows.append([row.get(name) for name in columns])
            for _ in range(2):
                numbers[register_key] += 1
                events.append((register_key, numbers[register_key], at, frame))
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(insert, rows)
        connection.executemany(
            "INSERT INTO register_events (register_key, number, at, frame) VALUES (?, ?, ?, ?)", events
        )
        connection.execute("COMMIT")
