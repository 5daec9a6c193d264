"""Transaction: one request to a device, payment or not.

Laws: from `sending` on only the device (or, in doubt, the operator) can say what happened; nothing else ends it. What
is still `queued` has no such bond. A transaction that the device once acknowledged is never sent again as new.
"""

from __future__ import annotations

from typing import Protocol

from statemachines.refusal import Refusal
from statemachines.table import Row, Table
from statemachines.word import Word


class TransactionState(Word):
    QUEUED = "queued"
    SENDING = "sending"  # committed before the first byte leaves
    PROCESSING = "processing"
    CANCELLING = "cancelling"  # the device was asked to cancel; the payment may still win
    IN_DOUBT = "in_doubt"
    APPROVED = "approved"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    FAILED = "failed"
    DONE = "done"  # a non-financial function


class TransactionTrigger(Word):
    DISPATCH = "dispatch"
    CANCEL = "cancel"
    EXPIRE = "expire"
    DEVICE_OFFLINE = "device_offline"
    UNPAIRED = "unpaired"
    ACKNOWLEDGE = "acknowledge"
    REQUEST_CANCEL = "request_cancel"
    DENY_CANCEL = "deny_cancel"
    LOSE_CONTACT = "lose_contact"
    NOT_RECEIVED = "not_received"
    COMPLETE_APPROVED = "complete_approved"
    COMPLETE_DECLINED = "complete_declined"
    COMPLETE_CANCELLED = "complete_cancelled"
    COMPLETE_FAILED = "complete_failed"
    COMPLETE_DONE = "complete_done"
    RESOLVE_APPROVED = "resolve_approved"
    RESOLVE_DECLINED = "resolve_declined"
    RESOLVE_CANCELLED = "resolve_cancelled"
    RESOLVE_FAILED = "resolve_failed"
    RESOLVE_DONE = "resolve_done"


class Outcome(Word):
    """What a device can report, and an operator can find."""

    APPROVED = "approved"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    FAILED = "failed"
    DONE = "done"

    @property
    def state(self) -> TransactionState:
        return TransactionState(self.value)

    @property
    def completing(self) -> TransactionTrigger:
        return _COMPLETING[self]

    @property
    def resolving(self) -> TransactionTrigger:
        return TransactionTrigger(f"resolve_{self.value}")


_COMPLETING = {outcome: TransactionTrigger(f"complete_{outcome.value}") for outcome in Outcome}

_T, _S = TransactionTrigger, TransactionState
_KNOWN = (_S.SENDING, _S.PROCESSING, _S.CANCELLING)
_BEGUN = (*_KNOWN, _S.IN_DOUBT)

TRANSACTION = Table(
    "transaction",
    states=TransactionState,
    initial=_S.QUEUED,
    rows=[
        Row(_T.DISPATCH, (_S.QUEUED,), _S.SENDING),
        Row(_T.CANCEL, (_S.QUEUED,), _S.CANCELLED),
        Row(_T.EXPIRE, (_S.QUEUED,), _S.CANCELLED),
        Row(_T.DEVICE_OFFLINE, (_S.QUEUED,), _S.CANCELLED),
        Row(_T.UNPAIRED, (_S.QUEUED,), _S.CANCELLED),
        Row(_T.ACKNOWLEDGE, (_S.SENDING, _S.IN_DOUBT), _S.PROCESSING),
        Row(_T.REQUEST_CANCEL, (_S.SENDING, _S.PROCESSING), _S.CANCELLING),
        # The device says that it is too late to cancel: the payment goes on, and the POS is told so.
        Row(_T.DENY_CANCEL, (_S.CANCELLING,), _S.PROCESSING),
        Row(_T.LOSE_CONTACT, (_S.SENDING, _S.PROCESSING, _S.CANCELLING), _S.IN_DOUBT),
        # From `sending` and `cancelling` too: a connected device may answer the start by refusing it.
        Row(_T.NOT_RECEIVED, (_S.SENDING, _S.CANCELLING, _S.IN_DOUBT), _S.QUEUED),
        *(Row(outcome.completing, _BEGUN, outcome.state) for outcome in Outcome),
        *(Row(outcome.resolving, (_S.IN_DOUBT,), outcome.state) for outcome in Outcome),
    ],
)

