"""Reports of a device about a transaction: acknowledgement, stage, outcome, answers to inquire and cancel.

Each is conditional on the epoch of the connection that it came on, and only the hardware that a transaction was sent to
can speak for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from operator import attrgetter

import msgspec

from hub.commands import queue, step, tell
from hub.settings import milliseconds
from hub.store.records import Device, Transaction
from hub.store.unit import Unit
from hub.wire.device import CancelAck, Recorded, RefusedResult, Result, StartAnswer
from hub.wire.function import Function
from hub.wire.limits import CONTROLS
from statemachines.device_queue import DEVICE_QUEUE, QueueState, QueueTrigger
from statemachines.refusal import Refusal
from statemachines.transaction import (
    TRANSACTION,
    Heard,
    Outcome,
    TransactionState,
    TransactionTrigger,
    believes_not_received,
    check_fits,
    hear,
    speaks_for,
)


async def connected_device(unit: Unit, device_id: str, epoch: int) -> Device:
    """The device, if this connection is still its newest and was not cut off; otherwise `Refusal`."""
    device = await unit.devices.get(device_id)
    if device is None or device.epoch != epoch or not device.online:
        raise connection_replaced()
    return device


def connection_replaced() -> Refusal:
    return Refusal("connection_replaced", "A newer connection of this device has taken over.")


def _about(answered: str) -> tuple[str, int]:
    """What an answer is about: the transaction, and how often it had been started when the request went out."""
    transaction_id, _, sends = answered.partition(":")
    return transaction_id, int(sends) if sends.isascii() and sends.isdigit() and len(sends) < 10 else -1


async def _own(unit: Unit, device: Device, transaction_id: str) -> Transaction:
    """The transaction, if it belongs to this device and this hardware; foreign ids are simply unknown."""
    transaction = await unit.transactions.get(transaction_id)
    if transaction is None or transaction.device_id != device.device_id:
        raise Refusal("transaction_unknown", "This device has no such transaction.")
    if transaction.sent_serial is not None and not speaks_for(transaction, serial=device.serial or ""):
        raise Refusal("other_hardware", "This transaction was sent to the hardware that this one replaces.")
    return transaction


_NOT_DIGITS = re.compile(r"\D")
_CONTROL = re.compile(f"[{CONTROLS}]")
_MASKED = re.compile(r"\.{4}[0-9]{4}")
_TEXTS = tuple(
    name for name, kind in Result.__annotations__.items() if kind.startswith(("ReportedText", "ReceiptText"))
)
_texts = attrgetter(*_TEXTS)


def _cleaned(result: Result) -> Result:
    """Cut a card number down to its last four digits, for no more of it may ever be stored, and blank control codes."""
    texts = _texts(result)
    cleaned: dict[str, str | None] = {}
    # As a rule there is nothing to clean: one look at all of them together.
    if _CONTROL.search("".join(filter(None, texts))):
        cleaned = {name: _CONTROL.sub(" ", text) for name, text in zip(_TEXTS, texts, strict=True) if text is not None}
    if result.card_pan is not None and not _MASKED.fullmatch(result.card_pan):
        digits = _NOT_DIGITS.sub("", result.card_pan)
        masked = f"....{digits[-4:]}" if digits else None
        if masked != result.card_pan:
            cleaned["card_pan"] = masked
    return msgspec.structs.replace(result, **cleaned) if cleaned else result


async def _with_reference(unit: Unit, device: Device, transaction: Transaction, result: Result) -> Result:
    """For Journal.GetTransResult: what became of the transaction that it is about, if the device did not say it."""
    if (
        transaction.request.function is not Function.JOURNAL_GET_TRANS_RESULT
        or result.reference_id is None
        or result.reference_outcome is not None
    ):
        return result
    about = await unit.transactions.get(result.reference_id)
    if about is None or about.device_id != device.device_id or about.state not in TRANSACTION.final:
        return result
    reason = about.result.reason if about.result is not None else None
    outcome = Outcome(about.state.value)
    return msgspec.structs.replace(result, reference_outcome=outcome, reason=result.reason or reason)


async def _record(unit: Unit, device: Device, transaction: Transaction, reported: Result) -> Recorded:
    """Put an outcome on record; idempotent. Frees the queue, but does not go on with it."""
    result = await _with_reference(unit, device, transaction, _cleaned(reported))
    check_fits(result.outcome, moves_money=transaction.request.function.moves_money)
    before = transaction.state
    heard = hear(transaction, result.outcome)
    if heard is Heard.COMPLETED:
        if before is TransactionState.QUEUED:
            step.note(unit, transaction, TransactionTrigger.DISPATCH.value, TransactionState.SENDING)
        transaction.result = result
        transaction.cause = "device" if result.outcome is Outcome.CANCELLED else None
        if transaction.acknowledged_at is None:
            transaction.acknowledged_at = unit.now
        step.note(unit, transaction, result.outcome.completing.value)
        await queue.finish(unit, transaction)
        await queue.release(unit, device, transaction)
        if before is TransactionState.QUEUED:
            await queue.tell_waiting(unit, device.device_id, behind=transaction.seq)
    elif heard is Heard.CONFLICT and transaction.conflict != result:
        transaction.conflict = result
        transaction.conflict_reviewed_by = None
        step.note(unit, transaction, f"conflict:{result.outcome.value}")
        await unit.transactions.save(transaction)
        await tell.transaction_updated(unit, transaction)
    return Recorded(transaction.transaction_id, transaction.state.value, conflict=heard is Heard.CONFLICT)


async def record_results(
    unit: Unit, device: Device, results: Iterable[tuple[int, Result]]
) -> tuple[list[str], list[RefusedResult]]:
    """Record the results that a hello brings, each by itself, with its place there.

    Returns the ids that are on record now, and the results that are refused.
    """
    recorded: list[str] = []
    refused: list[RefusedResult] = []
    for index, result in results:
        try:
            transaction = await _own(unit, device, result.transaction_id)
            await _record(unit, device, transaction, result)
        except Refusal as refusal:
            refused.append(
                RefusedResult(
                    index=index, transaction_id=result.transaction_id, code=refusal.code, message=refusal.text
                )
            )
        else:
            recorded.append(result.transaction_id)
    return recorded, refused


async def complete(unit: Unit, device_id: str, epoch: int, result: Result) -> Recorded:
    """`transaction.complete`: the outcome, durable and told to the register; the queue goes on."""
    device = await connected_device(unit, device_id, epoch)
    transaction = await _own(unit, device, result.transaction_id)
    recorded = await _record(unit, device, transaction, result)
    await queue.advance(unit, device)
    return recorded


async def progress(unit: Unit, device_id: str, epoch: int, transaction_id: str, stage: str) -> None:
    """`transaction.progress`: the live stage; it also counts as an acknowledgement and as a sign of life."""
    device = await connected_device(unit, device_id, epoch)
    transaction = await _own(unit, device, transaction_id)
    if transaction.state in TRANSACTION.final:
        raise Refusal("transaction_final", f"This transaction is {transaction.state.value}.")
    if not queue.is_current(device, transaction):
        raise Refusal("transaction_not_started", "This transaction is not the one in flight.")
    await queue.take_up(unit, device, transaction, stage)


async def answered(unit: Unit, device_id: str, epoch: int, about: str, answer: StartAnswer) -> None:
    """The device's answer to `transaction.start` or `transaction.inquire`; `about` is the request's id but its verb."""
    transaction_id, sends = _about(about)
    device = await connected_device(unit, device_id, epoch)
    transaction = await _own(unit, device, transaction_id)
    if answer.state == "completed" and answer.result is not None:
        await _record_answer(unit, device, transaction, answer.result)
    elif not queue.is_current(device, transaction) or transaction.state in TRANSACTION.final:
        return  # a late answer; the record has moved on
    elif answer.state != "unknown":
        await queue.take_up(unit, device, transaction, answer.stage)
    elif sends != transaction.sends:
        return  # it was started again since the device was asked
    elif device.state is QueueState.SENDING:
        # No inquiry is out: the start itself was answered so, which comes to a refusal.
        await _not_begun(unit, device, transaction)
    else:
        await _not_received(unit, device, transaction)


async def _record_answer(unit: Unit, device: Device, transaction: Transaction, result: Result) -> None:
    """The answer has the outcome itself in it."""
    if result.transaction_id != transaction.transaction_id:
        raise Refusal("transaction_unknown", "The result is another transaction's.")
    await _record(unit, device, transaction, result)
    await queue.advance(unit, device)


async def _not_received(unit: Unit, device: Device, transaction: Transaction) -> None:
    """An inquiry's answer: the device does not know it."""
    if believes_not_received(transaction, serial=device.serial or ""):
        await queue.put_back(unit, transaction, late="not_received")
        await queue.release(unit, device, transaction)
        await queue.tell_waiting(unit, device.device_id)
    else:
        # It had acknowledged it before: one of its two words is wrong, and money may have moved.
        await queue.abandon(unit, device, transaction, cause="device_forgot")
    await queue.advance(unit, device)


