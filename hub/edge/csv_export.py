"""Transactions as CSV (RFC 4180), for a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from hub.wire.admin import TransactionRow

CSV_COLUMNS = (
    "seq",
    "transaction_id",
    "received_at",
    "updated_at",
    "state",
    "function",
    "amount_cents",
    "device_id",
    "register_name",
    "business_name",
    "transaction_reference",
    "cause",
    "reason",
    "auth_id",
    "card_type",
)


def csv_line(cells: Sequence[object]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(["" if cell is None else _harmless(str(cell)) for cell in cells])
    return line.getvalue()


def _harmless(cell: str) -> str:
    """A spreadsheet takes a cell that begins like a formula for one; names come from outside."""
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell


def csv_row(row: TransactionRow) -> list[object]:
    seen = row.transaction
    result = seen.result
    return [
        row.seq,
        seen.transaction_id,
        seen.received_at,
        seen.updated_at,
        seen.state,
        seen.function,
        seen.amount_total_cents or seen.amount_auth_cents or seen.amount_final_cents,
        seen.device_id,
        row.register_name,
        row.business_name,
        seen.transaction_reference,
        seen.cause,
        None if result is None else result.reason,
        None if result is None else result.auth_id,
        None if result is None else result.card_type,
    ]
