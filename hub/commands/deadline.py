"""Deadlines: what happens when a time limit has come.

All of them stand in the store, so they survive a restart. `expire` works off what is due; the timer calls it again at
the next deadline.
"""

from __future__ import annotations

from hub.commands import device as devices
from hub.commands import pairing_code, queue
from hub.settings import milliseconds
from hub.store.records import Device, Transaction
from hub.store.unit import Unit
from statemachines.device_queue import QueueState
from statemachines.transaction import TRANSACTION, TransactionState, TransactionTrigger

BATCH = 200
"""Deadlines of one kind that one command works off, so that a flood of them does not hold up the others."""


async def expire(unit: Unit) -> int:
    """Work off what is due, at most a batch of each kind; return how many there were."""
    codes = await unit.codes.due(unit.now, BATCH)
    for code_id in codes:
        await pairing_code.due(unit, code_id)
    transactions = await unit.transactions.due(unit.now, BATCH)
    shortened: dict[str, int] = {}
    for transaction_id in transactions:
        await _transaction_due(unit, transaction_id, shortened)
    for device_id, behind in shortened.items():
        await queue.tell_waiting(unit, device_id, behind=behind)
    # Last: at the end of the grace a device's transactions have been looked at before its own deadline is.
    absent = await unit.devices.due(unit.now, BATCH)
    for device_id in absent:
        await devices.grace_over(unit, device_id)
    return len(codes) + len(transactions) + len(absent)


async def next_due(unit: Unit) -> int | None:
    """The earliest deadline in the store."""
    found = [
        await unit.codes.next_due(),
        await unit.transactions.next_due(),
        await unit.devices.next_due(),
    ]
    return min((at for at in found if at is not None), default=None)


async def _transaction_due(unit: Unit, transaction_id: str, shortened: dict[str, int]) -> None:
    """`shortened` takes down behind which `seq` a device's queue has moved up: its registers are told once."""
    transaction = await unit.transactions.get(transaction_id)
    if (
        transaction is None
        or transaction.due_at is None
        or transaction.due_at > unit.now
        or transaction.state in TRANSACTION.final
    ):
        return
    device = await unit.devices.get(transaction.device_id)
    assert device is not None
    if transaction.state is TransactionState.QUEUED:
        if await _waited_too_long(unit, device, transaction):
            shortened[device.device_id] = min(transaction.seq, shortened.get(device.device_id, transaction.seq))
    elif not device.online or device.current != transaction.transaction_id:
        transaction.due_at = None
        await queue.doubt(unit, transaction, cause="device_offline")
        await unit.transactions.save(transaction)
    else:
        await _unanswered(unit, device, transaction)


async def _waited_too_long(unit: Unit, device: Device, transaction: Transaction) -> bool:
    """End a queued one whose time is over; False if it is not over after all."""
    if unit.now >= transaction.start_by:
        await queue.end_unsent(unit, transaction, TransactionTrigger.EXPIRE, cause="start_deadline")
    elif not device.online:
        await queue.end_unsent(unit, transaction, TransactionTrigger.DEVICE_OFFLINE, cause="device_offline")
    else:
        transaction.due_at = transaction.start_by
        unit.wake(transaction.due_at)
        await unit.transactions.save(transaction)
        return False
    return True


async def _unanswered(unit: Unit, device: Device, transaction: Transaction) -> None:
    """The connected device owes a word about the transaction in flight: ask again, or call it in doubt."""
    ask_again = transaction.asks < unit.settings.acknowledge_sends
    if transaction.state is TransactionState.IN_DOUBT or device.state is QueueState.PROCESSING:
        ask_again = False
    if ask_again and device.state is QueueState.SENDING:
        await queue.send_start(unit, device, transaction)
        if transaction.state is TransactionState.CANCELLING:
            queue.send_cancel(unit, device, transaction)
        await unit.transactions.save(transaction)
        return
    if ask_again and device.state is QueueState.RECONCILING:
        queue.send_inquire(unit, device, transaction)
        await unit.transactions.save(transaction)
        return
    await queue.doubt(unit, transaction, cause="device_silent")
    await queue.hold(unit, device)
    queue.send_inquire(unit, device, transaction)
    # A silent device is asked once per silence, not once per acknowledgement.
    transaction.due_at = unit.now + milliseconds(unit.settings.silence_seconds)
    unit.wake(transaction.due_at)
    await unit.transactions.save(transaction)
