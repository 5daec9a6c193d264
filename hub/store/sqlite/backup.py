"""A consistent copy of the database while payments go on."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

EVENTS_LEFT_OUT = 1_000_000
"""More than a register can have seen between a backup and its restore."""

PAGES_A_STEP = 512
"""2 MiB. Each step is on the disk before the next: a commit never waits behind more than that."""

INSTRUCTIONS_A_STEP = 100_000
"""Of SQLite's, in a statement that goes through many rows: some milliseconds."""


def copy(source: sqlite3.Connection, target: Path, stopped: Callable[[], bool]) -> int:
    """Copy all that `source` sees now; returns the bytes. Raises `FileExistsError`, `sqlite3.Error`, `OSError`.

    Takes as long as the disk takes, or until `stopped`, which is asked at each step. What is committed meanwhile stays
    in the WAL until the end, for the copy is of one moment. One at a time in a folder: what another left there
    unfinished is removed.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        raise FileExistsError(target)
    # Made under another name first: a backup that broke off never looks like one.
    unfinished = target.with_suffix(".part")
    _remove_unfinished(target.parent)
    try:
        _make(source, unfinished, stopped)
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


def _make(source: sqlite3.Connection, unfinished: Path, stopped: Callable[[], bool]) -> None:
    copied = sqlite3.connect(unfinished)
    try:
        _copy_in_steps(source, copied, unfinished, stopped)
        copied.execute("PRAGMA journal_mode=DELETE")
        copied.set_progress_handler(stopped, INSTRUCTIONS_A_STEP)
        _begin_new_sequences(copied)
    except sqlite3.OperationalError:
        _go_on(stopped)  # or it was interrupted for that
        raise
    finally:
        copied.close()


def _go_on(stopped: Callable[[], bool]) -> None:
    if stopped():
        raise InterruptedError("the hub is going down")


def _copy_in_steps(
    source: sqlite3.Connection, copied: sqlite3.Connection, unfinished: Path, stopped: Callable[[], bool]
) -> None:
    # In a transaction of its own, or SQLite would begin again with each commit of somebody else.
    source.execute("BEGIN")
    source.execute("SELECT count(*) FROM sqlite_master").fetchone()
    file = os.open(unfinished, os.O_RDWR)

    def step_done(*_: object) -> None:
        os.fsync(file)
        _go_on(stopped)

    try:
        source.backup(copied, pages=PAGES_A_STEP, progress=step_done)
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