ON_DEVICE = frozenset(_KNOWN)
"""Known to be there. Where one in doubt is, nobody can say: perhaps on a device that is silent, perhaps on none."""


def check_fits(outcome: Outcome, *, moves_money: bool) -> None:
    """Raise `Refusal` for an outcome that this kind of function cannot have: a purchase is never just `done`."""
    impossible = {Outcome.DONE} if moves_money else {Outcome.APPROVED, Outcome.DECLINED}
    if outcome in impossible:
        kind = "A function that moves money" if moves_money else "A function that moves no money"
        raise Refusal("outcome_does_not_fit", f"{kind} cannot end as {outcome.value}.")


class Sent(Protocol):
    """What the decisions below look at: a transaction, and how it went out."""

    state: TransactionState
    sends: int
    sent_serial: str | None
    acknowledged_at: int | None


class Heard(Word):
    """What the device's report of an outcome means for the record."""

    COMPLETED = "completed"  # the first word: the transaction is final now
    REPEATED = "repeated"  # the same word again: nothing changes
    CONFLICT = "conflict"  # another word than the record's: kept beside it and shown


def hear(transaction: Sent, outcome: Outcome) -> Heard:
    """Apply a device's report of an outcome; idempotent.

    Raises `Refusal` when this transaction was never sent: no device can have finished it. One that went back to the
    queue (the device had said that it never got it) is dispatched first, for the device evidently has it.
    """
    state = transaction.state
    if state in TRANSACTION.final:
        return Heard.REPEATED if state is outcome.state else Heard.CONFLICT
    if state is _S.QUEUED:
        if transaction.sends == 0:
            raise Refusal("transaction_not_started", "This transaction was never sent to a device.")
        TRANSACTION.fire(transaction, _T.DISPATCH)
    TRANSACTION.fire(transaction, outcome.completing)
    return Heard.COMPLETED


def speaks_for(transaction: Sent, *, serial: str) -> bool:
    """Whether this hardware can say what became of it: only the one that it was sent to."""
    return transaction.sent_serial == serial


def believes_not_received(transaction: Sent, *, serial: str) -> bool:
    """Whether "I never got it" may put it back into the queue.

    Only from the same hardware, and never after that hardware had acknowledged it: one of its two words is wrong, and
    a charge may have happened.
    """
    return (
        speaks_for(transaction, serial=serial)
        and transaction.acknowledged_at is None
        and TRANSACTION.permits(transaction.state, _T.NOT_RECEIVED)
    )


class CancelAnswer(Word):
    """The honest answer to a POS that asks to cancel."""

    CANCELLED = "cancelled"  # it never began: certainly not charged
    REQUESTED = "requested"  # the device decides
    TOO_LATE = "too_late"  # it has ended; look at the outcome
    UNKNOWN = "unknown"  # in doubt: the device cannot be asked now


def cancel(transaction: Sent) -> CancelAnswer:
    """Cancel on the POS's wish; at most one step of the table."""
    if transaction.state in TRANSACTION.final:
        return CancelAnswer.CANCELLED if transaction.state is _S.CANCELLED else CancelAnswer.TOO_LATE
    if transaction.state is _S.QUEUED:
        TRANSACTION.fire(transaction, _T.CANCEL)
        return CancelAnswer.CANCELLED
    if transaction.state is _S.IN_DOUBT:
        return CancelAnswer.UNKNOWN
    if transaction.state is not _S.CANCELLING:
        TRANSACTION.fire(transaction, _T.REQUEST_CANCEL)
    return CancelAnswer.REQUESTED


def resolve(transaction: Sent, outcome: Outcome) -> None:
    """Record what the operator found; only for what is in doubt."""
    if not TRANSACTION.permits(transaction.state, outcome.resolving):
        raise Refusal(
            "transaction_not_in_doubt",
            f"Only a transaction in doubt can be resolved; this one is {transaction.state.value}.",
        )
    TRANSACTION.fire(transaction, outcome.resolving)
