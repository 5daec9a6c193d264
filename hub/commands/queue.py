"""The device's queue: one transaction in flight, the others in the order of arrival.

Every command that may leave a queue idle ends with `advance`: deciding and dispatching the next one is part of the same
commit. What is sent is noted as a signal for the connection of the device's present epoch.
"""

from __future__ import annotations

from hub.bus.signal import CallbackQueued, DeviceFrame
from hub.clock import rfc3339
from hub.commands import step, tell
from hub.settings import milliseconds
from hub.store.records import Callback, Device, Transaction
from hub.store.unit import Unit
from hub.wire import jsonrpc
from hub.wire.device import ById, Start
from statemachines.device_queue import DEVICE_QUEUE, QueueState, QueueTrigger
from statemachines.transaction import TRANSACTION, TransactionState, TransactionTrigger


def _send(unit: Unit, device: Device, method: str, transaction: Transaction, params: object) -> None:
    verb = method.removeprefix("transaction.")
    # The id carries how often it had been started then: a "no" about an earlier start must not undo a later one.
    frame = jsonrpc.request(f"{verb}:{transaction.transaction_id}:{transaction.sends}", method, params)
    unit.signal(DeviceFrame(device.device_id, device.epoch, frame))


async def send_start(unit: Unit, device: Device, transaction: Transaction) -> None:
    """Send, or send once more, the transaction in flight. Its deadline is the acknowledgement's."""
    register = await unit.registers.get(transaction.register_key)
    assert register is not None
    transaction.sends += 1
    transaction.asks += 1
    request = transaction.request
    start = Start(
        transaction_id=transaction.transaction_id,
        function=request.function,
        register_name=register.register_name,
        business_name=register.business_name,
        received_at=rfc3339(transaction.received_at),
        attempt=transaction.asks,
        amount_total_cents=request.amount_total_cents,
        amount_cash_cents=request.amount_cash_cents,
        amount_auth_cents=request.amount_auth_cents,
        amount_final_cents=request.amount_final_cents,
        transaction_reference=request.transaction_reference,
        date=request.date,
        sale_data=request.sale_data,
    )
    _send(unit, device, "transaction.start", transaction, start)
    set_due(unit, transaction, unit.settings.acknowledge_timeout_seconds)


def send_cancel(unit: Unit, device: Device, transaction: Transaction) -> None:
    _send(unit, device, "transaction.cancel", transaction, ById(transaction.transaction_id))


def send_inquire(unit: Unit, device: Device, transaction: Transaction) -> None:
    """Ask the device what became of it; the deadline is the answer's."""
    transaction.asks += 1
    _send(unit, device, "transaction.inquire", transaction, ById(transaction.transaction_id))
    set_due(unit, transaction, unit.settings.acknowledge_timeout_seconds)


def set_due(unit: Unit, transaction: Transaction, seconds: float | None) -> None:
    """Set the transaction's one deadline, in seconds from now, or none."""
    transaction.due_at = None if seconds is None else unit.now + milliseconds(seconds)
    unit.wake(transaction.due_at)


async def advance(unit: Unit, device: Device) -> None:
    """Dispatch the next transaction if the queue is idle, and store the queue."""
    moved = False
    while device.state is QueueState.IDLE:
        head = await unit.transactions.head(device.device_id)
        if head is None:
            break
        moved = True
        if head.start_by <= unit.now:
            await end_unsent(unit, head, TransactionTrigger.EXPIRE, cause="start_deadline")
            continue
        await dispatch(unit, device, head)
        await unit.transactions.save(head)
        await tell.transaction_updated(unit, head, queue_position=0)
    await unit.devices.save_queue(device)
    if moved:
        await tell_waiting(unit, device.device_id)


async def dispatch(unit: Unit, device: Device, transaction: Transaction) -> None:
    """Send it. The caller stores it: committed as `sending` before its first byte leaves."""
    step.fire(unit, transaction, TransactionTrigger.DISPATCH)
    step.fire_queue(unit, device, QueueTrigger.DISPATCH)
    device.current = transaction.transaction_id
    transaction.sent_serial = device.serial
    transaction.asks = 0
    await send_start(unit, device, transaction)


async def tell_waiting(unit: Unit, device_id: str, *, behind: int = 0) -> None:
    """Tell the registers whose transactions moved up; `behind` is the `seq` of the one that left."""
    for position, transaction in enumerate(await unit.transactions.waiting(device_id), start=1):
        if transaction.seq > behind:
            await tell.transaction_updated(unit, transaction, queue_position=position)


async def end_unsent(unit: Unit, transaction: Transaction, trigger: TransactionTrigger, *, cause: str) -> None:
    """End a queued one. With `sends` still 0 it never left the hub and says so."""
    transaction.cause = cause
    step.fire(unit, transaction, trigger)
    await finish(unit, transaction)


async def finish(unit: Unit, transaction: Transaction) -> None:
    """Store a transaction that has just become final, tell its register, queue its callback."""
    assert transaction.state in TRANSACTION.final
    transaction.finished_at = unit.now
    transaction.due_at = None
    transaction.stage = None
    await unit.transactions.save(transaction)
    await tell.transaction_updated(unit, transaction)
    if transaction.callback_url is not None:
        await unit.callbacks.add(
            Callback(
                callback_id=unit.entropy.uuid(),
                transaction_id=transaction.transaction_id,
                url=transaction.callback_url,
                state="waiting",
                attempts=0,
                due_at=unit.now,
                last_error=None,
                created_at=unit.now,
            )
        )
        unit.signal(CallbackQueued())


