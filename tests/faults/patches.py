"""Builds that differ from the hub on purpose, by a patch that only tests can apply; see `nursery.py`."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from hub.store.sqlite import connection as connections


def _with_pragma(pragma: str) -> None:
    connect = connections._connect_writer

    def patched(path: Path) -> sqlite3.Connection:
        connection = connect(path)
        connection.execute(f"PRAGMA {pragma}")
        return connection

    connections._connect_writer = patched


def eager_checkpoints() -> None:
    """A checkpoint every 40 pages instead of every 1,000: each run sees many, and the log starts over many times."""
    _with_pragma("wal_autocheckpoint=40")


def synchronous_normal() -> None:
    """The positive control of the power cuts: acknowledged rows can be lost."""
    _with_pragma("synchronous=NORMAL")
