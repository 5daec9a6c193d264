"""What a register gets to see of a transaction, a pairing and a device."""

from __future__ import annotations

import msgspec

from hub.clock import rfc3339
from hub.store.records import Device, Pairing, Transaction
from hub.store.unit import Unit
from hub.wire.device import Result
from hub.wire.register import DevicePresence, PairingView, TransactionResult, TransactionView
from statemachines.pairing import PairingState
from statemachines.transaction import ON_DEVICE, TRANSACTION, TransactionState


def result_view(result: Result, resolved_by: str | None) -> TransactionResult:
    seen = msgspec.convert(result, TransactionResult, from_attributes=True)
    return seen if resolved_by is None else msgspec.structs.replace(seen, resolved_by=resolved_by)


def never_sent(transaction: Transaction) -> bool:
    """Whether it ended without ever leaving the hub: certainly not charged."""
    return transaction.state is TransactionState.CANCELLED and transaction.sends == 0


def transaction_view(transaction: Transaction, *, queue_position: int | None) -> TransactionView:
    request = transaction.request
    return TransactionView(
        transaction_id=transaction.transaction_id,
        state=transaction.state.value,
        final=transaction.state in TRANSACTION.final,
        function=request.function.value,
        device_id=transaction.device_id,
        received_at=rfc3339(transaction.received_at),
        updated_at=rfc3339(transaction.updated_at),
        amount_total_cents=request.amount_total_cents,
        amount_cash_cents=request.amount_cash_cents,
        amount_auth_cents=request.amount_auth_cents,
        amount_final_cents=request.amount_final_cents,
        transaction_reference=transaction.reference,
        idempotency_key=transaction.idempotency_key,
        stage=transaction.stage,
        queue_position=queue_position,
        delayed=transaction.state is TransactionState.IN_DOUBT,
        never_sent=never_sent(transaction),
        cancel_requested=transaction.cancel_requested_at is not None,
        conflict=transaction.conflict is not None and transaction.conflict_reviewed_by is None,
        cause=transaction.cause,
        result=None if transaction.result is None else result_view(transaction.result, transaction.resolved_by),
    )


async def queue_position(unit: Unit, transaction: Transaction) -> int | None:
    """0: on the device; 1: next; and so on. None when it has ended, or is in doubt: then nobody knows where it is."""
    if transaction.state is TransactionState.QUEUED:
        return 1 + await unit.transactions.count_waiting(transaction.device_id, before=transaction.seq)
    return 0 if transaction.state in ON_DEVICE else None


async def look(unit: Unit, transaction: Transaction) -> TransactionView:
    return transaction_view(transaction, queue_position=await queue_position(unit, transaction))


async def presence(unit: Unit, device: Device) -> DevicePresence:
    return DevicePresence(
        device_id=device.device_id,
        device_name=device.name,
        online=device.online,
        queue_state=device.state.value,
        queue_depth=await unit.transactions.count_waiting(device.device_id),
    )


async def pairing_view(unit: Unit, pairing: Pairing | None, *, cause: str | None = None) -> PairingView:
    if pairing is None or pairing.state is not PairingState.ACTIVE:
        return PairingView(paired=False, cause=cause)
    device = await unit.devices.get(pairing.device_id)
    assert device is not None
    return PairingView(
        paired=True,
        pairing_id=pairing.pairing_id,
        paired_at=rfc3339(pairing.paired_at),
        device=await presence(unit, device),
        cause=cause,
    )


def encoded(value: msgspec.Struct) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value))
