"""docs/states.md, drawn from the tables that the hub runs."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeVar

from statemachines.device_queue import DEVICE_QUEUE
from statemachines.pairing import PAIRING
from statemachines.pairing_code import PAIRING_CODE
from statemachines.table import Table
from statemachines.transaction import TRANSACTION

S = TypeVar("S", bound=StrEnum)

_INTRODUCTION = """# States

Generated from the tables in `statemachines/` by `scripts/diagrams`; a test fails when it drifts. Whatever has no row is
illegal: it raises and changes nothing. The dashboard draws the same tables, with the present state lit.
"""

_ABOUT = {
    PAIRING_CODE.name: (
        "The short-lived secret on a device's screen. It is good once, and never after its own end. A code that was "
        "`replaced` on the screen by a newer one is still accepted until it expires."
    ),
    PAIRING.name: (
        "The durable link from a register to a device. A register has at most one that is `active`. Only the device or "
        "the operator removes it; pairing with another device moves it."
    ),
    DEVICE_QUEUE.name: (
        "What a device is doing. Nothing is dispatched unless the queue is `idle`. A new connection settles what was "
        "in flight (`reconciling`) before the next one goes out. `stalled`: the device is silent or refuses."
    ),
    TRANSACTION.name: (
        "One request to a device. It is committed as `sending` before its first byte leaves; from then on only the "
        "device, or in doubt the operator, can end it. What is still `queued` was never sent."
    ),
}


def _section(table: Table[S]) -> str:
    final = ", ".join(f"`{state.value}`" for state in table.states if state in table.final) or "none"
    rows = [
        f"| {', '.join(f'`{source.value}`' for source in row.sources)} | `{row.trigger.value}` | `{row.target.value}` |"
        for row in table.rows
    ]
    return "\n".join(
        [
            f"\n## {table.name.capitalize()}\n",
            _ABOUT[table.name],
            f"\nIt begins as `{table.initial.value}`. Final states: {final}.\n",
            f"```mermaid\n{table.mermaid()}```\n",
            "| from | trigger | to |\n| --- | --- | --- |",
            *rows,
        ]
    )


def page() -> str:
    """The whole page."""
    sections = [_section(PAIRING_CODE), _section(PAIRING), _section(DEVICE_QUEUE), _section(TRANSACTION)]
    return _INTRODUCTION + "\n".join(sections) + "\n"