async def release(unit: Unit, device: Device, transaction: Transaction) -> bool:
    """Take an ended, requeued or abandoned transaction off the device; True if it was the one in flight."""
    if device.current != transaction.transaction_id:
        return False
    device.current = None
    if DEVICE_QUEUE.permits(device.state, QueueTrigger.SETTLE):
        await settle(unit, device)
    return True


async def settle(unit: Unit, device: Device) -> None:
    """Nothing is in flight any more; if the queue was stalled, its registers learn that it goes on."""
    was_stalled = device.state is QueueState.STALLED
    step.fire_queue(unit, device, QueueTrigger.SETTLE)
    if was_stalled:
        await tell.device_presence(unit, device)


async def doubt(unit: Unit, transaction: Transaction, *, cause: str) -> None:
    """Call it unknown, if it is not already, and say so. The caller sets the deadline and saves after."""
    if TRANSACTION.permits(transaction.state, TransactionTrigger.LOSE_CONTACT):
        transaction.cause = cause
        step.fire(unit, transaction, TransactionTrigger.LOSE_CONTACT)
        await unit.transactions.save(transaction)
        await tell.transaction_updated(unit, transaction)


async def abandon(unit: Unit, device: Device, transaction: Transaction, *, cause: str) -> None:
    """Leave it in doubt, for a late word of its own hardware or for the operator, and free the queue."""
    await doubt(unit, transaction, cause=cause)
    if transaction.cause != cause:
        transaction.cause = cause
        step.note(unit, transaction, cause)
        await tell.transaction_updated(unit, transaction)
    set_due(unit, transaction, None)
    await unit.transactions.save(transaction)
    await release(unit, device, transaction)


async def hold(unit: Unit, device: Device) -> None:
    """The device is silent or refuses: stall its queue, where the operator and its registers see it."""
    if DEVICE_QUEUE.permits(device.state, QueueTrigger.STALL):
        step.fire_queue(unit, device, QueueTrigger.STALL)
        await unit.devices.save_queue(device)
        await tell.device_presence(unit, device)


async def take_up(unit: Unit, device: Device, transaction: Transaction, stage: str | None) -> None:
    """The device says that it is at work on the transaction in flight. Stores both and tells the register."""
    was_stalled = device.state is QueueState.STALLED
    if device.state is QueueState.RECONCILING and transaction.state is TransactionState.CANCELLING:
        # Whether the request to cancel arrived on the old connection, nobody knows; asking twice is harmless.
        send_cancel(unit, device, transaction)
    if DEVICE_QUEUE.permits(device.state, QueueTrigger.ACKNOWLEDGE):
        step.fire_queue(unit, device, QueueTrigger.ACKNOWLEDGE)
        await unit.devices.save_queue(device)
    before = (transaction.state, transaction.stage)
    if TRANSACTION.permits(transaction.state, TransactionTrigger.ACKNOWLEDGE):
        step.fire(unit, transaction, TransactionTrigger.ACKNOWLEDGE)
        transaction.cause = None
        if transaction.cancel_requested_at is not None:
            # It was away when the POS asked to cancel, or the request was lost on the way.
            step.fire(unit, transaction, TransactionTrigger.REQUEST_CANCEL)
            send_cancel(unit, device, transaction)
    if transaction.acknowledged_at is None:
        transaction.acknowledged_at = unit.now
    transaction.asks = 0
    if stage is not None and stage != transaction.stage:
        transaction.stage = stage
        step.note(unit, transaction, f"stage:{stage}")
    set_due(unit, transaction, unit.settings.silence_seconds)
    await unit.transactions.save(transaction)
    if (transaction.state, transaction.stage) != before:
        await tell.transaction_updated(unit, transaction, queue_position=0)
    if was_stalled and device.state is not QueueState.STALLED:
        await tell.device_presence(unit, device)


async def put_back(unit: Unit, transaction: Transaction, *, late: str) -> None:
    """The device says that it has not begun it: back to the head of the queue, or to its end if it may not wait there.

    `late` is the cause where its start deadline has passed. The caller tells those who wait.
    """
    step.fire(unit, transaction, TransactionTrigger.NOT_RECEIVED)
    transaction.stage = None
    transaction.cause = None
    if transaction.cancel_requested_at is not None:
        await end_unsent(unit, transaction, TransactionTrigger.CANCEL, cause="cancelled_by_pos")
    elif not await _is_paired(unit, transaction):
        await end_unsent(unit, transaction, TransactionTrigger.UNPAIRED, cause="unpaired")
    elif transaction.start_by <= unit.now:
        await end_unsent(unit, transaction, TransactionTrigger.EXPIRE, cause=late)
    else:
        transaction.due_at = transaction.start_by
        unit.wake(transaction.due_at)
        await unit.transactions.save(transaction)


async def _is_paired(unit: Unit, transaction: Transaction) -> bool:
    """Whether its register still reaches its device: it may have been moved or removed meanwhile."""
    pairing = await unit.pairings.active_of_register(transaction.register_key)
    return pairing is not None and pairing.device_id == transaction.device_id


def is_current(device: Device, transaction: Transaction) -> bool:
    return device.current == transaction.transaction_id and transaction.state is not TransactionState.QUEUED
