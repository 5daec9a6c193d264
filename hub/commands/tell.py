"""Telling registers: each event is recorded in the register's own sequence with the change itself, then pushed."""

from __future__ import annotations

from msgspec import Struct

from hub.bus.signal import RegisterEvent, TransactionChanged
from hub.clock import rfc3339
from hub.commands import view
from hub.store.records import Device, Pairing, Transaction
from hub.store.unit import Unit
from hub.wire import jsonrpc
from hub.wire.register import PairingChanged, PresenceChanged, TransactionUpdated, TransactionView
from statemachines.transaction import TRANSACTION


async def _event(unit: Unit, register_key: str, number: int, method: str, params: Struct) -> None:
    frame = jsonrpc.notification(method, params)
    await unit.events.add(register_key, number, unit.now, frame)
    unit.signal(RegisterEvent(register_key, number, frame))


async def transaction_updated(
    unit: Unit, transaction: Transaction, *, queue_position: int | None = None
) -> TransactionView:
    """Tell the transaction's register what it is like now. Call it after saving, once per step that matters.

    `queue_position` is given by who knows it already. Returns what the register is told.
    """
    if queue_position is None:
        queue_position = await view.queue_position(unit, transaction)
    seen = view.transaction_view(transaction, queue_position=queue_position)
    number = await unit.events.next_number(transaction.register_key)
    updated = TransactionUpdated(event=number, at=rfc3339(unit.now), transaction=seen)
    await _event(unit, transaction.register_key, number, "transaction.updated", updated)
    unit.signal(TransactionChanged(transaction.transaction_id, transaction.state in TRANSACTION.final))
    return seen


async def pairing_changed(unit: Unit, register_key: str, pairing: Pairing | None, *, cause: str) -> None:
    seen = await view.pairing_view(unit, pairing, cause=cause)
    number = await unit.events.next_number(register_key)
    changed = PairingChanged(event=number, at=rfc3339(unit.now), pairing=seen)
    await _event(unit, register_key, number, "pairing.changed", changed)


async def device_presence(unit: Unit, device: Device) -> None:
    """Tell every register that is paired with the device how it is now."""
    seen = await view.presence(unit, device)
    for _, register in await unit.pairings.active_of_device(device.device_id):
        number = await unit.events.next_number(register.register_key)
        changed = PresenceChanged(event=number, at=rfc3339(unit.now), device=seen)
        await _event(unit, register.register_key, number, "device.presence", changed)
