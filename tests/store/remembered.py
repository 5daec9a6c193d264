"""What the writing session remembers, held against the database."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

import pytest

from hub.store import devices, pairings, registers, transactions
from hub.store.rows import Rows
from hub.store.session import Row
from hub.store.sqlite import SqliteStore
from hub.store.unit import Repositories
from statemachines.transaction import TRANSACTION


def check(connection: sqlite3.Connection, repositories: Repositories) -> int:
    """Each remembered row is the row of the database, and no queue is wrongly known as empty; returns how many."""
    last = (
        "coalesce((SELECT max(number) FROM register_events AS e WHERE e.register_key = r.register_key), swept_event) "
        "FROM registers AS r WHERE r.register_key = ?"
    )
    # What is remembered, how the database has it, and what is made of its row.
    remembered: list[tuple[Rows, str, Callable[[Row], Row]]] = [
        (repositories.devices._rows, f"{devices._COLUMNS} FROM devices WHERE device_id = ?", devices._fields),
        (repositories.registers._rows, f"{registers._COLUMNS} FROM registers WHERE register_key = ?", tuple),
        (
            repositories.pairings._active,
            f"{pairings._COLUMNS} FROM pairings WHERE state = 'active' AND register_key = ?",
            pairings._fields,
        ),
        (
            repositories.transactions._open,
            f"{transactions._COLUMNS} FROM transactions WHERE transaction_id = ?",
            transactions._fields,
        ),
        (repositories.events._last, last, tuple),
    ]
    count = 0
    for rows, select, fields in remembered:
        for key, known in rows.all().items():
            assert [fields(row) for row in connection.execute(f"SELECT {select}", (key,))] == [known]
            count += 1
    # What the index of the open ones goes by, and the queries that use it.
    ended = ", ".join(f"'{state.value}'" for state in TRANSACTION.final)
    wrong = f"SELECT count(*) FROM transactions WHERE (finished_at IS NOT NULL) <> (state IN ({ended}))"
    assert connection.execute(wrong).fetchone() == (0,)
    for device_id in repositories.transactions._none_waits.all():
        waiting = "SELECT count(*) FROM transactions WHERE device_id = ? AND state = 'queued'"
        assert connection.execute(waiting, (device_id,)).fetchone() == (0,)
        count += 1
    return count


def check_each_command(patch: pytest.MonkeyPatch) -> None:
    """From now on, after each command of any store."""
    written = SqliteStore._write_one

    def write_one(store: SqliteStore, connection: sqlite3.Connection, write: Any) -> Any:
        settled = written(store, connection, write)
        if settled[1] is None:
            check(connection, store._repositories(connection))
        return settled

    patch.setattr(SqliteStore, "_write_one", write_one)
