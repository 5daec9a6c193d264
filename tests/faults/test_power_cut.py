"""Replayed power cuts: everything that was told is on the disk, whatever part of the unsynced writes is lost."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.faults import power_cut
from tests.faults.campaign import by_itself, check
from tests.faults.crowd import Size
from tests.faults.disk_model import Disk
from tests.faults.disk_record import Create, Sync, Unlink, Write, read
from tests.faults.nursery_client import Nursery

pytestmark = pytest.mark.timeout(900)  # each is many runs, which have time limits of their own


@pytest.mark.parametrize("seed", [1, 2])
async def test_nothing_told_is_lost(seed: int) -> None:
    report = await check("power_cut", by_itself(power_cut.run), [seed])
    assert report.counts["states"] == 150


async def test_positive_control_synchronous_normal_is_caught(tmp_path: Path) -> None:
    """The same with a hub whose `synchronous` was lowered: if this finds nothing, the replay cannot find anything."""
    plan = power_cut.Plan(lives=1, stops=False, patches=(), size=Size(payments=3))
    (tmp_path / "made-in").write_text(str(tmp_path / "data"))
    async with Nursery() as nursery:
        operations = await power_cut.record(
            nursery, tmp_path, 1, plan, patches=["tests.faults.patches:synchronous_normal"]
        )
    problems = await power_cut.replay(operations, 1, 100, tmp_path / "cut")
    assert len(problems) > 30
    assert any("lost" in problem for problem in problems)


def _cut(*operations: Create | Write | Sync | Unlink, seed: int = 1) -> dict[str, bytes]:
    disk = Disk()
    for operation in operations:
        disk.take(operation)
    return {name: bytes(content) for name, content in disk.cut(random.Random(seed)).items()}


def test_what_is_synced_survives_every_cut() -> None:
    for seed in range(50):
        found = _cut(Create("a"), Write("a", 0, b"x" * 5000), Sync("a", 2), Write("a", 0, b"y" * 600), seed=seed)
        assert found["a"][1024:] == b"x" * 3976
        assert set(found["a"][:1024]) <= set(b"xy")


def test_what_is_not_synced_may_be_lost_in_parts() -> None:
    found = {_cut(Create("a"), Sync("a", 1), Write("a", 0, b"y" * 1024), seed=seed)["a"] for seed in range(200)}
    assert {b"", b"y" * 512, bytes(512) + b"y" * 512, b"y" * 1024} <= found


def test_a_sync_covers_only_what_was_written_before_it_began() -> None:
    found = {_cut(Create("a"), Write("a", 0, b"y"), Sync("a", 1), seed=seed).get("a") for seed in range(50)}
    assert found == {b"", b"y"}


def test_names_reach_the_disk_in_order_and_with_the_folder() -> None:
    unsynced = {tuple(_cut(Create("a"), Create("b"), Unlink("a"), seed=seed)) for seed in range(100)}
    assert unsynced == {(), ("a",), ("a", "b"), ("b",)}
    assert {tuple(_cut(Create("a"), Create("b"), Unlink("a"), Sync("", 3), seed=seed)) for seed in range(20)} == {
        ("b",)
    }


def test_a_write_in_which_the_hub_was_killed_is_there(tmp_path: Path) -> None:
    """The kernel ends it, and the next life builds upon it, though strace saw no result. A sync proves nothing so."""
    trace = tmp_path / "life-1.trace"
    trace.write_text(
        '7 openat(AT_FDCWD, "/d/hub.db-wal", O_RDWR|O_CREAT, 0644) = 5</d/hub.db-wal>\n'
        '7 pwrite64(5</d/hub.db-wal>, "\\x61\\x62", 2, 0) = 2\n'
        '7 pwrite64(5</d/hub.db-wal>, "\\x63\\x64", 2, 2) = ?\n'
        "7 fdatasync(5</d/hub.db-wal>) = ?\n"
        "7 +++ killed by SIGKILL +++\n"
    )
    assert read([trace], Path("/d")) == [
        Create("hub.db-wal"),
        Write("hub.db-wal", 0, b"ab"),
        Write("hub.db-wal", 2, b"cd"),
    ]
