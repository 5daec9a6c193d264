"""Remembered rows are the database's: also after a command that failed half done, and after a lost batch."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.errors import StoreUnavailable
from hub.store.rows import LIMIT, Rows
from hub.store.sqlite import SqliteStore
from hub.store.unit import Unit
from statemachines.device_queue import QueueState
from statemachines.refusal import Refusal
from tests.commands.scene import Scene
from tests.store.remembered import check


async def _stall(unit: Unit) -> None:
    device = await unit.devices.get("D1")
    assert device is not None
    device.state = QueueState.STALLED
    await unit.devices.save_queue(device)


async def _stall_and_refuse(unit: Unit) -> None:
    await _stall(unit)
    raise Refusal("no", "No.")


async def _state(unit: Unit) -> QueueState:
    device = await unit.devices.get("D1")
    assert device is not None
    return device.state


def _ignore(_unit: Unit) -> None:
    pass


async def _checked(store: SqliteStore) -> int:
    return await store._writer.run(lambda connection: check(connection, store._repositories(connection)))


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    """The store of a scene with a device, a register and a transaction on its way."""
    scene = Scene(tmp_path)
    await scene.open()
    till = await scene.till(await scene.device())
    await till.pay()
    yield scene.store
    await scene.close()


async def test_hot_rows_are_remembered(store: SqliteStore) -> None:
    assert await _checked(store) >= 4


async def test_what_a_command_changed_before_it_failed_is_forgotten(store: SqliteStore) -> None:
    outcomes = await asyncio.gather(
        store.write(_state, _ignore),
        store.write(_stall_and_refuse, _ignore),
        store.write(_state, _ignore),
        return_exceptions=True,
    )
    assert (outcomes[0], outcomes[2]) == (QueueState.SENDING, QueueState.SENDING)
    assert isinstance(outcomes[1], Refusal)
    await _checked(store)


async def test_a_refusal_that_wrote_nothing_costs_the_others_nothing(store: SqliteStore) -> None:
    async def refuse(unit: Unit) -> None:
        await _state(unit)
        raise Refusal("no", "No.")

    remembered = await _checked(store)
    outcomes = await asyncio.gather(
        store.write(_stall, _ignore), store.write(refuse, _ignore), store.write(_state, _ignore), return_exceptions=True
    )
    assert isinstance(outcomes[1], Refusal)
    assert outcomes[2] is QueueState.STALLED
    assert await _checked(store) == remembered


async def test_what_a_command_changes_and_does_not_save_is_changed_nowhere(store: SqliteStore) -> None:
    async def careless(unit: Unit) -> None:
        device = await unit.devices.get("D1")
        assert device is not None
        device.state = QueueState.STALLED

    await store.write(careless, _ignore)
    assert await store.write(_state, _ignore) is QueueState.SENDING


async def test_what_a_lost_batch_changed_is_forgotten(store: SqliteStore) -> None:
    async def lose(unit: Unit) -> None:
        await _stall(unit)
        raise sqlite3.OperationalError("disk I/O error")

    with pytest.raises(StoreUnavailable):
        await store.write(lose, _ignore)
    assert await store.write(_state, _ignore) is QueueState.SENDING
    await _checked(store)


def test_rows_are_bounded() -> None:
    rows = Rows(remembers=True)
    for number in range(LIMIT + 1):
        rows.remember(str(number), (number,))
    assert len(rows.all()) == 1


def test_who_does_not_write_alone_remembers_nothing() -> None:
    rows = Rows(remembers=False)
    rows.remember("1", (1,))
    assert rows.get("1") is None
