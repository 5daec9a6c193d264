"""Commands are committed in groups: one that fails takes nothing of the others with it, and none is told too early."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from hub.errors import StoreBusy, StoreUnavailable
from hub.store.base import Command
from hub.store.sqlite import SqliteStore
from hub.store.unit import Unit
from statemachines.refusal import Refusal


def _ignore(_unit: Unit) -> None:
    pass


def _fact(name: str, value: str = "x") -> Command[str]:
    async def command(unit: Unit) -> str:
        return await unit.facts.get_or_make(name, lambda: value)

    return command


def _refused(name: str) -> Command[None]:
    async def command(unit: Unit) -> None:
        await unit.facts.get_or_make(name, lambda: "half done")
        raise Refusal("no", "No.")

    return command


async def _read(store: SqliteStore, name: str) -> str | None:
    return await store.read(lambda unit: unit.facts.get(name))


async def test_a_refused_command_leaves_nothing_and_takes_nothing_of_the_others(store: SqliteStore) -> None:
    outcomes = await asyncio.gather(
        store.write(_fact("a"), _ignore),
        store.write(_refused("b"), _ignore),
        store.write(_fact("c"), _ignore),
        return_exceptions=True,
    )
    assert outcomes[0] == outcomes[2] == "x"
    assert isinstance(outcomes[1], Refusal)
    assert [await _read(store, name) for name in "abc"] == ["x", None, "x"]


async def test_a_command_that_breaks_a_constraint_harms_itself_only(store: SqliteStore) -> None:
    async def twice(unit: Unit) -> None:
        for _ in range(2):
            await unit.operator_actions.add("id", at=1, operator="o", action="a", subject="s", note="")

    outcomes = await asyncio.gather(
        store.write(twice, _ignore), store.write(_fact("a"), _ignore), return_exceptions=True
    )
    assert isinstance(outcomes[0], sqlite3.IntegrityError)
    assert outcomes[1] == "x"
    assert await store.read(lambda unit: unit.operator_actions.page(limit=10)) == []


async def test_what_is_told_after_the_commit_is_told_in_the_order_of_the_commands(store: SqliteStore) -> None:
    told: list[int] = []
    await asyncio.gather(*(store.write(_fact(f"{n}"), lambda _unit, n=n: told.append(n)) for n in range(30)))  # type: ignore[misc]
    assert told == list(range(30))


async def test_a_refused_command_tells_nothing(store: SqliteStore) -> None:
    told: list[Unit] = []
    with pytest.raises(Refusal):
        await store.write(_refused("a"), told.append)
    assert told == []


async def test_a_read_sees_every_write_that_has_returned(store: SqliteStore) -> None:
    for n in range(20):
        await store.write(_fact(f"{n}", f"value {n}"), _ignore)
        assert await _read(store, f"{n}") == f"value {n}"


async def test_cancelling_the_caller_does_not_undo_the_command(store: SqliteStore) -> None:
    caller = asyncio.ensure_future(store.write(_fact("a"), _ignore))
    await asyncio.sleep(0)  # it has been submitted
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    await store.write(_fact("b"), _ignore)
    assert await _read(store, "a") == "x"


async def test_too_many_that_wait_are_refused_and_nothing_of_them_happens(store: SqliteStore) -> None:
    outcomes = await asyncio.gather(*(store.write(_fact(f"{n}"), _ignore) for n in range(60)), return_exceptions=True)
    refused = [n for n, outcome in enumerate(outcomes) if isinstance(outcome, StoreBusy)]
    assert refused == list(range(50, 60))
    assert [await _read(store, f"{n}") for n in refused] == [None] * 10
    assert outcomes[:50] == ["x"] * 50


async def test_what_was_taken_before_the_end_is_done_and_told_and_nothing_more_is_taken(store: SqliteStore) -> None:
    told: list[Unit] = []
    taken = [store.write(_fact(f"{n}"), told.append) for n in range(50)]
    seen = _read(store, "0")
    await asyncio.gather(store.close(), seen)
    assert [write.result() for write in taken] == ["x"] * 50
    assert len(told) == 50
    with pytest.raises(StoreUnavailable):
        await store.write(_fact("late"), _ignore)
    with pytest.raises(StoreUnavailable):
        await _read(store, "0")


async def test_a_command_that_waits_for_anything_but_its_unit_is_a_fault(store: SqliteStore) -> None:
    async def sleepy(unit: Unit) -> None:
        await unit.facts.get_or_make("a", lambda: "x")
        await asyncio.sleep(0)

    with pytest.raises(RuntimeError, match="awaited something other"):
        await store.write(sleepy, _ignore)
    assert await _read(store, "a") is None


async def test_a_query_cannot_write(store: SqliteStore) -> None:
    with pytest.raises(StoreUnavailable, match=r"readonly|read-only"):
        await store.read(_fact("a"))
    assert await _read(store, "a") is None


async def test_a_full_disk_refuses_the_command_and_the_store_goes_on(store: SqliteStore, broken: list[str]) -> None:
    def limit_pages(connection: sqlite3.Connection) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages + 1}")

    await store._writer.run(limit_pages)
    with pytest.raises(StoreUnavailable):
        await store.write(_fact("big", "x" * 100_000), _ignore)
    await store._writer.run(lambda connection: connection.execute("PRAGMA max_page_count = 1000000").fetchone())
    assert await store.write(_fact("small"), _ignore) == "x"
    assert await _read(store, "big") is None
    assert broken == []


async def test_after_a_failed_commit_everyone_is_told_and_nothing_more_is_taken(
    store: SqliteStore, broken: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody can know what is on the disk: the process ends and starts again from there."""

    class Failing:
        """The connection, with a commit that fails as a failed fsync does."""

        def __init__(self, connection: sqlite3.Connection) -> None:
            self._connection = connection

        def execute(self, sql: str, *parameters: Any) -> object:
            if sql == "COMMIT":
                raise sqlite3.OperationalError("disk I/O error")
            return self._connection.execute(sql, *parameters)

        @property
        def in_transaction(self) -> bool:
            return self._connection.in_transaction

        @property
        def total_changes(self) -> int:
            return self._connection.total_changes

    run = store._write_batch
    monkeypatch.setattr(
        store,
        "_write_batch",
        lambda connection, batch: run(Failing(connection), batch),  # type: ignore[arg-type]
    )
    outcomes = await asyncio.gather(*(store.write(_fact(f"{n}"), _ignore) for n in range(30)), return_exceptions=True)
    assert all(isinstance(outcome, StoreUnavailable) for outcome in outcomes)
    assert broken == ["broken"], "though more batches waited than one"
    with pytest.raises(StoreUnavailable):
        await store.write(_fact("later"), _ignore)


async def test_every_commit_is_synced(store: SqliteStore) -> None:
    def pragmas(connection: sqlite3.Connection) -> tuple[object, object, object]:
        names = ("journal_mode", "synchronous", "foreign_keys")
        journal, synchronous, keys = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names)
        return journal, synchronous, keys

    assert await store._writer.run(pragmas) == ("wal", 2, 1)  # 2 is FULL


async def test_a_backup_is_whole_and_refuses_to_overwrite(store: SqliteStore, tmp_path: Path) -> None:
    await store.write(_fact("a"), _ignore)
    target = tmp_path / "backups" / "hub.db"
    size = await store.backup(target)
    assert size == target.stat().st_size
    copy = sqlite3.connect(target)
    assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert copy.execute("SELECT value FROM meta WHERE name = 'a'").fetchone() == ("x",)
    copy.close()
    with pytest.raises(FileExistsError):
        await store.backup(target)
