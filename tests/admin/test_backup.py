"""The online backup: a whole, working database, taken while the hub is at work."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import shutil
import sqlite3
from pathlib import Path

import pytest

from hub.store.sqlite import backup
from tests.admin.desk import assert_refused, get, post
from tests.clock import ManualClock
from tests.running import RunningHub, running
from tests.shop import Shop, Till, until


async def taken(hub: RunningHub) -> Path:
    answer = await post(hub, "/backup")
    assert answer.status_code == 201, answer.text
    path = Path(answer.json()["file"])
    assert answer.json()["bytes"] == _size(path)
    return path


def _size(path: Path) -> int:
    return path.stat().st_size


async def test_sound(shop: Shop) -> None:
    """In the folder of backups, named by the time, readable by itself."""
    till = await shop.register(await shop.device())
    await till.pay()
    path = await taken(shop.hub)
    assert path == shop.hub.settings.data_dir / "backups" / "hub-202601010000000000.db"
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert database.execute("SELECT count(*) FROM transactions").fetchone() == (1,)


async def test_a_hub_goes_on_from_it(shop: Shop, tmp_path: Path, clock: ManualClock) -> None:
    """Restored in another folder: pairings, credentials, tokens and polling URLs are all good."""
    device = await shop.device()
    till = await shop.register(device)
    first = await till.pay()
    await device.started()
    await device.complete(first["transactionId"])
    path = await taken(shop.hub)
    await till.pay()
    (tmp_path / "restored").mkdir()
    shutil.copy(path, tmp_path / "restored" / "hub.db")
    async with running(tmp_path / "restored", clock) as hub:
        old = first["data"]["PollingUrl"].removeprefix(shop.hub.url)
        assert (await hub.http.get(old)).json()["data"]["TransactionResult"] == "OK-ACCEPTED"
        device.hub = hub
        welcome = await device.switch_on()
        assert [each["register_id"] for each in welcome["pairings"]] == [till.register_id]
        there = Till(hub)
        await there.pay()
        await device.started()
        seen = await there.connect(last_event=1_000)
        assert seen["replay"] == "snapshot", "numbers that the restored hub never gave"


async def test_no_event_number_is_given_out_twice(shop: Shop, tmp_path: Path, clock: ManualClock) -> None:
    """A till has seen events that the backup does not know; the restored hub has as many others when it comes."""
    device = await shop.device()
    till = await shop.register(device)
    path = await taken(shop.hub)
    await till.pay()
    seen = (await till.connect())["event"]
    (tmp_path / "restored").mkdir()
    shutil.copy(path, tmp_path / "restored" / "hub.db")
    async with running(tmp_path / "restored", clock) as hub:
        there = Till(hub)
        await there.pay()
        welcome = await there.connect(last_event=seen)
        assert welcome["replay"] == "snapshot"
        assert [each["state"] for each in welcome["transactions"]] == ["queued"]
        assert (await there.connect(last_event=welcome["event"]))["replay"] == "none"


async def test_while_payments_go_on(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing waits for it, and each copy, which takes many steps, holds whole transactions."""
    monkeypatch.setattr(backup, "PAGES_A_STEP", 1)
    device = await shop.device()
    till = await shop.register(device)

    async def pay() -> None:
        for _ in range(20):
            await till.pay()
            started = await device.started()
            await device.complete(started["transaction_id"])

    async def back_up() -> list[Path]:
        paths = []
        for _ in range(3):
            paths.append(await taken(shop.hub))
            shop.hub.clock.advance(0.001)
        return paths

    _, paths = await asyncio.gather(pay(), back_up())
    for path in paths:
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


