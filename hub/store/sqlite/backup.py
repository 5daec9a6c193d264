"""A consistent copy of the database while payments go on."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

EVENTS_LEFT_OUT = 1_000_000
"""More than a register can have seen between a backup and its restore."""

PAGES_A_STEP = 512
"""2 MiB. Each step is on the disk before the next: a commit never waits behind more than that."""


def copy(source: sqlite3.Connection, target: Path) -> int:
    """Copy all that `source` sees now; returns the bytes. Raises `FileExistsError`, `sqlite3.Error`, `OSError`.

    Takes as long as the disk takes. What is committed meanwhile stays in the WAL until the end, for the copy is of one
    moment. One at a time in a folder: what another left there unfinished is removed.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        raise FileExistsError(target)
    # Made under another name first: a backup that broke off never looks like one.
    unfinished = target.with_suffix(".part")
    _remove_unfinished(target.parent)
    try:
        _make(source, unfinished)
        unfinished.rename(target)
        _sync(target.parent)
    except BaseException:
        # Half a copy may be what has filled the disk, and payments need it.
        _remove_unfinished(target.parent)
        target.unlink(missing_ok=True)
        raise
    return target.stat().st_size


def _remove_unfinished(folder: Path) -> None:
    for pattern in ("*.part", "*.part-*"):
        for left in folder.glob(pattern):
            left.unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    """Make a new name durable."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _make(source: sqlite3.Connection, unfinished: Path) -> None:
    copied = sqlite3.connect(unfinished)
    try:
        _copy_in_steps(source, copied, unfinished)
        copied.execute("PRAGMA journal_mode=DELETE")
        _begin_new_sequences(copied)
    finally:
        copied.close()


def _copy_in_steps(source: sqlite3.Connection, copied: sqlite3.Connection, unfinished: Path) -> None:
    # In a transaction of its own, or SQLite would begin again with each commit of somebody else.
    source.execute("BEGIN")
    source.execute("SELECT count(*) FROM sqlite_master").fetchone()
    file = os.open(unfinished, os.O_RDWR)
    try:
        source.backup(copied, pages=PAGES_A_STEP, progress=lambda *_: os.fsync(file))
    finally:
        os.close(file)
        source.execute("ROLLBACK")


def _begin_new_sequences(copied: sqlite3.Connection) -> None:
    """Let no number of a register's events mean one thing before a restore and another after it.

    A hub that was restored would give the numbers that it has forgotten out again. A till that had seen the first ones
    would take the others for known: a silent gap. So it goes on far beyond, and every till gets a snapshot.
    """
    copied.execute(
        "UPDATE registers SET swept_event = ? + coalesce((SELECT max(number) FROM register_events "
        "WHERE register_events.register_key = registers.register_key), swept_event)",
        (EVENTS_LEFT_OUT,),
    )
    copied.execute("DELETE FROM register_events")
    copied.commit()
