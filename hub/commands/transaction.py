"""Transactions on the register's side: submit, look, find, cancel; and the operator's resolution."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import msgspec

from hub.commands import queue, step, tell, view
from hub.commands.identity import Identity
from hub.settings import milliseconds
from hub.store.records import Request, Transaction
from hub.store.unit import Unit
from hub.wire.device import Result
from hub.wire.register import Cancelled, Found, TransactionView
from statemachines.device_queue import QueueState, admit
from statemachines.refusal import Refusal
from statemachines.transaction import (
    TRANSACTION,
    CancelAnswer,
    Outcome,
    TransactionState,
    TransactionTrigger,
    cancel,
    check_fits,
    resolve,
)

FIND_LIMIT = 50


@dataclass(frozen=True, slots=True)
class Order:
    """A valid request of a register, ready to be queued."""

    who: Identity
    request: Request
    idempotency_key: str | None = None
    callback_url: str | None = None

    @property
    def fingerprint(self) -> str:
        """What must be the same when an idempotency key is used again."""
        parts = msgspec.json.encode([self.request, self.callback_url])
        return hashlib.sha256(parts).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Submission:
    """What a submit came to; `replayed`: the key was known, nothing was done again."""

    transaction: Transaction
    seen: TransactionView
    replayed: bool


async def submit(unit: Unit, order: Order) -> Submission:
    """Queue a transaction for the register's device, and send it in the same commit if the device is idle.

    Raises `Refusal`: `register_not_paired`, `device_busy` (the queue is full), `amount_too_large`,
    `idempotency_key_reused` (the same key with another payload).
    """
    register_key = order.who.register_key
    if order.idempotency_key is not None:
        known = await unit.transactions.by_idempotency_key(register_key, order.idempotency_key)
        if known is not None:
            if known.fingerprint != order.fingerprint:
                raise Refusal("idempotency_key_reused", "This idempotency key was used for another request.", False)
            return Submission(known, await view.look(unit, known), replayed=True)
    pairing = await unit.pairings.active_of_register(register_key)
    if pairing is None:
        raise Refusal("register_not_paired", "This register is not paired to a device, please pair it first.")
    _check_amounts(unit, order.request)
    device = await unit.devices.get(pairing.device_id)
    assert device is not None
    idle = device.state is QueueState.IDLE
    # Nothing waits for an idle device: every command that leaves it idle has looked (`queue.advance`).
    waiting = 0 if idle else await unit.transactions.count_waiting(device.device_id)
    if not idle:
        admit(waiting=waiting, limit=unit.settings.queue_limit)
    start_by = unit.now + milliseconds(unit.settings.start_deadline_seconds)
    grace_ends_at = unit.now + milliseconds(unit.settings.offline_grace_seconds)
    transaction = Transaction(
        seq=0,
        transaction_id=unit.entropy.ordered_uuid(unit.now),
        register_key=register_key,
        device_id=device.device_id,
        merchant_id=device.merchant_id,
        request=order.request,
        reference=order.request.transaction_reference,
        idempotency_key=order.idempotency_key,
        fingerprint="" if order.idempotency_key is None else order.fingerprint,
        callback_url=order.callback_url,
        received_at=unit.now,
        start_by=start_by,
        state=TRANSACTION.initial,
        updated_at=unit.now,
        due_at=start_by if device.online else min(start_by, grace_ends_at),
        sends=0,
        asks=0,
        sent_serial=None,
        acknowledged_at=None,
        stage=None,
        cancel_requested_at=None,
        finished_at=None,
        cause=None,
        result=None,
        resolved_by=None,
        conflict=None,
        conflict_reviewed_by=None,
        history="",
    )
    step.note(unit, transaction, "submit")
    unit.wake(transaction.due_at)
    if idle:
        await queue.dispatch(unit, device, transaction)
        await unit.transactions.add(transaction)
        await unit.devices.save_queue(device)
        seen = await tell.transaction_updated(unit, transaction, queue_position=0)
        return Submission(transaction, seen, replayed=False)
    await unit.transactions.add(transaction)
    seen = await tell.transaction_updated(unit, transaction, queue_position=waiting + 1)
    return Submission(transaction, seen, replayed=False)


def _check_amounts(unit: Unit, request: Request) -> None:
    for name in ("amount_total_cents", "amount_auth_cents", "amount_final_cents"):
        amount = getattr(request, name)
        if amount is not None and amount > unit.settings.amount_limit_cents:
            raise Refusal(
                "amount_too_large", f"The amount is over this hub's limit of {unit.settings.amount_limit_cents}."
            )


async def own(unit: Unit, register_key: str, transaction_id: str) -> Transaction:
    """The register's own transaction; another register's is simply unknown."""
    transaction = await unit.transactions.get(transaction_id)
    if transaction is None or transaction.register_key != register_key:
        raise Refusal("transaction_unknown", "There is no such transaction.")
    return transaction


async def is_final(unit: Unit, transaction_id: str) -> bool:
    """Whether waiting for it is pointless: it has ended, or there is no such transaction."""
    transaction = await unit.transactions.get(transaction_id)
    return transaction is None or transaction.state in TRANSACTION.final


async def look(unit: Unit, register_key: str, transaction_id: str) -> TransactionView:
    return await view.look(unit, await own(unit, register_key, transaction_id))


async def find(unit: Unit, register_key: str, reference: str) -> list[Transaction]:
    """The register's transactions with that reference, newest first."""
    return await unit.transactions.by_reference(register_key, reference, limit=FIND_LIMIT)


