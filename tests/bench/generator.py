"""Runs the load generator in a process of its own, and holds what was acknowledged against what is stored."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec

from hub.clock import SystemClock
from hub.entropy import Entropy
from hub.settings import Settings
from hub.store.sqlite import open_sqlite
from hub.store.unit import Unit
from statemachines.transaction import TransactionState
from tests.bench.orders import Json, Orders
from tests.bench.serving import ROOT

GRACE_SECONDS = 30.0
ASKED_AT_ONCE = 500


class FiguresLie(Exception):
    """Something went wrong in a run, so its figures are worth nothing."""


def generate(orders: Orders, *, module: str = "tests.bench.load", **environment: str) -> Json:
    """Let the generator play; `FiguresLie` if it failed, or did not end in time."""
    command = [sys.executable, "-m", module]
    try:
        played = subprocess.run(
            command,
            input=msgspec.json.encode(orders),
            cwd=ROOT,
            env=os.environ | environment,
            capture_output=True,
            timeout=orders.limit_seconds + GRACE_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        raise FiguresLie(f"the generator did not end: {late}") from None
    if played.returncode != 0:
        (Path(orders.acknowledged).parent / "generator.log").write_bytes(played.stderr)
        raise FiguresLie(f"the generator failed: {' '.join(played.stderr.decode().split()[-40:])}")
    report: Json = msgspec.json.decode(played.stdout)
    return report


Missing = Callable[[list[str]], list[str]]
"""Which of these acknowledged transactions are not stored as approved, once the server has stopped."""


def missing_in_hub(data: Path) -> Missing:
    """Asks the hub's own store, whatever its tables look like."""

    async def ask(acknowledged: list[str]) -> list[str]:
        settings = Settings(data_dir=data)
        store = await open_sqlite(data / "hub.db", clock=SystemClock(), settings=settings, entropy=Entropy())
        missing: list[str] = []
        try:
            for begin in range(0, len(acknowledged), ASKED_AT_ONCE):
                some = acknowledged[begin : begin + ASKED_AT_ONCE]

                async def query(unit: Unit, some: list[str] = some) -> list[str]:
                    found = [(each, await unit.transactions.get(each)) for each in some]
                    return [
                        each for each, stored in found if not stored or stored.state is not TransactionState.APPROVED
                    ]

                missing += await store.read(query)
        finally:
            await store.close()
        return missing

    return lambda acknowledged: asyncio.run(ask(acknowledged))


def missing_in_table(database: Path) -> Missing:
    """Asks a peer's table `transactions (transaction_id, state)`."""

    def ask(acknowledged: list[str]) -> list[str]:
        connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
        try:
            rows = connection.execute("SELECT transaction_id FROM transactions WHERE state = 'approved'").fetchall()
        finally:
            connection.close()
        return sorted(set(acknowledged) - {row[0] for row in rows})

    return ask


def check(report: Json, orders: Orders, missing: Missing) -> None:
    """`FiguresLie` if an error was met, nothing was done, or an acknowledged transaction is not final in the store."""
    for part in report.get("phases", [report]):
        if part["errors"]:
            raise FiguresLie(f"{part['errors']} errors: {part['error_kinds']}")
        if part.get("finished") == 0:
            raise FiguresLie("nothing was finished in a stretch")
    if report["left_over"]:
        raise FiguresLie(f"left over: {report['left_over']}")
    acknowledged = Path(orders.acknowledged).read_text().split()
    if len(acknowledged) != report["acknowledged"] or len(set(acknowledged)) != len(acknowledged):
        raise FiguresLie("an id was given twice")
    if lost := missing(acknowledged):
        raise FiguresLie(
            f"{len(lost)} of {len(acknowledged)} acknowledged transactions are not final, such as {lost[0]}"
        )