async def test_a_copy_is_of_one_moment(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is committed between two steps is not in it, and does not make it begin again."""
    till = await shop.register(await shop.device())
    first = await till.pay()
    steps = 0
    loop = asyncio.get_running_loop()
    synced = os.fsync

    def pay_once_at_the_third(file: int) -> None:
        nonlocal steps
        steps += 1
        if steps == 3:
            asyncio.run_coroutine_threadsafe(till.pay(), loop).result()
        synced(file)

    monkeypatch.setattr(backup, "PAGES_A_STEP", 1)
    monkeypatch.setattr(os, "fsync", pay_once_at_the_third)
    path = await taken(shop.hub)
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        pages: int = database.execute("PRAGMA page_count").fetchone()[0]
        found = database.execute("SELECT transaction_id FROM transactions").fetchall()
    assert steps == pages + 1, "and the folder"
    assert found == [(first["transactionId"],)]
    assert len(await ids_listed(shop)) == 2


async def ids_listed(shop: Shop) -> list[str]:
    listed = (await get(shop.hub, "/transactions"))["transactions"]
    return [each["transaction"]["transaction_id"] for each in listed]


@pytest.mark.parametrize("left", [0, 2, 3])
async def test_one_that_breaks_off_leaves_nothing_on_a_disk_that_may_be_full(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, left: int
) -> None:
    """At once, after some steps, or with the last one, of the folder. The hub goes on, and says what it was."""
    till = await shop.register(await shop.device())
    monkeypatch.setattr(backup, "PAGES_A_STEP", 16)

    def full(_file: int) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        assert "space" in assert_refused(await post(shop.hub, "/backup"), 503, "store_unavailable")
    assert list((shop.hub.settings.data_dir / "backups").iterdir()) == []
    await till.pay()
    await taken(shop.hub)


@pytest.mark.parametrize("where", ["in the copy", "in its last statements"])
async def test_one_that_is_under_way_when_the_hub_ends(shop: Shop, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    """It ends at its next step and says so, as one behind it does; nothing is left of it."""
    await (await shop.register(await shop.device())).pay()
    loop = asyncio.get_running_loop()
    waiting = shop.hub.edge.waiting
    steps = 0

    async def begin_to_end() -> None:
        shop.hub.server.stop()
        await until(lambda: waiting._released)

    def end_at_the_third(_file: int) -> None:
        nonlocal steps
        steps += 1
        if steps == 3:
            asyncio.run_coroutine_threadsafe(begin_to_end(), loop).result()

    def end_before(copied: sqlite3.Connection) -> None:
        asyncio.run_coroutine_threadsafe(begin_to_end(), loop).result()
        begin_new_sequences(copied)

    begin_new_sequences = backup._begin_new_sequences
    monkeypatch.setattr(backup, "PAGES_A_STEP", 1)
    monkeypatch.setattr(backup, "INSTRUCTIONS_A_STEP", 1)
    if where == "in the copy":
        monkeypatch.setattr(os, "fsync", end_at_the_third)
    else:
        monkeypatch.setattr(backup, "_begin_new_sequences", end_before)
    answers = await asyncio.gather(post(shop.hub, "/backup"), post(shop.hub, "/backup"))
    monkeypatch.undo()
    await shop.hub.stop()
    left = list((shop.hub.settings.data_dir / "backups").iterdir())
    await shop.hub.start()
    for answer in answers:
        assert "going down" in assert_refused(answer, 503, "store_unavailable")
    assert left == []
    assert steps in (0, 3)
    await taken(shop.hub)


async def test_what_a_hub_that_was_killed_left_of_one_goes_with_the_next(hub: RunningHub) -> None:
    path = await taken(hub)
    for name in ("hub-202512310000000000.part", "hub-202512310000000000.part-journal"):
        path.with_name(name).write_bytes(b"half")
    hub.clock.advance(1)
    again = await taken(hub)
    assert set(path.parent.iterdir()) == {path, again}


async def test_several_at_once_come_one_after_another(hub: RunningHub) -> None:
    """In the same millisecond: one is made, and it is whole."""
    answers = await asyncio.gather(*[post(hub, "/backup") for _ in range(4)])
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    (path,) = (hub.settings.data_dir / "backups").iterdir()
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


async def test_twice_in_a_millisecond(hub: RunningHub) -> None:
    """The first is not overwritten."""
    first = await taken(hub)
    before = first.read_bytes()
    assert_refused(await post(hub, "/backup"), 409, "backup_exists")
    assert first.read_bytes() == before
    hub.clock.advance(0.001)
    assert await taken(hub) != first


async def test_the_name_cannot_be_chosen(hub: RunningHub) -> None:
    """Whatever is sent along is ignored."""
    answer = await post(hub, "/backup?file=/tmp/x.db", {"file": "/tmp/x.db"})
    assert Path(answer.json()["file"]).parent == hub.settings.data_dir / "backups"