async def refused(unit: Unit, device_id: str, epoch: int, about: str) -> None:
    """The device answered `transaction.start` with an error: it has not begun. Ask again after a pause."""
    transaction_id, sends = _about(about)
    device = await connected_device(unit, device_id, epoch)
    transaction = await _own(unit, device, transaction_id)
    if sends == transaction.sends and queue.is_current(device, transaction):
        await _not_begun(unit, device, transaction)


async def _not_begun(unit: Unit, device: Device, transaction: Transaction) -> None:
    if not believes_not_received(transaction, serial=device.serial or ""):
        return
    await queue.hold(unit, device)
    await queue.put_back(unit, transaction, late="device_refused")
    device.current = None
    device.due_at = unit.now + milliseconds(unit.settings.busy_retry_seconds)
    unit.wake(device.due_at)
    await unit.devices.save_queue(device)
    await queue.tell_waiting(unit, device.device_id)


async def cancel_answered(unit: Unit, device_id: str, epoch: int, about: str, answer: CancelAck) -> None:
    """The device's answer to `transaction.cancel`: it will try, or it is too late, or here is the outcome."""
    transaction_id, _ = _about(about)
    device = await connected_device(unit, device_id, epoch)
    transaction = await _own(unit, device, transaction_id)
    if answer.state == "completed" and answer.result is not None:
        await _record_answer(unit, device, transaction, answer.result)
    elif not queue.is_current(device, transaction) or transaction.state is not TransactionState.CANCELLING:
        return  # a late answer; the record has moved on
    elif answer.state == "cancelling":
        await queue.take_up(unit, device, transaction, None)
    elif answer.state == "too_late":
        step.fire(unit, transaction, TransactionTrigger.DENY_CANCEL)
        if transaction.acknowledged_at is None:
            # The answer to the start may still be on its way, but the device has it: never again sent as new.
            transaction.acknowledged_at = unit.now
        transaction.asks = 0
        transaction.cancel_requested_at = None
        transaction.cause = "cancel_too_late"
        queue.set_due(unit, transaction, unit.settings.silence_seconds)
        await unit.transactions.save(transaction)
        if DEVICE_QUEUE.permits(device.state, QueueTrigger.ACKNOWLEDGE):
            step.fire_queue(unit, device, QueueTrigger.ACKNOWLEDGE)
            await unit.devices.save_queue(device)
        await tell.transaction_updated(unit, transaction, queue_position=0)
