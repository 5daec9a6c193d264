"""How a transaction's state reads in the POS API: TransactionResult, Result, transactionStatus (pos-api 6)."""

from __future__ import annotations

from dataclasses import dataclass

from hub.store.records import Transaction
from hub.wire.device import Result
from hub.wire.function import Function
from statemachines.transaction import Outcome, TransactionState

_S = TransactionState

BY_A_PERSON = frozenset({"device", "cancelled_by_pos", "resolved_by_operator"})
"""Causes of a cancellation that a person wanted; every other one is the hub's or the link's."""


@dataclass(frozen=True, slots=True)
class PosOutcome:
    status: str
    transaction_result: str | None = None
    result: str | None = None


_PENDING = PosOutcome("PENDING")
_ACCEPTED = PosOutcome("COMPLETED", "OK-ACCEPTED", "OK")
_BY_STATE = {
    _S.QUEUED: _PENDING,
    _S.SENDING: _PENDING,
    _S.PROCESSING: _PENDING,
    _S.CANCELLING: _PENDING,
    # Unknown is called unknown: keep polling, the device will tell.
    _S.IN_DOUBT: PosOutcome("PENDING", "OK-DELAYED", "DELAYED-TRANSACTION"),
    _S.APPROVED: _ACCEPTED,
    _S.DECLINED: PosOutcome("COMPLETED", "OK-DECLINED", "OK"),
}
_FAILURES = {
    "host_unavailable": PosOutcome("COMPLETED", "OK-UNAVAILABLE", "FAILED"),
    "interface": PosOutcome("COMPLETED", "FAILED-INTERFACE", "FAILED-INTERFACE"),
}


def pos_outcome(transaction: Transaction) -> PosOutcome:
    known = _BY_STATE.get(transaction.state)
    if known is not None:
        return known
    if transaction.state is _S.CANCELLED:
        # FAILED-INTERFACE is what tells a POS that the device was never reached and a retry is safe.
        result = "CANCELLED" if transaction.cause in BY_A_PERSON else "FAILED-INTERFACE"
        return PosOutcome("COMPLETED", "CANCELLED", result)
    if transaction.state is _S.FAILED:
        return _failure(transaction.result)
    match transaction.request.function:
        case Function.TERMINAL_GET_STATUS:
            return PosOutcome("COMPLETED", None, "OK")
        case Function.JOURNAL_GET_TRANS_RESULT:
            return _reported(transaction.result)
    return _ACCEPTED


def _failure(result: Result | None) -> PosOutcome:
    reason = result.reason if result is not None else None
    return _FAILURES.get(reason or "", PosOutcome("COMPLETED", "FAILED", "FAILED"))


def _reported(result: Result | None) -> PosOutcome:
    """What became of the transaction that a journal query is about: a POS decides on it as on that one's own result.

    Without a word on it there is no TransactionResult: what is unknown is neither approved nor declined.
    """
    outcome = result.reference_outcome if result is not None else None
    match outcome:
        case None:
            return PosOutcome("COMPLETED", None, "OK")
        case Outcome.CANCELLED:
            return PosOutcome("COMPLETED", "CANCELLED", "CANCELLED")
        case Outcome.FAILED:
            return _failure(result)
    return _BY_STATE.get(outcome.state, _ACCEPTED)
