"""One step of each kind of thing: through its table, and told to the dashboards."""

from __future__ import annotations

from hub.bus.signal import Happened
from hub.store.records import Device, Pairing, PairingCode, Transaction
from hub.store.unit import Unit
from statemachines.device_queue import DEVICE_QUEUE, QueueTrigger
from statemachines.pairing import PAIRING, PairingTrigger
from statemachines.pairing_code import PAIRING_CODE, CodeTrigger
from statemachines.transaction import TRANSACTION, TransactionState, TransactionTrigger

HISTORY_LIMIT = 16_384
"""Characters; a device that reports stages without end cannot grow its transaction's record past it."""


def note(unit: Unit, transaction: Transaction, what: str, state: TransactionState | None = None) -> None:
    """Append a line to the history: UTC milliseconds, what happened, the state after it (the present one)."""
    after = (transaction.state if state is None else state).value
    if len(transaction.history) < HISTORY_LIMIT:
        transaction.history += f"{unit.now} {what} {after}\n"
    transaction.updated_at = unit.now
    unit.signal(
        Happened(
            kind="transaction",
            subject=transaction.transaction_id,
            what=what,
            state=after,
            at=unit.now,
            device_id=transaction.device_id,
            register_key=transaction.register_key,
        )
    )


def fire(unit: Unit, transaction: Transaction, trigger: TransactionTrigger) -> None:
    """Take one step of the table and note it; `IllegalTrigger` if there is none."""
    TRANSACTION.fire(transaction, trigger)
    note(unit, transaction, trigger.value)


def fire_queue(unit: Unit, device: Device, trigger: QueueTrigger) -> None:
    """Take one step of a device's queue. The caller stores the device."""
    DEVICE_QUEUE.fire(device, trigger)
    unit.signal(
        Happened(
            kind="device_queue",
            subject=device.device_id,
            what=trigger.value,
            state=device.state.value,
            at=unit.now,
            device_id=device.device_id,
        )
    )


def note_code(unit: Unit, code: PairingCode, what: str) -> None:
    """Tell of a step of a pairing code; nobody sees more of it than its last two digits."""
    unit.signal(
        Happened(
            kind="pairing_code",
            subject=code.code_id,
            what=what,
            state=code.state.value,
            at=unit.now,
            device_id=code.device_id,
            detail=code.masked,
        )
    )


def fire_code(unit: Unit, code: PairingCode, trigger: CodeTrigger) -> None:
    PAIRING_CODE.fire(code, trigger)
    note_code(unit, code, trigger.value)


def note_pairing(unit: Unit, pairing: Pairing, what: str) -> None:
    unit.signal(
        Happened(
            kind="pairing",
            subject=pairing.pairing_id,
            what=what,
            state=pairing.state.value,
            at=unit.now,
            device_id=pairing.device_id,
            register_key=pairing.register_key,
            detail=pairing.cause,
        )
    )


def fire_pairing(unit: Unit, pairing: Pairing, trigger: PairingTrigger) -> None:
    PAIRING.fire(pairing, trigger)
    note_pairing(unit, pairing, trigger.value)
