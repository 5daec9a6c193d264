"""The verdict after a run: the checker's judge on the history and the store, the database's own check, the hub's
log."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from tests.checker.judge import judge
from tests.faults.campaign import Violation
from tests.faults.crowd import Case


def pronounce(case: Case, database: Path, log: Path) -> None:
    """Raise `Violation` if anything was lost, doubled, corrupted, or ended in a traceback.

    `case` is how things stood when the clients had settled; `database` is what the hub left behind.
    """
    problems = [str(violation) for violation in judge(case.records, case.stored)]
    problems += integrity(database)
    problems += tracebacks(log)
    if problems:
        raise Violation(problems)


def integrity(database: Path) -> list[str]:
    """What SQLite itself says about the file."""
    with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        said = [row[0] for row in connection.execute("PRAGMA integrity_check")]
        foreign = connection.execute("PRAGMA foreign_key_check").fetchall()
    problems = [] if said == ["ok"] else [f"corrupt: {line}" for line in said[:3]]
    return problems + [f"corrupt: a foreign key leads nowhere: {row}" for row in foreign]


def tracebacks(log: Path, *, since: int = 0) -> list[str]:
    """The first traceback of a log after so many bytes, if there is one."""
    text = log.read_bytes()[since:].decode(errors="replace")
    at = text.find("Traceback")
    return [] if at < 0 else [f"traceback in the hub's log: {text[at : at + 1500]}"]
