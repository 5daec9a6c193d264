"""One step of a transaction: through the table, onto its history."""

from __future__ import annotations

from hub.store.records import Transaction
from hub.store.unit import Unit
from statemachines.transaction import TRANSACTION, TransactionTrigger

HISTORY_LIMIT = 16_384
"""Characters; a device that reports stages without end cannot grow its transaction's record past it."""


def note(unit: Unit, transaction: Transaction, what: str) -> None:
    """Append a line to the history: UTC milliseconds, what happened, the state after it."""
    if len(transaction.history) < HISTORY_LIMIT:
        transaction.history += f"{unit.now} {what} {transaction.state.value}\n"
    transaction.updated_at = unit.now


def fire(unit: Unit, transaction: Transaction, trigger: TransactionTrigger) -> None:
    """Take one step of the table and note it; `IllegalTrigger` if there is none."""
    TRANSACTION.fire(transaction, trigger)
    note(unit, transaction, trigger.value)
