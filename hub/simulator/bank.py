"""The simulated acquirer: references, card data, and the results that the device reports. Pure but for its counter."""

from __future__ import annotations

import zlib
from datetime import UTC, datetime
from typing import Any

import msgspec

from hub.simulator.receipt import receipt
from hub.simulator.script import Verdict
from hub.wire.device import Result, Start
from hub.wire.function import Function
from statemachines.transaction import Outcome

_CARD = {"card_pan": "....0138", "card_type": "VISA", "account_type": "CREDIT"}
_WALLET = {"card_type": "QR", "account_type": "WALLET"}

_WITH_EXTRAS = frozenset(
    {
        Function.CARD_PURCHASE,
        Function.CARD_PURCHASE_PLUS_CASH,
        Function.QR_MERCHANT_PURCHASE,
        Function.QR_CONSUMER_PURCHASE,
    }
)
"""Functions that may carry a tip and a surcharge."""


class Bank:
    """One device's acquirer. `serial` gives the terminal reference; references count up from `number`."""

    def __init__(self, serial: str, number: int) -> None:
        self._terminal_ref = f"{zlib.crc32(serial.encode()) % 10**8:08d}"
        self._number = number

    def payment(self, start: Start, verdict: Verdict, *, now_ms: int) -> Result:
        """The result of a function that moves money."""
        asked = start.amount_total_cents or start.amount_auth_cents or start.amount_final_cents or 0
        extras = start.function in _WITH_EXTRAS
        tip, surcharge = (verdict.tip_cents, verdict.surcharge_cents) if extras else (0, 0)
        approved = verdict.outcome is Outcome.APPROVED
        used_card = approved or verdict.outcome is Outcome.DECLINED
        number = self._next()
        result = Result(
            transaction_id=start.transaction_id,
            outcome=verdict.outcome,
            reason=verdict.reason,
            result_text=verdict.text or verdict.outcome.value.upper(),
            amount_total_cents=asked + tip + surcharge if approved else asked,
            amount_surcharge_cents=surcharge if approved else None,
            amount_tip_cents=tip if approved else None,
            auth_id=f"PIN{number % 1000:03d}" if approved else None,
            acquirer_ref=f"{number:06d}" if used_card else None,
            terminal_ref=self._terminal_ref,
            timestamp=_timestamp(now_ms),
            **(_means(start.function) if used_card else {}),
        )
        return msgspec.structs.replace(result, receipt=receipt(start, result))

    def answer(self, start: Start, latest: Result | None, *, now_ms: int) -> Result:
        """The result of a function that moves no money; `latest` is the device's last payment."""
        done = Result(
            transaction_id=start.transaction_id,
            outcome=Outcome.DONE,
            terminal_ref=self._terminal_ref,
            timestamp=_timestamp(now_ms),
        )
        match start.function:
            case Function.TERMINAL_GET_STATUS:
                return msgspec.structs.replace(done, status="READY")
            case Function.TERMINAL_READ_CARD:
                return msgspec.structs.replace(done, **_CARD)
            case Function.JOURNAL_GET_TRANS_RESULT | Function.JOURNAL_REPRINT_RECEIPT:
                return _from_journal(start, done, latest)
        finished = msgspec.structs.replace(done, acquirer_ref=f"{self._next():06d}", result_text="ACCEPTED")
        return msgspec.structs.replace(finished, receipt=receipt(start, finished))

    def _next(self) -> int:
        self._number += 1
        return self._number


def _from_journal(start: Start, done: Result, latest: Result | None) -> Result:
    """What the device tells of its latest payment, under the query's own id; `reference_id` says whose it is."""
    if latest is None:
        return msgspec.structs.replace(
            done, outcome=Outcome.FAILED, reason="journal_empty", result_text="NO TRANSACTION"
        )
    if start.function is Function.JOURNAL_REPRINT_RECEIPT:
        return msgspec.structs.replace(done, reference_id=latest.transaction_id, receipt=latest.receipt)
    return msgspec.structs.replace(
        latest,
        transaction_id=start.transaction_id,
        outcome=Outcome.DONE,
        reference_id=latest.transaction_id,
        reference_outcome=latest.outcome,
    )


def _means(function: Function) -> dict[str, Any]:
    return _WALLET if function.value.startswith("QR.") else _CARD


def _timestamp(now_ms: int) -> str:
    """The device's local time; a simulated device lives in UTC."""
    return datetime.fromtimestamp(now_ms / 1000, UTC).strftime("%Y%m%d%H%M%S")
