"""Transaction: every cell of its table; hearing the device, believing it, cancelling, resolving."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest

from statemachines.refusal import Refusal
from statemachines.transaction import (
    ON_DEVICE,
    TRANSACTION,
    CancelAnswer,
    Heard,
    Outcome,
    TransactionState,
    TransactionTrigger,
    believes_not_received,
    cancel,
    check_fits,
    hear,
    resolve,
    speaks_for,
)
from tests.statemachines.grid import Expected, cells, check_cell, check_names

S = TransactionState

EXPECTED: Expected = {
    "queued": {
        "dispatch": "sending",
        "cancel": "cancelled",
        "expire": "cancelled",
        "device_offline": "cancelled",
        "unpaired": "cancelled",
    },
    "sending": {
        "acknowledge": "processing",
        "request_cancel": "cancelling",
        "lose_contact": "in_doubt",
        "not_received": "queued",
        "complete_approved": "approved",
        "complete_declined": "declined",
        "complete_cancelled": "cancelled",
        "complete_failed": "failed",
        "complete_done": "done",
    },
    "processing": {
        "request_cancel": "cancelling",
        "lose_contact": "in_doubt",
        "complete_approved": "approved",
        "complete_declined": "declined",
        "complete_cancelled": "cancelled",
        "complete_failed": "failed",
        "complete_done": "done",
    },
    "cancelling": {
        "deny_cancel": "processing",
        "lose_contact": "in_doubt",
        "not_received": "queued",
        "complete_approved": "approved",
        "complete_declined": "declined",
        "complete_cancelled": "cancelled",
        "complete_failed": "failed",
        "complete_done": "done",
    },
    "in_doubt": {
        "acknowledge": "processing",
        "not_received": "queued",
        "complete_approved": "approved",
        "complete_declined": "declined",
        "complete_cancelled": "cancelled",
        "complete_failed": "failed",
        "complete_done": "done",
        "resolve_approved": "approved",
        "resolve_declined": "declined",
        "resolve_cancelled": "cancelled",
        "resolve_failed": "failed",
        "resolve_done": "done",
    },
    "approved": {},
    "declined": {},
    "cancelled": {},
    "failed": {},
    "done": {},
}


@pytest.mark.parametrize(("state", "trigger", "target"), cells(TRANSACTION, TransactionTrigger, EXPECTED))
def test_cell(state: Any, trigger: Any, target: str | None) -> None:
    check_cell(TRANSACTION, state, trigger, target)


FINAL = (S.APPROVED, S.DECLINED, S.CANCELLED, S.FAILED, S.DONE)
BEGUN = (S.SENDING, S.PROCESSING, S.CANCELLING, S.IN_DOUBT)


def test_the_expectation_is_complete() -> None:
    check_names(TRANSACTION, TransactionTrigger, EXPECTED)
    assert TRANSACTION.initial is S.QUEUED
    assert TRANSACTION.final == set(FINAL)
    assert set(BEGUN) - {TransactionState.IN_DOUBT} == ON_DEVICE
    assert set(S) == {S.QUEUED, *BEGUN, *FINAL}


def test_the_hub_itself_ends_nothing_that_has_begun() -> None:
    """Law 2: from `sending` on only the device, or the operator in doubt, can say what happened."""
    words = ("complete_", "resolve_")
    for state in BEGUN:
        ending = {trigger for trigger, target in EXPECTED[state].items() if S(target) in TRANSACTION.final}
        assert all(trigger.startswith(words) for trigger in ending)


@dataclass
class Sent:
    state: TransactionState = S.SENDING
    sends: int = 1
    sent_serial: str | None = "SN-1"
    acknowledged_at: int | None = None


@pytest.mark.parametrize(
    ("outcome", "state", "completing", "resolving"),
    [
        (Outcome.APPROVED, "approved", "complete_approved", "resolve_approved"),
        (Outcome.DECLINED, "declined", "complete_declined", "resolve_declined"),
        (Outcome.CANCELLED, "cancelled", "complete_cancelled", "resolve_cancelled"),
        (Outcome.FAILED, "failed", "complete_failed", "resolve_failed"),
        (Outcome.DONE, "done", "complete_done", "resolve_done"),
    ],
)
def test_the_words_of_an_outcome(outcome: Outcome, state: str, completing: str, resolving: str) -> None:
    assert (outcome.state, outcome.completing, outcome.resolving) == (state, completing, resolving)


@pytest.mark.parametrize(
    ("outcome", "with_money", "without_money"),
    [
        (Outcome.APPROVED, True, False),
        (Outcome.DECLINED, True, False),
        (Outcome.CANCELLED, True, True),
        (Outcome.FAILED, True, True),
        (Outcome.DONE, False, True),
    ],
)
@pytest.mark.parametrize("moves_money", [True, False])
def test_check_fits(outcome: Outcome, with_money: bool, without_money: bool, moves_money: bool) -> None:
    if with_money if moves_money else without_money:
        check_fits(outcome, moves_money=moves_money)
        return
    with pytest.raises(Refusal) as caught:
        check_fits(outcome, moves_money=moves_money)
    assert caught.value.code == "outcome_does_not_fit"
    assert ("moves money" in caught.value.text) is moves_money
    assert outcome in caught.value.text


@pytest.mark.parametrize("state", BEGUN)
@pytest.mark.parametrize("outcome", list(Outcome))
def test_the_first_word_of_the_device_ends_it(state: TransactionState, outcome: Outcome) -> None:
    transaction = Sent(state)
    assert hear(transaction, outcome) is Heard.COMPLETED
    assert transaction == Sent(TransactionState(outcome))


@pytest.mark.parametrize("state", FINAL)
@pytest.mark.parametrize("outcome", list(Outcome))
def test_a_further_word_changes_nothing(state: TransactionState, outcome: Outcome) -> None:
    transaction = Sent(state)
    expected = Heard.REPEATED if state.value == outcome.value else Heard.CONFLICT
    assert hear(transaction, outcome) is expected
    assert transaction == Sent(state)


@pytest.mark.parametrize("outcome", list(Outcome))
def test_the_word_about_one_that_was_put_back_counts(outcome: Outcome) -> None:
    """The device had said that it never got it, and evidently has it."""
    transaction = Sent(S.QUEUED)
    assert hear(transaction, outcome) is Heard.COMPLETED
    assert transaction == Sent(TransactionState(outcome))


@pytest.mark.parametrize("outcome", list(Outcome))
def test_nobody_can_finish_what_was_never_sent(outcome: Outcome) -> None:
    transaction = Sent(S.QUEUED, sends=0, sent_serial=None)
    with pytest.raises(Refusal) as caught:
        hear(transaction, outcome)
    assert caught.value.code == "transaction_not_started"
    assert transaction == Sent(S.QUEUED, sends=0, sent_serial=None)


@pytest.mark.parametrize(
    ("sent_serial", "serial", "expected"),
    [("SN-1", "SN-1", True), ("SN-1", "SN-2", False), ("SN-1", "sn-1", False), (None, "SN-1", False)],
)
def test_speaks_for(sent_serial: str | None, serial: str, expected: bool) -> None:
    assert speaks_for(Sent(sent_serial=sent_serial), serial=serial) is expected


@pytest.mark.parametrize("state", list(S))
@pytest.mark.parametrize("same_hardware", [True, False])
@pytest.mark.parametrize("acknowledged_at", [None, 7])
def test_believes_not_received(state: TransactionState, same_hardware: bool, acknowledged_at: int | None) -> None:
    transaction = Sent(state, acknowledged_at=acknowledged_at)
    before = replace(transaction)
    believed = believes_not_received(transaction, serial="SN-1" if same_hardware else "SN-2")
    may_go_back = state in (S.SENDING, S.CANCELLING, S.IN_DOUBT)
    assert believed is (may_go_back and same_hardware and acknowledged_at is None)
    assert transaction == before


@pytest.mark.parametrize(
    ("state", "answer", "after"),
    [
        (S.QUEUED, CancelAnswer.CANCELLED, S.CANCELLED),
        (S.SENDING, CancelAnswer.REQUESTED, S.CANCELLING),
        (S.PROCESSING, CancelAnswer.REQUESTED, S.CANCELLING),
        (S.CANCELLING, CancelAnswer.REQUESTED, S.CANCELLING),
        (S.IN_DOUBT, CancelAnswer.UNKNOWN, S.IN_DOUBT),
        (S.APPROVED, CancelAnswer.TOO_LATE, S.APPROVED),
        (S.DECLINED, CancelAnswer.TOO_LATE, S.DECLINED),
        (S.CANCELLED, CancelAnswer.CANCELLED, S.CANCELLED),
        (S.FAILED, CancelAnswer.TOO_LATE, S.FAILED),
        (S.DONE, CancelAnswer.TOO_LATE, S.DONE),
    ],
)
def test_cancel(state: TransactionState, answer: CancelAnswer, after: TransactionState) -> None:
    transaction = Sent(state)
    assert cancel(transaction) is answer
    assert transaction == Sent(after)


@pytest.mark.parametrize("state", list(S))
@pytest.mark.parametrize("outcome", list(Outcome))
def test_the_operator_resolves_what_is_in_doubt_and_nothing_else(state: TransactionState, outcome: Outcome) -> None:
    transaction = Sent(state)
    if state is S.IN_DOUBT:
        resolve(transaction, outcome)
        assert transaction == Sent(TransactionState(outcome))
        return
    with pytest.raises(Refusal) as caught:
        resolve(transaction, outcome)
    assert caught.value.code == "transaction_not_in_doubt"
    assert state in caught.value.text
    assert transaction == Sent(state)
