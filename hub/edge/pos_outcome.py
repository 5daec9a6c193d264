"""How a transaction's state reads in the POS API: TransactionResult, Result, transactionStatus (pos-api 6)."""

from __future__ import annotations

from dataclasses import dataclass

from hub.store.records import Transaction
from hub.wire.function import Function
from statemachines.transaction import TransactionState

_S = TransactionState

BY_A_PERSON = frozenset({"device", "cancelled_by_pos", "resolved_by_operator"})
"""Causes of a cancellation that a person wanted; every other one is the hub's or the link's."""


@dataclass(frozen=True, slots=True)
class PosOutcome:
    status: str
    transaction_result: str | None = None
    result: str | None = None


_PENDING = PosOutcome("PENDING")
_BY_STATE = {
    _S.QUEUED: _PENDING,
    _S.SENDING: _PENDING,
    _S.PROCESSING: _PENDING,
    _S.CANCELLING: _PENDING,
    # Unknown is called unknown: keep polling, the device will tell.
    _S.IN_DOUBT: PosOutcome("PENDING", "OK-DELAYED", "DELAYED-TRANSACTION"),
    _S.APPROVED: PosOutcome("COMPLETED", "OK-ACCEPTED", "OK"),
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
        reason = transaction.result.reason if transaction.result is not None else None
        return _FAILURES.get(reason or "", PosOutcome("COMPLETED", "FAILED", "FAILED"))
    if transaction.request.function is Function.TERMINAL_GET_STATUS:
        return PosOutcome("COMPLETED", None, "OK")
    return PosOutcome("COMPLETED", "OK-ACCEPTED", "OK")
