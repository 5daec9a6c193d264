"""The bench itself, tiny: a filled store, the hub and the naive build under load, and figures that would lie."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.bench.bench import TINY, Bench
from tests.bench.fill import Filled
from tests.bench.generator import FiguresLie, check, missing_in_hub, missing_in_table
from tests.bench.orders import Json, Orders
from tests.bench.peers.catalogue import PEERS
from tests.bench.serving import Cores


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    # Not pinned: the tests run beside others.
    return Bench(tmp_path_factory.mktemp("bench"), TINY, Cores(None, None), seed=1, quiet=True)


@pytest.fixture(scope="module")
def filled(bench: Bench) -> Filled:
    return bench.filled(bench.folder / "filled", devices=3, registers=5, transactions=20)


@pytest.fixture
def stored(filled: Filled) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(filled.database)
    yield connection
    connection.close()


def test_a_filled_store_is_as_the_hub_leaves_one(stored: sqlite3.Connection) -> None:
    def all_of(sql: str) -> list[Any]:
        return stored.execute(sql).fetchall()

    assert all_of("PRAGMA integrity_check") == [("ok",)]
    assert all_of("PRAGMA foreign_key_check") == []
    assert all_of("SELECT count(*), count(DISTINCT transaction_id) FROM transactions WHERE state = 'approved'") == [
        (21, 21)
    ]
    for table, count in (("devices", 3), ("registers", 5), ("pairings", 5), ("register_tokens", 5)):
        assert all_of(f"SELECT count(*) FROM {table}") == [(count,)], table
    # Each register's sequence is gapless, and tells of the transactions that it has.
    for (key,) in all_of("SELECT register_key FROM registers"):
        numbers = all_of(f"SELECT number FROM register_events WHERE register_key = '{key}' ORDER BY event_id")
        assert [number for (number,) in numbers] == list(range(1, len(numbers) + 1))
        for (transaction_id,) in all_of(f"SELECT transaction_id FROM transactions WHERE register_key = '{key}'"):
            told = all_of(
                f"SELECT count(*) FROM register_events WHERE register_key = '{key}' AND frame LIKE '%{transaction_id}%'"
            )
            assert told == [(2,)]


def test_the_hub_serves_a_filled_store_under_load_and_every_payment_is_checked(bench: Bench, filled: Filled) -> None:
    both = [phase for door in ("pos", "socket") for phase in bench.phases((2,), door)]
    [report] = bench.hub_run(filled, {}, {"play": "phases", "devices": 2, "registers": 2, "phases": both})
    for phase in report["phases"]:
        assert phase["finished"] > 0
        assert phase["errors"] == 0
        assert 0 < phase["to_device_ms"]["p50"] <= phase["whole_ms"]["p50"] <= phase["whole_ms"]["p99"]
        assert phase["server_cpu"] > 0
    assert missing_in_hub(filled.folder / "data")(["never-seen"]) == ["never-seen"]


def test_the_naive_build_does_the_same_work(bench: Bench) -> None:
    fleet: dict[str, object] = {"play": "phases", "devices": 2, "registers": 2}
    with bench.place() as folder:
        report = bench.peer_run(folder, PEERS["naive"], fleet)
        assert missing_in_table(folder / "hub.db")(["never-seen"]) == ["never-seen"]
    assert all(phase["finished"] > 0 for phase in report["phases"])


def _checked(folder: Path, report: Json, missing: list[str]) -> None:
    (folder / "ids").write_text("a\nb\n")
    orders = Orders(play="phases", url="", pid=0, devices=1, seed=1, limit_seconds=1, acknowledged=str(folder / "ids"))
    check(report, orders, lambda _acknowledged: missing)


def test_figures_that_would_lie_are_refused(tmp_path: Path) -> None:
    phase: Json = {"errors": 0, "error_kinds": {}, "finished": 2}
    good: Json = {"phases": [phase], "acknowledged": 2, "left_over": {}}
    _checked(tmp_path, good, missing=[])
    with pytest.raises(FiguresLie, match="not final"):
        _checked(tmp_path, good, missing=["b"])
    with pytest.raises(FiguresLie, match="errors"):
        _checked(tmp_path, good | {"phases": [phase | {"errors": 1}]}, missing=[])
    with pytest.raises(FiguresLie, match="nothing was finished"):
        _checked(tmp_path, good | {"phases": [phase | {"finished": 0}]}, missing=[])
    with pytest.raises(FiguresLie, match="given twice"):
        _checked(tmp_path, good | {"acknowledged": 3}, missing=[])
