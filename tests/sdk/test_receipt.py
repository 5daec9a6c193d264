"""`hub.simulator.receipt` and `bank`: what the device prints and reports."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.simulator.bank import Bank
from hub.simulator.receipt import COLUMNS
from hub.simulator.script import APPROVED, Verdict
from hub.wire.device import Result, Start
from hub.wire.function import Function
from statemachines.transaction import Outcome
from tests.clock import START_MS

WITH_BOTH = Verdict(Outcome.APPROVED, text="APPROVED", tip_cents=100, surcharge_cents=15)


def start(function: Function = Function.CARD_PURCHASE, **fields: object) -> Start:
    given: dict[str, object] = {
        "transaction_id": "t1",
        "function": function,
        "register_name": "Front",
        "business_name": "Toys Shop",
        "received_at": "x",
        "attempt": 1,
        "amount_total_cents": 500,
    }
    return Start(**(given | fields))  # type: ignore[arg-type]  # a dict of any fields


def paid(asked: Start, verdict: Verdict = APPROVED) -> Result:
    return Bank("SIM-1", 12).payment(asked, verdict, now_ms=START_MS)


def test_a_receipt() -> None:
    assert paid(start(), WITH_BOTH).receipt == (
        "          Toys Shop\n"
        "            Front\n"
        "TERMINAL              46711799\n"
        "TIME            20260101000000\n"
        "REF                     000013\n"
        "------------------------------\n"
        "PURCHASE\n"
        "VISA                  ....0138\n"
        "ACCOUNT                 CREDIT\n"
        "SURCHARGE                 0.15\n"
        "TIP                       1.00\n"
        "TOTAL                     6.15\n"
        "AUTH                    PIN013\n"
        "------------------------------\n"
        "           APPROVED\n"
    )


@given(
    business=st.text(min_size=1, max_size=60).filter(lambda text: text.isprintable()),
    function=st.sampled_from(Function),
    total=st.integers(1, 999_999_999_999),
)
def test_lines_are_never_wider_than_the_paper(business: str, function: Function, total: int) -> None:
    asked = start(function, business_name=business, amount_total_cents=total)
    bank = Bank("SIM-1", 0)
    results = [bank.payment(asked, WITH_BOTH, now_ms=START_MS), bank.answer(asked, None, now_ms=START_MS)]
    for receipt in (result.receipt for result in results if result.receipt is not None):
        assert receipt.endswith("\n")
        assert "\r" not in receipt
        assert all(len(line) <= COLUMNS for line in receipt.split("\n"))


def test_the_example_of_the_pos_api() -> None:
    result = paid(start(), WITH_BOTH)
    assert (result.amount_total_cents, result.amount_surcharge_cents, result.amount_tip_cents) == (615, 15, 100)
    assert (result.auth_id, result.acquirer_ref, result.card_pan) == ("PIN013", "000013", "....0138")
    assert result.timestamp == "20260101000000"


@pytest.mark.parametrize("function", [Function.CARD_REFUND, Function.QR_REFUND, Function.CARD_CASH_ADVANCE])
def test_no_tip_on_what_is_no_purchase(function: Function) -> None:
    assert paid(start(function), WITH_BOTH).amount_total_cents == 500


def test_amounts_of_authorise_and_finalise() -> None:
    authorised = start(Function.CARD_AUTHORISE, amount_total_cents=None, amount_auth_cents=700)
    finalised = start(Function.CARD_FINALISE, amount_total_cents=None, amount_final_cents=650)
    assert paid(authorised).amount_total_cents == 700
    assert paid(finalised).amount_total_cents == 650


def test_cash_is_part_of_the_total() -> None:
    result = paid(start(Function.CARD_PURCHASE_PLUS_CASH, amount_cash_cents=200))
    assert result.amount_total_cents == 500
    assert "CASH                      2.00\n" in (result.receipt or "")


def test_what_was_not_approved_has_no_authorisation() -> None:
    declined = paid(start(), Verdict(Outcome.DECLINED, "insufficient_funds"))
    assert (declined.auth_id, declined.amount_tip_cents, declined.card_type) == (None, None, "VISA")
    cancelled = paid(start(), Verdict(Outcome.CANCELLED, "cancelled_by_customer"))
    assert (cancelled.card_pan, cancelled.acquirer_ref) == (None, None)


def test_references_count_up() -> None:
    bank = Bank("SIM-1", 0)
    refs = [bank.payment(start(), APPROVED, now_ms=START_MS).acquirer_ref for _ in range(3)]
    assert refs == ["000001", "000002", "000003"]


def test_the_journal_tells_of_another_transaction() -> None:
    bank = Bank("SIM-1", 0)
    latest = bank.payment(start(), APPROVED, now_ms=START_MS)
    query = start(Function.JOURNAL_GET_TRANS_RESULT, transaction_id="t2", amount_total_cents=None)
    told = bank.answer(query, latest, now_ms=START_MS)
    assert (told.transaction_id, told.reference_id, told.outcome) == ("t2", "t1", Outcome.DONE)
    assert told.reference_outcome is Outcome.APPROVED
    assert told.receipt == latest.receipt
    reprint = bank.answer(start(Function.JOURNAL_REPRINT_RECEIPT, transaction_id="t3"), latest, now_ms=START_MS)
    assert (reprint.reference_id, reprint.receipt) == ("t1", latest.receipt)