async def find_views(unit: Unit, register_key: str, reference: str) -> Found:
    return Found([await view.look(unit, found) for found in await find(unit, register_key, reference)])


async def open_views(unit: Unit, register_key: str) -> list[TransactionView]:
    """What the register still waits for, oldest first."""
    return [await view.look(unit, found) for found in await unit.transactions.open_of_register(register_key)]


async def cancel_own(unit: Unit, register_key: str, transaction_id: str) -> Cancelled:
    """Cancel on the POS's wish, answered honestly; asking again is harmless."""
    transaction = await own(unit, register_key, transaction_id)
    before = transaction.state
    answer = cancel(transaction)
    if before is TransactionState.QUEUED:
        transaction.cause = "cancelled_by_pos"
        step.note(unit, transaction, TransactionTrigger.CANCEL.value)
        await queue.finish(unit, transaction)
        await queue.tell_waiting(unit, transaction.device_id, behind=transaction.seq)
    elif answer is CancelAnswer.REQUESTED:
        if before is not TransactionState.CANCELLING:
            step.note(unit, transaction, TransactionTrigger.REQUEST_CANCEL.value)
            transaction.cancel_requested_at = unit.now
            await unit.transactions.save(transaction)
            await tell.transaction_updated(unit, transaction, queue_position=0)
        device = await unit.devices.get(transaction.device_id)
        if device is not None and device.online and queue.is_current(device, transaction):
            queue.send_cancel(unit, device, transaction)
    elif answer is CancelAnswer.UNKNOWN and transaction.cancel_requested_at is None:
        # Kept in mind: the device is asked as soon as it comes back with the transaction.
        transaction.cancel_requested_at = unit.now
        step.note(unit, transaction, "cancel_wanted")
        await unit.transactions.save(transaction)
        await tell.transaction_updated(unit, transaction)
    return Cancelled(answer=answer.value, transaction=await view.look(unit, transaction))


async def resolve_by_operator(
    unit: Unit, transaction_id: str, outcome: Outcome, *, operator: str, note: str
) -> Transaction:
    """The operator found out what became of a transaction in doubt; audited, and the queue goes on."""
    transaction = await unit.transactions.get(transaction_id)
    if transaction is None:
        raise Refusal("transaction_unknown", "There is no such transaction.")
    check_fits(outcome, moves_money=transaction.request.function.moves_money)
    resolve(transaction, outcome)
    transaction.resolved_by = operator
    transaction.cause = "resolved_by_operator"
    transaction.result = Result(transaction_id=transaction_id, outcome=outcome, result_text="Resolved by the operator")
    step.note(unit, transaction, outcome.resolving.value)
    await queue.finish(unit, transaction)
    await unit.operator_actions.add(
        unit.entropy.uuid(),
        at=unit.now,
        operator=operator,
        action=f"resolve:{outcome.value}",
        subject=transaction_id,
        note=note,
    )
    device = await unit.devices.get(transaction.device_id)
    if device is not None and await queue.release(unit, device, transaction):
        await queue.advance(unit, device)
    return transaction


async def review_conflict(unit: Unit, transaction_id: str, *, operator: str, note: str) -> Transaction:
    """The operator has dealt with a device's word that disagrees with the record: it needs nobody's attention any more.

    The record keeps both words. A different word of the device later is a conflict anew.
    """
    transaction = await unit.transactions.get(transaction_id)
    if transaction is None:
        raise Refusal("transaction_unknown", "There is no such transaction.")
    if transaction.conflict is None or transaction.conflict_reviewed_by is not None:
        raise Refusal("no_conflict", "This transaction has no conflict that waits for a review.")
    transaction.conflict_reviewed_by = operator
    step.note(unit, transaction, "conflict_reviewed")
    await unit.transactions.save(transaction)
    await tell.transaction_updated(unit, transaction)
    await unit.operator_actions.add(
        unit.entropy.uuid(), at=unit.now, operator=operator, action="review_conflict", subject=transaction_id, note=note
    )
    return transaction
