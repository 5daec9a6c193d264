"""Opening the database: migrations, the lock, and what cannot be opened."""

from __future__ import annotations

import sqlite3
import stat
from pathlib import Path

import pytest

from hub.entropy import Entropy
from hub.errors import StoreUnavailable
from hub.store.sqlite import SqliteStore, open_sqlite
from hub.store.sqlite.migration import migrate, scripts
from tests.clock import ManualClock
from tests.running import make_settings


async def _open(path: Path) -> SqliteStore:
    settings = make_settings(path.parent)
    return await open_sqlite(path, clock=ManualClock(), settings=settings, entropy=Entropy())


def _scribble(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(b"not a database, but long enough to be taken for one at first sight" * 20)


def test_migrations_are_numbered_without_a_gap() -> None:
    assert [number for number, _ in scripts()] == list(range(1, len(scripts()) + 1))


def test_a_fresh_database_gets_all_of_them_once(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "hub.db", isolation_level=None)
    newest = scripts()[-1][0]
    assert migrate(connection) == newest
    assert migrate(connection) == newest
    assert connection.execute("PRAGMA user_version").fetchone() == (newest,)
    connection.close()


async def test_the_data_folder_is_its_owner_s_alone(tmp_path: Path) -> None:
    await (await _open(tmp_path / "new" / "data" / "hub.db")).close()
    assert stat.S_IMODE((tmp_path / "new" / "data").stat().st_mode) == 0o700


def test_a_register_keeps_its_token_over_the_migration_to_several(tmp_path: Path) -> None:
    """0002: what was granted under version 1 is still good."""
    connection = sqlite3.connect(tmp_path / "hub.db", isolation_level=None)
    connection.executescript(scripts()[0][1])
    connection.execute(
        "INSERT INTO registers VALUES ('key', 'R1', 'Toys Shop', 'Till2Go', 'Front', '{}', 'digest', 7, 5)"
    )
    connection.execute("PRAGMA user_version = 1")
    migrate(connection)
    assert connection.execute("SELECT * FROM register_tokens").fetchall() == [("digest", "key", 5)]
    kept = "SELECT register_key, register_id, contact, swept_event, created_at FROM registers"
    assert connection.execute(kept).fetchall() == [("key", "R1", "{}", 7, 5)]
    connection.close()


async def test_a_database_that_is_newer_than_the_program_is_refused(path: Path) -> None:
    await (await _open(path)).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(StoreUnavailable, match="version 99"):
        await _open(path)


async def test_two_hubs_cannot_have_one_database(path: Path) -> None:
    first = await _open(path)
    with pytest.raises(StoreUnavailable, match="another hub"):
        await _open(path)
    await first.close()
    await (await _open(path)).close()


async def test_a_file_that_is_no_database_is_refused(path: Path) -> None:
    _scribble(path)
    with pytest.raises(StoreUnavailable):
        await _open(path)
