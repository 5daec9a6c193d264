"""How the command line shows things: tables for people, JSON for scripts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for a script.")]

console = Console()

_wide = Console(width=1_000)
"""For ids and secrets: the window wraps a line that is too long, for one that was cut or broken is of no use."""


def money(cents: int | None) -> str:
    return "" if cents is None else f"{cents // 100}.{cents % 100:02d}"


def amount(transaction: dict[str, Any]) -> str:
    """The amount of a transaction, whichever of its kinds it has."""
    for name in ("amount_total_cents", "amount_auth_cents", "amount_final_cents"):
        if transaction.get(name) is not None:
            return money(transaction[name])
    return ""


def as_json(value: object) -> None:
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False))


def table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Rows under headings, never cut; cells are plain text, whatever they contain."""
    drawn = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        drawn.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
    _wide.print(drawn)


def fields(values: dict[str, object]) -> None:
    width = max(map(len, values), default=0)
    for name, value in values.items():
        if value not in (None, ""):
            _wide.print(Text(f"{name:<{width}}  {value}"))
